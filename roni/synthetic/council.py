"""Lists that a council's teams hold of invented pupils: dated, complete or not, with a few rows that match nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from roni.cohort import Cohort
from roni.synthetic.identity import upns

MATCH_NOBODY = 2
ELSEWHERE = 199  # an authority number not in use, for rows about pupils of nobody's roll
MISSED_BY_INCOMPLETE = 0.2

# name, covers, complete, as many days before the check, flags listed
LISTS: tuple[tuple[str, str, bool, int, tuple[str, ...]], ...] = (
    ("virtual school", "Years 9 to 12", True, 7, ("looked_after", "previously_looked_after", "care_leaver")),
    ("youth justice", "Years 9 to 12", True, 3, ("youth_justice",)),
    ("SEND team", "Years 9 to 12", True, 30, ("ehcp",)),
    ("EHE and missing", "Years 9 to 12", True, 10, ("elective_home_education", "missing_education")),
    ("Early Help", "open cases", False, 14, ("early_help", "child_in_need", "child_protection_plan")),
    ("exclusions", "Years 9 to 12", True, 5, ("permanently_excluded",)),
)


@dataclass(frozen=True)
class CouncilList:
    """One team's list as at a day. `complete`: a pupil it covers and does not name is a no; else not known.

    `table` is a pyarrow table: UPN, Surname, Forename, Date of birth, and one Y-or-blank column for each of `flags`.
    """

    name: str
    as_at: date
    complete: bool
    covers: str
    flags: tuple[str, ...]
    table: Any

    def write(self, folder: Path) -> Path:
        """The list as a CSV file with the dictionary's own headings."""
        from pyarrow import csv

        path = folder / f"{self.name.lower().replace(' ', '_')}_{self.as_at}.csv"
        csv.write_csv(self.table, path, csv.WriteOptions(quoting_style="needed"))
        return path


def council_lists(cohort: Cohort, seed: int) -> tuple[CouncilList, ...]:
    """Every list of LISTS about this cohort (the truth at a check)."""
    rng = np.random.default_rng([seed, cohort.check.on.toordinal()])
    return tuple(_list(cohort, rng, place) for place in range(len(LISTS)))


def _list(cohort: Cohort, rng: np.random.Generator, place: int) -> CouncilList:
    import pyarrow as pa

    name, covers, complete, age, flags = LISTS[place]
    named = np.logical_or.reduce([cohort.column(flag) > 0 for flag in flags])
    if not complete:
        named &= rng.random(len(named)) >= MISSED_BY_INCOMPLETE
    who = np.flatnonzero(named)
    strangers = upns(ELSEWHERE, np.full(MATCH_NOBODY, 15), MATCH_NOBODY * place + np.arange(MATCH_NOBODY))
    born = pa.array(cohort.column("date_of_birth")[who].astype("datetime64[D]")).cast(pa.string())
    columns = {
        "UPN": _and(cohort.keys.take(who), strangers.to_pylist()),
        "Surname": _and(cohort.column("surname").take(who), ["Nowhere"] * MATCH_NOBODY),
        "Forename": _and(cohort.column("forename").take(who), ["Unmatched"] * MATCH_NOBODY),
        "Date of birth": _and(born, ["2011-01-01"] * MATCH_NOBODY),
    }
    for flag in flags:
        said = ["Y" if value > 0 else "" for value in cohort.column(flag)[who]]
        columns[cohort.fields[flag].headings[0]] = pa.array([*said, *["Y"] * MATCH_NOBODY])
    as_at = cohort.check.on - timedelta(days=age)
    return CouncilList(name, as_at, complete, covers, flags, pa.table(columns))


def _and(column: Any, more: list[str]) -> Any:
    import pyarrow as pa

    return pa.concat_arrays([column, pa.array(more, pa.string())])
