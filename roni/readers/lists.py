"""Council-held lists apart from the files of a cohort: read by themselves, kept, matched, and joined when wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.calendar import AcademicYear, Check
from roni.cohort import Cohort, Reading, Values, is_known
from roni.errors import ProblemBlock, Problems
from roni.fields import Dictionary
from roni.readers.join import Joined, join, match, unmatched
from roni.readers.listed import ListedPupils
from roni.readers.opening import Opening
from roni.readers.report import OF_ROUTES, route_problems
from roni.readers.stack import Stack
from roni.readers.supplements import Supplement
from roni.routes import chosen, overruled, route, without_sessions
from roni.streams import downstream
from roni.supplied import absent, headings_of


def read_supplement(
    supplement: Supplement | str,
    check: Check | str | None = None,
    academic_year: AcademicYear | str | None = None,
    *,
    mapping: Any = None,
    fields: Dictionary | str | Path | None = None,
) -> ListedPupils:
    """Read one council-held list by itself; `join_list` then joins it to any cohort.

    All but the supplement is as in `read_cohort`. Raises RoniError naming the file, MappingError where the list says
    nothing of whoever is on it.
    """
    item = Supplement.parse(supplement) if isinstance(supplement, str) else supplement
    opening = Opening.of(check, academic_year, mapping, fields)
    raws = opening.raws([Path(item.path)])
    reads = [opening.read(raw) for raw in raws]
    listed = ListedPupils.of(item, reads, opening.fields)
    problems = listed.problems + Problems(opening.not_there(raws[0].file, listed.readings))
    how = (Reading(raw.file, "", None, ", ".join(raw.how.values()), "file") for raw in raws)
    return replace(listed, problems=problems, readings=(*how, *listed.readings))


def match_list(cohort: Cohort, listed: ListedPupils) -> tuple[NDArray[np.int64], Problems]:
    """For each row of a list [n] its pupil's place in the cohort, -1 nobody, -2 several; and why a row has none.

    A problem of code `link_proposed` names a row whose names and birth date are those of a pupil: a person may accept.
    """
    roll = _stack_of(cohort)
    places = match(roll, listed.table)
    return places, Problems(unmatched(roll, listed.table, places))


def join_list(cohort: Cohort, listed: ListedPupils) -> Cohort:
    """The cohort with what a list says of its pupils, by the rules of `read_cohort(..., supplements=...)`.

    On the list is met; off it is no only where the list is complete and covers the pupil. What may be worked out from
    the fields that the list says is worked out again; what stands from an earlier check stays where nothing gives more.
    """
    joined = join(Joined(_stack_of(cohort), cohort.sources, cohort.origin), listed)
    final = joined.stack
    routed = route(cohort.fields, final.columns, final.supplied(), len(final))
    unheard = without_sessions(routed)
    columns = dict(cohort.columns)
    heard = downstream(cohort.fields, listed.said)
    for name, values in routed.columns.items():
        if name in heard or name not in columns:
            columns[name] = _standing(cohort, joined, name, values)
    problems = route_problems(final, routed, unheard)
    problems = [*_kept(cohort.problems, problems), *joined.problems, *problems]
    readings = [item for item in cohort.readings if item.state != "absent"]
    readings += [item for item in listed.readings if item.state != "file"]
    readings += absent(cohort.fields, final.files, final.file_index, final.headings, columns)
    return replace(
        cohort,
        columns=columns,
        sources=joined.sources,
        origin=joined.origin,
        problems=Problems(problems),
        readings=tuple(readings),
        given=overruled(final.columns, columns),
    )


def _stack_of(cohort: Cohort) -> Stack:
    """The cohort's rows as they were before any field was worked out from others."""
    return Stack(
        fields=cohort.fields,
        files=cohort.files,
        headings=headings_of(cohort),
        columns=cohort.as_given,
        file_index=cohort.file_index,
        row=cohort.row,
        keys=cohort.keys,
        key_kind=cohort.key_kind,
    )


def _standing(cohort: Cohort, joined: Joined, name: str, values: Values) -> Values:
    """The values, with those that stand from an earlier check where nothing says more."""
    earlier = [place for place, source in enumerate(joined.sources) if source.kind == "carried"]
    if not earlier or name not in cohort.columns or name not in joined.origin:
        return values
    item = cohort.fields[name]
    stands = np.isin(joined.origin[name], earlier) & ~is_known(item, values)
    return chosen(item, stands, cohort.columns[name], values)


def _kept(problems: Problems, anew: Sequence[ProblemBlock]) -> list[ProblemBlock]:
    """The problems but for those of fields worked out from others, which are found anew."""
    again = {_who(block) for block in anew}
    return [block for block in problems.blocks if block.code not in OF_ROUTES and _who(block) not in again]


def _who(block: ProblemBlock) -> tuple[str, str, str, bytes]:
    return block.code, block.file, block.column, b"" if block.rows is None else block.rows.tobytes()
