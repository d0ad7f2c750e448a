"""Council lists joined to an effective cohort. Which row is whose was settled when the list came in, by a key or a
person: here each row goes to its pupil, and to nobody else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, literal, select

from roni import Cohort, ListedPupils, join_list
from service import tables as t
from service.supplements.difference import takes_place_of

AT_ONCE = 500  # a database takes a limited number of parameters
MATCHED = ("matched", "own_roll")
# What says who a pupil is. While lists are joined each pupil goes by a number of their own instead, so that a row finds
# its pupil whatever either says: many who have no school have no UPN.
IDENTIFIERS = ("upn", "former_upn", "temporary_upn", "uln")
OTHERS = (*IDENTIFIERS, "surname", "forename", "date_of_birth")

_LISTS = select(t.supplements).order_by(t.supplements.c.id)
_LIVE = _LISTS.where(t.supplements.c.state == "live")

Flags = Mapping[int, Mapping[str, bool]]


def join_lists(
    connection: Connection,
    cohort: Cohort,
    pupils: list[int],
    decided: Flags,
    everybody: bool,
    check: Any,
) -> Cohort:
    """The cohort of a check, whose pupils these are in order, with what every live list says of them.

    Where a person `decided` that the answer is no, what lists say of that pupil's field is not heard. Of a check that
    was closed, the lists are those that were live then, and each row is whose it was then: nothing that comes or is
    decided later changes a register that is finished.
    """
    live = lists_in_force(connection, check.closed_at)
    if not live or not pupils:
        return cohort
    kept = None if check.closed_at is None else check.id
    rows = _rows(connection, [item.id for item in live], pupils, everybody, kept)
    numbers = {pupil: _number(place) for place, pupil in enumerate(pupils)}
    joined = _numbered(cohort)
    for item in live:
        given = [
            _given(item, numbers[pupil], record, decided.get(pupil, {})) for pupil, record in rows.get(item.id, ())
        ]
        records = [record for record in given if record is not None]
        if records or item.complete:
            joined = join_list(joined, _listed(item, records))
    heard = {name: values for name, values in joined.columns.items() if name not in IDENTIFIERS}
    return replace(joined, columns={**cohort.columns, **heard})


def lists_in_force(connection: Connection, at: datetime | None = None) -> list[Any]:
    """The lists that are live, or were at some time, the oldest first."""
    if at is None:
        return list(connection.execute(_LIVE))
    item = t.supplements.c
    there = list(connection.execute(_LISTS.where(item.state.in_(("live", "superseded")), item.confirmed_at <= at)))
    return [one for one in there if not any(takes_place_of(other, one) for other in there)]


def in_parts(ids: Iterable[int]) -> Iterator[list[int]]:
    """The ids, as many at a time as a query takes."""
    whole = sorted(set(ids))
    return (whole[start : start + AT_ONCE] for start in range(0, len(whole), AT_ONCE))


def keep_rows(connection: Connection, check_id: int) -> None:
    """When a check closes: whose each row of the live lists is now, of the pupils on its rolls."""
    row, roll = t.supplement_rows.c, t.roll_pupils.c
    there = select(roll.pupil_id).where(roll.check_id == check_id, roll.live)
    given = (
        select(literal(check_id), row.id, row.pupil_id)
        .join(t.supplements, t.supplements.c.id == row.supplement_id)
        .where(t.supplements.c.state == "live", row.state.in_(MATCHED), row.pupil_id.in_(there))
    )
    names = ("check_id", "supplement_row_id", "pupil_id")
    connection.execute(insert(t.kept_rows).from_select(names, given))


def _rows(
    connection: Connection, lists: list[int], pupils: Collection[int], everybody: bool, kept: int | None
) -> dict[int, list[tuple[int, dict[str, Any]]]]:
    """By list, the rows of these pupils in the order of the list; `kept`: as they were when that check closed."""
    row, wanted = t.supplement_rows.c, set(pupils)
    whose = row.pupil_id if kept is None else t.kept_rows.c.pupil_id
    query = select(row.supplement_id, whose, row.record).where(row.supplement_id.in_(lists)).order_by(row.id)
    if kept is None:
        query = query.where(row.state.in_(MATCHED), row.pupil_id.is_not(None))
    else:
        query = query.join(t.kept_rows, (t.kept_rows.c.supplement_row_id == row.id) & (t.kept_rows.c.check_id == kept))
    queries = [query] if everybody else [query.where(whose.in_(part)) for part in in_parts(wanted)]
    found: dict[int, list[tuple[int, dict[str, Any]]]] = {}
    for each in queries:
        for supplement, pupil, record in connection.execute(each):
            if pupil in wanted:
                found.setdefault(supplement, []).append((pupil, record))
    return found


def _number(place: int) -> str:
    """In the form of a temporary UPN."""
    return f"Z{place:011d}Z"


def _numbered(cohort: Cohort) -> Cohort:
    """The cohort whose pupils go by their numbers."""
    import pyarrow as pa

    others = {name: values for name, values in cohort.columns.items() if name not in IDENTIFIERS}
    return replace(cohort, columns={"upn": pa.array(map(_number, range(len(cohort))), pa.string()), **others})


def _given(item: Any, number: str, record: Mapping[str, Any], decided: Mapping[str, bool]) -> dict[str, Any] | None:
    """A row under the number of its pupil; None where all that it says was decided to be wrong."""
    refused = {name for name, answer in decided.items() if not answer}
    if item.field in refused:
        return None
    said = {name: value for name, value in record["values"].items() if name not in {*OTHERS, *refused}}
    return {**record, "values": {"upn": number, **said}}


def _listed(item: Any, records: list[dict[str, Any]]) -> ListedPupils:
    """A stored list with only these rows; what was wrong with it is said where it came in."""
    columns = list(dict.fromkeys(["upn", *item.listed["columns"]]))
    return ListedPupils.from_dict({**item.listed, "columns": columns, "problems": [], "not_kept": [], "rows": records})
