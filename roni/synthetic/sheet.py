"""A sheet as it will be written: columns, lines of cells, and what every cell says to a careful reader."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from roni.cohort import Cohort
from roni.synthetic import truth
from roni.synthetic.render import WAYS, Cell, Says
from roni.synthetic.targets import load

SCORED = (
    "attendance", "sessions_possible", "sessions_attended", "sen_provision", "looked_after", "young_carer", "eal",
    "first_language", "fsm", "suspensions", "suspension_sessions", "permanently_excluded", "alternative_provision",
    "pregnant_or_parent", "youth_justice",
)  # fmt: skip
# Fields whose cells come from another field of the cohort.
COMES_FROM = {"birth_month": "date_of_birth", "suspension_sessions": "suspensions"}


@dataclass(frozen=True)
class Column:
    """One column: its heading, its field ("" none), how a cell is written, and the fact it feeds."""

    heading: str
    field: str
    way: str

    @property
    def scored(self) -> bool:
        return self.field in SCORED

    @property
    def says(self) -> str:
        return "eal_language" if self.field == "first_language" else self.field


@dataclass
class Line:
    """One line: pupil, duplicate, merged, headings, blank or totals."""

    kind: str
    cells: list[Cell] = field(default_factory=list)
    codes: dict[int, str] = field(default_factory=dict)  # place -> problem that a reader should report
    differs: tuple[int, Line] | None = None  # the column in which a merged copy differs, and that copy
    copied: bool = False
    raw: bool = False
    row: int = 0

    def put(self, place: int, cell: Cell, code: str = "") -> None:
        self.cells[place] = cell
        self.codes.pop(place, None)
        if code:
            self.codes[place] = code

    def copy(self, kind: str) -> Line:
        self.copied = True
        return Line(kind, list(self.cells), dict(self.codes), copied=True, raw=self.raw)


class Sheet:
    """A school's file before it is written."""

    def __init__(self, cohort: Cohort, style: str, rng: np.random.Generator) -> None:
        layout = load("styles.toml")[style]
        self.style, self.layout = style, layout
        self.columns = [Column(*column) for column in layout["columns"]]
        self.extension: str = layout["extension"]
        self.text_only = self.extension == "csv"
        self.fields = [column.field for column in self.columns]
        self.mess: Counter[str] = Counter()
        values = [self._values(cohort, column.field) for column in self.columns]
        self.lines = [
            Line("pupil", [self.write(place, column[i], rng) for place, column in enumerate(values)])
            for i in range(len(cohort))
        ]

    def place(self, name: str) -> int:
        return self.fields.index(name)

    def write(self, place: int, value: Any, rng: np.random.Generator) -> Cell:
        return WAYS[self.columns[place].way](value, rng)

    def tally(self, kind: str) -> None:
        self.mess[kind] += 1

    def _values(self, cohort: Cohort, name: str) -> list[Any]:
        if not name:
            return list(range(1001, 1001 + len(cohort)))
        if name == "full_name":
            both = zip(self._values(cohort, "surname"), self._values(cohort, "forename"), strict=True)
            return [f"{surname}, {forename}" for surname, forename in both]
        return plain_values(cohort, COMES_FROM.get(name, name))

    def number(self) -> None:
        """Give every line the row number that a spreadsheet shows."""
        first = len(self.layout["titles"]) + 2
        for row, line in enumerate(self.lines, start=first):
            line.row = row

    def truth(self) -> dict[str, Any]:
        """What a careful reader knows of this file: scores by UPN and by row, rows not kept, problems to expect."""
        self.number()
        rows = [line for line in self.lines if line.kind in ("pupil", "duplicate", "merged")]
        blanks = {
            column.says: truth.blanks_mean(column.says, [line.cells[place][1] for line in rows])
            for place, column in enumerate(self.columns)
            if column.scored
        }
        pupils = [line for line in rows if line.kind == "pupil"]
        scores = [(line, self._key(line), truth.scored(self._facts(line, blanks))) for line in pupils]
        not_kept = [{"row": line.row, "code": code} for line in self.lines if (code := _not_kept(line))]
        return {
            "note": f"{self.style}: " + ", ".join(f"{count} {kind}" for kind, count in sorted(self.mess.items())),
            "pupils": len(pupils),
            "columns_absent": sorted(word for fact, word in truth.ABSENT_WORDS.items() if not self._has(fact)),
            "rows_not_kept": dict(sorted(Counter(item["code"] for item in not_kept).items())),
            "not_kept": not_kept,
            "problems": [problem for line in pupils for problem in self._problems(line)],
            "scores": {key: score for _, key, score in scores if key},
            "rows": [{"row": line.row, "key": key, **score} for line, key, score in scores],
        }

    def _has(self, fact: str) -> bool:
        feeds = {
            "suspended": ("suspensions", "suspension_sessions"), "eal": ("eal", "first_language"),
            "attendance": ("attendance", "sessions_possible"),
        }  # fmt: skip
        return any(name in self.fields for name in feeds.get(fact, (fact,)))

    def _key(self, line: Line) -> str | None:
        says = line.cells[self.place("upn")][1]
        return None if isinstance(says, Says) else str(says)

    def _facts(self, line: Line, blanks: dict[str, Any]) -> dict[str, Any]:
        said = {c.says: line.cells[place][1] for place, c in enumerate(self.columns) if c.scored}
        if line.differs:
            said[self.columns[line.differs[0]].says] = Says.UNREADABLE
        return truth.facts(said, blanks)

    def _problems(self, line: Line) -> list[dict[str, Any]]:
        found = [
            {"row": line.row, "column": self.columns[place].heading, "code": code} for place, code in line.codes.items()
        ]
        if line.differs:
            place, other = line.differs
            heading = self.columns[place].heading
            found.append({"row": line.row, "column": heading, "code": "merged", "rows": [line.row, other.row]})
        return found


def _not_kept(line: Line) -> str:
    return {"duplicate": "duplicate", "merged": "merged", "headings": "not_a_pupil", "totals": "not_a_pupil"}.get(
        line.kind, ""
    )


def plain_values(cohort: Cohort, name: str) -> list[Any]:
    """A typed column as plain Python values; None where it is not known."""
    item, values = cohort.fields[name], cohort.column(name)
    if item.type == "text":
        return list(values.to_pylist())
    if item.type == "flag":
        return [None if value == 0 else value > 0 for value in values.tolist()]
    if item.type == "code":
        codes = [*item.codes, None]
        return [codes[value] for value in values.tolist()]
    if item.type == "date":
        return list(values.astype("datetime64[D]").tolist())
    if item.type == "percent":
        return [None if value != value else value for value in values.tolist()]
    return [None if value < 0 else value for value in values.tolist()]
