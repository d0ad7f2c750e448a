"""What the tables below the pupil table say of each pupil: attendance, exclusions, free school meals, needs.

A pupil without a row there has no absence, no exclusion, no open period only where the table was supplied and covers
the pupil's school; otherwise it is not known. What cannot be read or cannot be true is not known, and a problem.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from roni.errors import ProblemBlock
from roni.readers.census.tables import (
    PUPIL_ID,
    WHOLE_NUMBER,
    CensusTable,
    Columns,
    Findings,
    Pupils,
    as_texts,
    code_table,
    iso,
    places_among,
    yes_no,
)
from roni.readers.extract import NO_DAY, days, numbers

ABSENT = ("authorised", "unauthorised")
COUNTED = ("present", "approved", *ABSENT)  # the treatments that make up the possible sessions
POSSIBLE = "termlysessionspossible"
TOTALS = {"authorised": "termlysessionsauthorised", "unauthorised": "termlysessionsunauthorised"}


def attendance(pupils: Pupils, table: CensusTable | None) -> Findings:
    """Possible, authorised and unauthorised sessions of the term.

    Absence is summed from the attendance codes, because the termly totals of the same census greatly underestimate it
    (DSSGxUK/s22_buckinghamshire); the totals are used only where there is no table of codes.
    """
    found = Findings()
    if POSSIBLE in pupils.table:
        possible = numbers(pupils.table[POSSIBLE])
        wrong = np.isnan(possible) & np.asarray(pupils.table[POSSIBLE].is_valid())
        found.problems += pupils.table.problems("unreadable", POSSIBLE, wrong, expects=WHOLE_NUMBER)
        found.columns["sessions_possible"] = as_texts(possible, ~np.isnan(possible))
    if table is None:
        _totals(pupils, found)
    else:
        _codes(pupils, table, found)
    return found


def _totals(pupils: Pupils, found: Findings) -> None:
    given = [treatment for treatment, heading in TOTALS.items() if heading in pupils.table]
    for treatment in given:
        texts = pupils.table[TOTALS[treatment]]
        read = numbers(texts)
        # A blank total stays blank: the reading of blanks is made, and reported, for the whole column.
        found.columns[f"sessions_{treatment}"] = pc.if_else(
            pa.array(np.isnan(read)), texts, as_texts(read, ~np.isnan(read))
        )
    found.how["attendance"] = (
        "from the termly totals, which are known to underestimate absence; supply the session details for the codes"
        if given
        else "not known: there are no session details"
    )


def _codes(pupils: Pupils, table: CensusTable, found: Findings) -> None:
    codes = code_table("attendance_codes")["code"]
    owners = pupils.owners(table)
    which = places_among(codes, table["attendancereason"])
    treatment = np.array([*(row["treatment"] for row in codes.values()), "unknown"])[which]
    sessions = numbers(table["sessions"])
    matters = np.isin(treatment, COUNTED)
    found.problems += table.problems("attendance_code_unknown", "attendancereason", which < 0)
    blank = np.asarray(table["sessions"].is_null())
    found.problems += table.problems("attendance_count_missing", "sessions", matters & blank)
    unread = matters & np.isnan(sessions) & ~blank
    found.problems += table.problems("unreadable", "sessions", unread, expects=WHOLE_NUMBER)
    unclear = pupils.any(owners, (which < 0) | (matters & np.isnan(sessions)))
    counted = np.nan_to_num(sessions)
    sums = {name: pupils.total(owners, counted * (treatment == name)) for name in COUNTED}
    clear = pupils.covered(table) & ~unclear
    clear &= ~_too_many(pupils, sum(sums.values(), np.zeros(len(pupils))), clear, found)
    for name in ABSENT:
        found.columns[f"sessions_{name}"] = as_texts(sums[name], clear)
    _compare_totals(pupils, sums, clear, found)
    found.columns |= _told_by_codes(pupils, owners, which, counted)
    found.how["attendance"] = f"absence summed from {len(table)} rows of attendance codes"


def _too_many(
    pupils: Pupils, total: NDArray[np.float64], clear: NDArray[np.bool_], found: Findings
) -> NDArray[np.bool_]:
    """Whose coded sessions are more than the possible ones: impossible, so not known, and never clipped."""
    with np.errstate(invalid="ignore"):
        wrong = clear & (total > numbers(pupils.table[POSSIBLE]))
    found.problems += pupils.table.problems("sessions_exceed_possible", POSSIBLE, wrong)
    return np.asarray(wrong)


def _compare_totals(
    pupils: Pupils, sums: dict[str, NDArray[np.float64]], clear: NDArray[np.bool_], found: Findings
) -> None:
    for name, heading in TOTALS.items():
        if heading in pupils.table:
            stated = numbers(pupils.table[heading])
            differing = int((clear & ~np.isnan(stated) & (stated != sums[name])).sum())
            if differing:
                says = {"count": str(differing)}
                found.problems.append(ProblemBlock("census_totals_differ", pupils.table.files[0], heading, None, says))


def _told_by_codes(
    pupils: Pupils, owners: NDArray[np.int64], which: NDArray[np.int64], sessions: NDArray[np.float64]
) -> Columns:
    """Fields that a code states as true. Its absence states nothing: the code may not have been listed."""
    tells = [row.get("tells", "") for row in code_table("attendance_codes")["code"].values()]
    found = {}
    for name in sorted({*tells} - {""}):
        said = np.isin(which, [place for place, told in enumerate(tells) if told == name]) & (sessions > 0)
        if said.any():
            found[name] = yes_no(pupils.any(owners, said), np.zeros(len(pupils), bool))
    return found


def exclusions(pupils: Pupils, table: CensusTable) -> Findings:
    """Suspensions, their sessions, permanent exclusion and its last date. Lunchtime exclusions are not suspensions."""
    found = Findings()
    kinds = code_table("census")["exclusion"]
    owners, covered = pupils.owners(table), pupils.covered(table)
    which = places_among(kinds, table["category"])
    kind = np.array([*(row["counts_as"] for row in kinds.values()), "unknown"])[which]
    expects = f"one of {', '.join(kinds)}"
    found.problems += table.problems("unreadable", "category", which < 0, expects=expects)
    unclear = pupils.any(owners, which < 0)
    suspended, permanent = kind == "suspension", kind == "permanent"
    clear = covered & ~unclear
    found.columns["suspensions"] = as_texts(pupils.total(owners, suspended), clear)
    found.columns["suspension_sessions"] = _suspension_sessions(pupils, table, suspended, clear, found)
    out = pupils.any(owners, permanent)
    found.columns["permanently_excluded"] = yes_no(out, clear)
    starts = days(table["startdate"])
    unread = np.isnat(starts) & np.asarray(table["startdate"].is_valid())
    found.problems += table.problems("unreadable", "startdate", unread, expects="a date such as 17/07/2011")
    last = pupils.latest(owners, np.where(permanent, starts, NO_DAY))
    found.columns["permanent_exclusion_date"] = iso(last)
    found.how["exclusions"] = _exclusions_read(kind, starts)
    return found


def _suspension_sessions(
    pupils: Pupils, table: CensusTable, suspended: NDArray[np.bool_], clear: NDArray[np.bool_], found: Findings
) -> pa.Array:
    owners, sessions = pupils.owners(table), numbers(table["sessions"])
    unread = suspended & np.isnan(sessions)
    wrong = unread & np.asarray(table["sessions"].is_valid())
    found.problems += table.problems("unreadable", "sessions", wrong, expects=WHOLE_NUMBER)
    total = pupils.total(owners, np.nan_to_num(sessions) * suspended)
    return as_texts(total, clear & ~pupils.any(owners, unread))


def _exclusions_read(kind: NDArray[np.str_], starts: NDArray[np.datetime64]) -> str:
    known = starts[~np.isnat(starts)]
    between = f", starting {known.min()} to {known.max()}" if len(known) else ""
    return (
        f"{(kind == 'suspension').sum()} suspensions and {(kind == 'permanent').sum()} permanent exclusions{between}; "
        f"{(kind == 'lunchtime').sum()} lunchtime exclusions are not counted as suspensions"
    )


def free_school_meals(pupils: Pupils, table: CensusTable, on: date | None) -> Findings:
    """Eligible now: a period is open on the day, first and last day included. Without a day: it has no end.

    A period in any country of the United Kingdom counts: the family's means are what tells.
    """
    found = Findings()
    owners = pupils.owners(table)
    start, end = days(table["fsmstartdate"]), days(table["fsmenddate"])
    unread = {
        "fsmstartdate": np.isnat(start),
        "fsmenddate": np.isnat(end) & np.asarray(table["fsmenddate"].is_valid()),
    }
    for heading, wrong in unread.items():
        found.problems += table.problems("unreadable", heading, wrong, expects="a date such as 17/07/2011")
    backwards = end < start
    found.problems += table.problems("impossible", "fsmenddate", backwards, expects="a day on or after the start")
    unclear = backwards | unread["fsmstartdate"] | unread["fsmenddate"]
    if on is None:
        is_open = np.isnat(end)
    else:
        day = np.datetime64(on, "D")
        is_open = (start <= day) & (np.isnat(end) | (end >= day))
    now = pupils.any(owners, is_open & ~unclear)
    no = pupils.covered(table) & ~pupils.any(owners, unclear)
    found.columns["fsm"] = yes_no(now, no)
    found.how["free school meals"] = f"eligible where a period {f'is open on {on}' if on else 'has no end'}"
    return found


def needs(pupils: Pupils, table: CensusTable) -> Findings:
    """The first and second need, by rank; of one rank, the one that stands first."""
    found = Findings()
    owners = np.where(np.asarray(table["sentype"].is_valid()), pupils.owners(table), -1)
    rank = np.nan_to_num(numbers(table["sentyperank"]), nan=np.inf)
    order = np.lexsort((rank, owners))
    ordered = owners[order]
    change = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(order) else np.zeros(0, np.int64)
    place = np.arange(len(order)) - np.repeat(change, np.diff(np.r_[change, len(order)]))
    for number, name in enumerate(("sen_need", "sen_need_2")):
        chosen = (place == number) & (ordered >= 0)
        at = np.full(len(pupils) + 1, -1)
        at[ordered[chosen]] = order[chosen]
        mine = at[pupils.first]
        found.columns[name] = table["sentype"].take(pa.array(mine, mask=mine < 0))
    return found


def unmatched(pupils: Pupils, table: CensusTable) -> list[ProblemBlock]:
    """Rows that belong to no pupil of the pupil table."""
    return table.problems("census_row_unmatched", PUPIL_ID, pupils.owners(table) < 0)
