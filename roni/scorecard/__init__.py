"""Scorecards: indicators, points, bands and sources as dated data, and how such a file is loaded and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from importlib import resources
from pathlib import Path

from roni.assessment import Assessment, Lines, assess
from roni.cohort import Cohort
from roni.errors import ScorecardError
from roni.fields import Dictionary, national
from roni.indicator import Band, Inclusion, Indicator, Tier
from roni.scorecard.card_file import read_card

__all__ = ["Band", "Inclusion", "Scorecard", "load_scorecard", "parse_scorecard", "scorecard_names"]


@dataclass(frozen=True)
class Scorecard:
    """Points for indicators, bands for points, and automatic inclusions.

    `indicators` are all of the file, `active` those switched on; `bands` stand lowest first. `years`, `checks` and
    `settings` say what the card was made for. `digest` is the SHA-256 of the file.
    """

    name: str
    title: str
    version: str
    on: date
    years: tuple[int, ...]
    checks: tuple[str, ...]
    settings: tuple[str, ...]
    sources: tuple[str, ...]
    bands: tuple[Band, ...]
    indicators: tuple[Indicator, ...]
    inclusions: tuple[Inclusion, ...]
    digest: str
    dictionary: Dictionary = field(repr=False, compare=False)

    @cached_property
    def active(self) -> tuple[Indicator, ...]:
        """The indicators that are switched on."""
        return tuple(item for item in self.indicators if item.enabled)

    @cached_property
    def tiers(self) -> tuple[tuple[int, Tier], ...]:
        """(place in `active`, tier), in the order of the matrix's columns."""
        return tuple((place, tier) for place, item in enumerate(self.active) for tier in item.tiers)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """Every field the card reads, in card order."""
        conditions = [tier.when for _, tier in self.tiers] + [item.when for item in self.inclusions]
        return tuple(dict.fromkeys(name for condition in conditions for name in condition.fields))

    @property
    def most(self) -> int:
        """The most points a pupil can have."""
        return sum(item.most for item in self.active)

    def lines(self, fields: Dictionary) -> Mapping[str, Lines]:
        """Of each field the lines that read it."""
        return self._lines if fields is self.dictionary else self._lines_by(fields)

    @cached_property
    def _lines(self) -> Mapping[str, Lines]:
        return self._lines_by(self.dictionary)

    def _lines_by(self, fields: Dictionary) -> Mapping[str, Lines]:
        return {name: Lines(self, name, fields) for name in self.fields}

    def assess(self, cohort: Cohort) -> Assessment:
        """Judge every pupil of a cohort at once. Raises ScorecardError where the two know a field differently."""
        for name in self.fields:
            here, there = self.dictionary[name], cohort.fields.get(name)
            if there is None or (here.type, list(here.codes)) != (there.type, list(there.codes)):
                raise ScorecardError(
                    f"{self.name}: “{name}” is not the same field for the scorecard and for the cohort. "
                    "Read both with the same file of local fields."
                )
        return assess(self, cohort)

    def to_text(self) -> str:
        """The card as an index card: points, in words; bands; inclusions; sources."""
        return "\n".join(_index_card(self)) + "\n"


def scorecard_names() -> list[str]:
    """The scorecards that are shipped."""
    folder = resources.files("roni").joinpath("scorecards")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_scorecard(name_or_path: str | Path, fields: Dictionary | None = None) -> Scorecard:
    """Load a shipped scorecard by name, or a council's own by path.

    Raises ScorecardError: one sentence a line for everything that is wrong with the file.

    >>> load_scorecard("oxfordshire").most
    18
    """
    shipped = isinstance(name_or_path, str) and name_or_path in scorecard_names()
    if shipped:
        content = resources.files("roni").joinpath("scorecards", f"{name_or_path}.toml").read_bytes()
    else:
        content = _bytes_of(Path(name_or_path))
    return parse_scorecard(content, f"{name_or_path}.toml" if shipped else Path(name_or_path).name, fields)


def parse_scorecard(text: str | bytes, name: str, fields: Dictionary | None = None) -> Scorecard:
    """The scorecard that this text of a TOML file is; `name` is what errors call it.

    Raises ScorecardError: one sentence a line for everything that is wrong with it.
    """
    content = text.encode("utf-8") if isinstance(text, str) else text
    dictionary = national() if fields is None else fields
    parts = read_card(content, name, dictionary)
    return Scorecard(**parts, digest=hashlib.sha256(content).hexdigest(), dictionary=dictionary)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        names = ", ".join(scorecard_names())
        raise ScorecardError(
            f"{path.name}: this is neither a file that can be read nor a shipped scorecard ({names})."
        ) from error


def _index_card(card: Scorecard) -> Iterator[str]:
    words = card.dictionary
    yield f"{card.title} ({card.name}, version {card.version}, {card.on.day} {card.on:%B %Y})"
    yield f"For Years {', '.join(map(str, card.years))}; checks: {', '.join(card.checks)}; {', '.join(card.settings)}."
    family = None
    for item in card.indicators:
        if item.family != family:
            family = item.family
            yield from ("", family.upper())
        yield f"  {item.label}" + ("" if item.enabled else " (switched off)")
        yield from (f"    {tier.points:>3}  {tier.when.words(words)}" for tier in item.tiers)
        yield f"         {item.source}"
        if item.justification:
            yield f"         Why it may be used: {item.justification}"
    yield from ("", f"BANDS (most points possible: {card.most})")
    yield from (f"  {band.name}: {band.at_least} or more. {band.meaning}" for band in reversed(card.bands))
    if card.inclusions:
        yield from ("", "ALWAYS INCLUDED")
    for inclusion in card.inclusions:
        yield f"  {inclusion.label}: at least {inclusion.band} if {inclusion.when.words(words)}"
        yield f"         {inclusion.source}"
    yield from ("", "SOURCES")
    yield from (f"  {source}" for source in card.sources)
