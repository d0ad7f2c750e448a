"""One pupil in plain English: points and what they rest on, what is not known, what changed, what it does not mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from roni.charts import Line, Step, waterfall
from roni.model.reasons import ModelAccount
from roni.wording.reasons import points as in_points

# Worcestershire, May 2017: 224 of 393 young people who were NEET had been on the list (57 %). Buckinghamshire test set,
# Oxfordshire card at 3 points or more: 89 of 141 (63 %).
SHARE_CAUGHT = "57 to 63 in every 100"
LIMITS = (
    "This is a list of whom to look at first. More support may help; a person decides.",
    "Points count what the files say. They do not say what a young person will do.",
    f"A low band, or none, is not the all-clear: lists of this kind have caught {SHARE_CAUGHT} of the young people who "
    "were later not in education, employment or training, and missed the others.",
)


@dataclass(frozen=True)
class Reason:
    """One indicator or automatic inclusion that is met. An inclusion has a band and no points."""

    label: str
    fact: str
    condition: str
    points: int
    details: str
    source: str
    at_least: str | None = None


@dataclass(frozen=True)
class Gap:
    """One indicator that could still give more points, what is not known of it, and who supplies that."""

    label: str
    points: int
    fields: tuple[str, ...]
    suppliers: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """One pupil's place in a check. Where `points` is None there is no score, and `meaning` says why."""

    key: str
    name: str
    check: str
    card: str
    meaning: str
    band: str | None = None
    band_max: str | None = None
    points: int | None = None
    points_max: int | None = None
    most: int | None = None
    reasons: tuple[Reason, ...] = ()
    gaps: tuple[Gap, ...] = ()
    ask_first: str = ""
    marks: str = ""
    conflicts: tuple[str, ...] = ()
    change: str = ""
    model: str = ""
    model_account: ModelAccount | None = None
    limits: tuple[str, ...] = LIMITS
    bands: tuple[tuple[str, int], ...] = ()

    @property
    def text(self) -> str:
        """The whole in plain English, in short lines."""
        return "\n".join(_text(self)) + "\n"

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """The same as plain lists, dicts, texts and numbers."""
        return dataclasses.asdict(self)

    def svg(self) -> str:
        """The points as a waterfall; empty for a pupil without a score."""
        if self.points is None or self.points_max is None:
            return ""
        steps = [Step(reason.fact, reason.points) for reason in self.reasons if reason.at_least is None]
        lines = [Line(f"{name} from {at}", at) for name, at in self.bands if 0 < at <= max(self.points_max, 1)]
        title = f"{self.name}: {self.band}, {in_points(self.points)}, {self.check}"
        return waterfall(steps, self.points, self.points_max, title, lines=lines)


def _text(said: Explanation) -> Iterator[str]:
    yield f"{said.name}, {said.check} check"
    yield f"Scorecard: {said.card}"
    if said.points is None:
        yield said.meaning
        return
    yield from _standing(said)
    yield from _section("Why", map(_reason_line, said.reasons), f"{in_points(said.points)} altogether")
    yield from _section(
        "Not known", map(_gap_line, said.gaps), f"Ask first: {said.ask_first}" if said.ask_first else ""
    )
    yield from _section("To look at", [*filter(None, [said.marks]), *said.conflicts])
    yield from _section("What changed", filter(None, [said.change]))
    account = said.model_account.lines if said.model_account else []
    yield from _section("What the trained model adds", [*filter(None, [said.model]), *account])
    yield from _section("What this does not mean", said.limits)


def _standing(said: Explanation) -> Iterator[str]:
    yield f"Band: {said.band}. {said.meaning}"
    yield f"{in_points(said.points or 0)} of {said.most}."
    if said.points_max != said.points or said.band_max != said.band:
        yield f"If everything that is not known were met: {in_points(said.points_max or 0)}, band {said.band_max}."


def _section(heading: str, lines: Iterable[str], end: str = "") -> Iterator[str]:
    found = [*lines, *([end] if end else [])]
    if found:
        yield f"\n{heading}"
        yield from (f"  {line}" for line in found)


def _reason_line(reason: Reason) -> str:
    worth = f"+{reason.points}" if reason.at_least is None else f"at least {reason.at_least}"
    behind = "; ".join(part for part in (reason.details, reason.source) if part)
    return f"{worth}  {reason.fact}" + (f" [{behind}]" if behind else "")


def _gap_line(gap: Gap) -> str:
    return f"up to +{gap.points}  {gap.label}: {', '.join(gap.fields)} not known (ask: {', '.join(gap.suppliers)})"
