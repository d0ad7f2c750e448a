"""The file of a scorecard: read, checked whole, and everything wrong with it said at once."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from itertools import pairwise
from typing import Any, TypeVar

from roni.calendar import check_names
from roni.errors import ScorecardError
from roni.fields import Dictionary
from roni.indicator import Band, Inclusion, Indicator, Tier, parse_condition
from roni.indicator.condition import Condition

T = TypeVar("T")

MOST_POINTS = 100  # of one tier; keeps every sum of a card far inside 16 bits

# The keys of each table of a card and the type of each; those in OPTIONAL may be left out.
SHAPES: Mapping[str, Mapping[str, type]] = {
    "card": {
        "name": str, "title": str, "version": str, "date": date, "sources": list, "made_for": dict,
        "band": list, "indicator": list, "inclusion": list,
    },
    "made_for": {"years": list, "checks": list, "settings": list},
    "band": {"name": str, "at_least": int, "meaning": str},
    "indicator": {
        "name": str, "label": str, "family": str, "source": str, "justification": str, "enabled": bool, "tier": list,
    },
    "tier": {"points": int, "when": dict},
    "inclusion": {"name": str, "label": str, "band": str, "source": str, "justification": str, "when": dict},
}  # fmt: skip
OPTIONAL = {"inclusion", "justification", "enabled"}
TYPE_WORDS: Mapping[type, str] = {
    str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "a table", date: "a date",
}  # fmt: skip


def read_card(content: bytes, file: str, fields: Dictionary) -> dict[str, Any]:
    """The parts of a scorecard, by the names of `Scorecard`.

    Raises ScorecardError: one sentence a line, each naming the file and the place, for everything wrong.
    """
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScorecardError(f"{file}: this is not a TOML file ({error}).") from error
    reader = _CardReader(file, fields)
    parts = reader.parts(table)
    if reader.faults:
        raise ScorecardError("\n".join(reader.faults))
    return parts


class _CardReader:
    """Collects faults and goes on; what it returns is only good when there are none."""

    def __init__(self, file: str, fields: Dictionary) -> None:
        self.file = file
        self.fields = fields
        self.faults: list[str] = []

    def fault(self, where: str, sentence: str) -> None:
        place = f"{self.file}: {where}" if where else self.file
        self.faults.append(f"{place}: {sentence}")

    def parts(self, table: Mapping[str, Any]) -> dict[str, Any]:
        if not self.fits("card", table, ""):
            return {}
        made_for = table["made_for"]
        if self.fits("made_for", made_for, "made_for"):
            self.audience(made_for)
        self.texts(table["sources"], "sources")
        bands = self.bands(table["band"])
        names = [band.name for band in bands]
        return {
            "name": table["name"],
            "title": table["title"],
            "version": table["version"],
            "on": table["date"],
            "years": tuple(made_for.get("years", ())),
            "checks": tuple(made_for.get("checks", ())),
            "settings": tuple(made_for.get("settings", ())),
            "sources": tuple(table["sources"]),
            "bands": bands,
            "indicators": self.all("indicator", table["indicator"], self.indicator),
            "inclusions": self.all("inclusion", table.get("inclusion", []), lambda row: self.inclusion(row, names)),
        }

    def fits(self, kind: str, row: Any, where: str) -> bool:
        """Whether a table has its keys, each of its type and none empty, and no others."""
        before = len(self.faults)
        shape = SHAPES[kind]
        for key in sorted(set(row) - set(shape)):
            self.fault(where, f"“{key}” is not allowed. Allowed are: {', '.join(shape)}.")
        for key, wanted in shape.items():
            if key not in row:
                if key not in OPTIONAL:
                    self.fault(where, f"“{key}” is missing.")
            elif type(row[key]) is not wanted:
                self.fault(where, f"“{key}” must be {TYPE_WORDS[wanted]}.")
            elif row[key] in ("", []) or (wanted is str and not row[key].strip()):
                self.fault(where, f"“{key}” is empty.")
        return len(self.faults) == before

    def all(self, kind: str, rows: Iterable[Any], read: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
        """Read every table of one kind; the names of a kind are unique."""
        found: dict[str, T] = {}
        for place, row in enumerate(rows, 1):
            where = f"{kind} “{row['name']}”" if isinstance(row, dict) and "name" in row else f"{kind} {place}"
            if not isinstance(row, dict):
                self.fault(where, f"write it as [[{kind}]].")
            elif self.fits(kind, row, where):
                if row["name"] in found:
                    self.fault(where, "the name is used twice.")
                found[row["name"]] = read(row)
        return tuple(found.values())

    def audience(self, made_for: Mapping[str, Any]) -> None:
        if not all(type(year) is int and 0 <= year <= 14 for year in made_for["years"]):
            self.fault("made_for", "“years” must be whole numbers from 0 to 14.")
        for name in made_for["checks"]:
            if name not in check_names():
                self.fault("made_for", f"“{name}” is not a check. Allowed are: {', '.join(check_names())}.")
        self.texts(made_for["settings"], "made_for")

    def texts(self, values: Iterable[Any], where: str) -> None:
        if not all(isinstance(value, str) and value.strip() for value in values):
            self.fault(where, "every entry must be a text.")

    def bands(self, rows: list[Any]) -> tuple[Band, ...]:
        bands = self.all("band", rows, lambda row: Band(row["name"], row["at_least"], row["meaning"]))
        bands = tuple(sorted(bands, key=lambda band: band.at_least))
        starts = [band.at_least for band in bands]
        if starts and starts[0] != 0:
            self.fault("bands", "the lowest band must begin at 0, so that every pupil is in one.")
        if len(set(starts)) < len(starts):
            self.fault("bands", "two bands begin at the same points.")
        return bands

    def indicator(self, row: Mapping[str, Any]) -> Indicator:
        where = f"indicator “{row['name']}”"
        tiers = [self.tier(tier, f"{where}, tier {place}") for place, tier in enumerate(row["tier"], 1)]
        kept = tuple(tier for tier in tiers if tier is not None)
        points = [tier.points for tier in kept]
        if any(higher <= lower for higher, lower in pairwise(points)):
            self.fault(where, "the points of its tiers must descend, the highest first.")
        self.justified(row, where, [tier.when for tier in kept])
        return Indicator(
            name=row["name"],
            label=row["label"],
            family=row["family"],
            tiers=kept,
            source=row["source"],
            justification=row.get("justification", ""),
            enabled=row.get("enabled", True),
        )

    def tier(self, row: Any, where: str) -> Tier | None:
        if not isinstance(row, dict):
            self.fault(where, "write it as [[indicator.tier]].")
            return None
        if not self.fits("tier", row, where):
            return None
        if not 1 <= row["points"] <= MOST_POINTS:
            self.fault(where, f"“points” must be a whole number from 1 to {MOST_POINTS}.")
        when = self.condition(row["when"], where)
        return None if when is None else Tier(row["points"], when)

    def condition(self, row: Any, where: str) -> Condition | None:
        try:
            return parse_condition(row, f"{self.file}: {where}", self.fields)
        except ScorecardError as error:
            self.faults += str(error).splitlines()
            return None

    def justified(self, row: Mapping[str, Any], where: str, conditions: Iterable[Condition]) -> None:
        read = dict.fromkeys(name for condition in conditions for name in condition.fields)
        sensitive = [name for name in read if self.fields[name].needs_justification]
        if sensitive and "justification" not in row:
            self.fault(where, f"“{sensitive[0]}” is sensitive, so “justification” must say why it may be used.")

    def inclusion(self, row: Mapping[str, Any], bands: list[str]) -> Inclusion | None:
        where = f"inclusion “{row['name']}”"
        if row["band"] not in bands:
            self.fault(where, f"“{row['band']}” is not a band. Allowed are: {', '.join(bands)}.")
        when = self.condition(row["when"], where)
        if when is None:
            return None
        self.justified(row, where, [when])
        return Inclusion(row["name"], row["label"], row["band"], when, row["source"], row.get("justification", ""))
