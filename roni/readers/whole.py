"""Tables of all files to one cohort: who each row is, who is kept, what lists add, what comes from what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from roni.calendar import Check
from roni.cohort import KEY_KINDS, Cohort, NotKept, Reading
from roni.errors import CalendarError, FileRefusedError, ProblemBlock, Problems
from roni.identity import BLANK, MALFORMED, Upns, make_keys, read_ulns, read_upns
from roni.readers.columns import Read
from roni.readers.join import Joined, join
from roni.readers.listed import ListedPupils
from roni.readers.opening import Opening
from roni.readers.raw import RawTable
from roni.readers.report import route_problems, with_routes
from roni.readers.rows import one_row_a_pupil
from roni.readers.stack import Stack, stack
from roni.routes import overruled, route, without_sessions
from roni.supplied import absent

# Most dates of birth of a file that is a year old are one year off; three pupils are enough to tell.
FEWEST_TO_TELL_THE_YEAR = 3
# A pupil of Years 7 to 13 is between these ages on 1 September; outside them the birth date is a slip.
YOUNGEST, OLDEST = 3, 25


def cohort_of(
    raws: Sequence[RawTable],
    opening: Opening,
    lists: Sequence[ListedPupils] = (),
    years: int | Iterable[int] | None = None,
) -> Cohort:
    """Read these tables and join these lists; `years` narrows to some year groups. Rows = pupils + `not_kept`."""
    reads = [opening.read(raw) for raw in raws]
    rows_read = sum(len(read.table.rows) + len(read.not_kept) for read in reads)
    there = [reading for read in reads for reading in read.readings] + [item for one in lists for item in one.readings]
    reads[0].problems += opening.not_there(raws[0].file, there)
    cohort = _assemble(reads, lists, opening, _years(opening.check, years))
    how = [Reading(raw.file, "", None, ", ".join(raw.how.values()), "file") for raw in raws]
    digests = {raw.file: raw.digest for raw in raws}
    return replace(cohort, rows_read=rows_read, digests=digests, readings=(*how, *cohort.readings))


def _years(check: Check, years: int | Iterable[int] | None) -> tuple[int, ...]:
    if years is None:
        return check.accepted_years
    wanted = (years,) if isinstance(years, int) else tuple(years)
    if not all(isinstance(year, int) for year in wanted):
        raise CalendarError("years are year groups as whole numbers, for example [11] or range(9, 12).")
    return wanted


def _assemble(reads: Sequence[Read], lists: Sequence[ListedPupils], opening: Opening, years: tuple[int, ...]) -> Cohort:
    check, fields = opening.check, opening.fields
    problems = [block for read in reads for block in read.problems]
    not_kept = [row for read in reads for row in read.not_kept]
    whole = stack([read.table for read in reads], fields)
    whole = _born_in_reason(whole, check, problems)
    _refuse_other_years_export(whole, check)
    whole = _identify(whole, problems)
    whole = _in_years(whole, years, not_kept, problems)
    settled = one_row_a_pupil(whole, check.on)
    joined = Joined(settled.stack, problems=(*problems, *settled.problems))
    for listed in lists:
        joined = join(joined, listed)
    final = joined.stack
    routed = route(fields, final.columns, final.supplied(), len(final))
    unheard = without_sessions(routed)
    blocks = [*joined.problems, *route_problems(final, routed, unheard)]
    readings = [*with_routes(final, routed, reads), *(item for listed in lists for item in listed.readings)]
    readings += absent(fields, final.files, final.file_index, final.headings, routed.columns)
    return Cohort(
        fields=fields,
        check=check,
        columns=routed.columns,
        keys=final.keys,
        key_kind=final.key_kind,
        file_index=final.file_index,
        row=final.row,
        files=final.files,
        rows_read=len(whole) + len(not_kept),
        problems=Problems(blocks),
        not_kept=tuple(not_kept + settled.not_kept),
        readings=tuple(readings),
        sources=joined.sources,
        origin=joined.origin,
        given=overruled(final.columns, routed.columns),
    )


def _born_in_reason(whole: Stack, check: Check, problems: list[ProblemBlock]) -> Stack:
    """A birth date of nobody at school is impossible: not known, and a problem."""
    born = whole.columns.get("date_of_birth")
    if born is None:
        return whole
    earliest, latest = (np.datetime64(date(check.year.start - age, 9, 1), "s") for age in (OLDEST, YOUNGEST))
    bad = (born < earliest) | (born > latest)
    if not bad.any():
        return whole
    problems += whole.blocks("impossible", bad, "date_of_birth", {"expects": "the birth date of a pupil at school"})
    columns = whole.columns | {"date_of_birth": np.where(bad, np.datetime64("NaT", "s"), born)}
    if "birth_precision" in columns:
        columns["birth_precision"] = np.where(bad, np.int16(-1), columns["birth_precision"])
    return replace(whole, columns=columns)


def _year_gap(whole: Stack, check: Check) -> NDArray[np.float64]:
    """By how many years each pupil is older than the year group says; NaN where either is not known."""
    born, group = whole.column("date_of_birth"), whole.column("year_group")
    known = ~np.isnat(born) & (group >= 0)
    months = born.astype("datetime64[M]").astype(np.int64)
    born_year = 1970 + (months - 8) // 12  # the academic year of birth: it starts in September
    expected = check.year.start - 5 - born_year
    return np.where(known, expected - group, np.nan)


def _refuse_other_years_export(whole: Stack, check: Check) -> None:
    gaps = _year_gap(whole, check)
    for place, file in enumerate(whole.files):
        known = gaps[(whole.file_index == place) & ~np.isnan(gaps)]
        if len(known) < FEWEST_TO_TELL_THE_YEAR:
            continue
        for gap, which in ((1, "last year’s"), (-1, "next year’s")):
            if (known == gap).sum() * 2 > len(known):
                raise FileRefusedError(
                    "other_years_export",
                    file,
                    f"this looks like {which} export: most dates of birth do not fit the year groups of {check.year}. "
                    "Export the file again, or say which academic year it is for.",
                )


def _identify(whole: Stack, problems: list[ProblemBlock]) -> Stack:
    import pyarrow.compute as pc

    upn, former = read_upns(whole.column("upn")), read_upns(whole.column("former_upn"))
    uln, bad_uln = read_ulns(whole.column("uln"))
    problems += whole.blocks("uln_malformed", bad_uln, "uln", {})
    school = pc.coalesce(*(whole.column(name) for name in ("urn", "laestab", "school_name")))
    found = make_keys(upn, former, uln, school, whole.column("admission_number"), whole.references)
    columns = dict(whole.columns)
    for name, texts in (("upn", upn.texts), ("former_upn", former.texts), ("uln", uln)):
        if name in columns:
            columns[name] = texts
    whole = replace(whole, columns=columns, keys=found.keys, key_kind=found.kind)
    _say_upns(whole, upn, problems)
    return whole


def _say_upns(whole: Stack, upn: Upns, problems: list[ProblemBlock]) -> None:
    nobody = whole.key_kind == KEY_KINDS.index("reference")
    problems += whole.blocks("upn_malformed", upn.kind == MALFORMED, "upn", {})
    problems += whole.blocks("upn_check_letter", upn.wrong_letter, "upn", {})
    for place, headings in enumerate(whole.headings):
        here = whole.file_index == place
        if "upn" in headings:
            blank = here & (upn.kind == BLANK)
            problems += whole.blocks("no_key", blank & nobody, "upn", {})
            problems += whole.blocks("upn_missing", blank & ~nobody, "upn", {})
        elif (here & nobody).any():
            problems.append(ProblemBlock("no_key_column", whole.files[place], "", None))


def _in_years(whole: Stack, years: tuple[int, ...], not_kept: list[NotKept], problems: list[ProblemBlock]) -> Stack:
    """Only rows of these year groups, or of none that can be read; nobody is asked to correct the others."""
    group = whole.column("year_group")
    outside = (group >= 0) & ~np.isin(group, years)
    for place in np.unique(whole.file_index[outside]).tolist():
        file, rows = whole.files[place], whole.row[outside & (whole.file_index == place)]
        not_kept += [NotKept(file, row, "outside_years") for row in rows.tolist()]
        problems[:] = [block.without(rows) if block.file == file else block for block in problems]
    return whole.keep(~outside)
