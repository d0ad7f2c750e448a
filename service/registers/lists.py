"""Council lists joined to an effective cohort. Which row is whose was settled when the list came in, by a key or a
person: here each row goes to its pupil, and to nobody else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from roni import Cohort, ListedPupils, join_list
from service import tables as t

AT_ONCE = 500  # a database takes a limited number of parameters
MATCHED = ("matched", "own_roll")
IDENTIFIERS = ("upn", "uln")  # by which a row is given to its pupil
OTHERS = ("upn", "former_upn", "temporary_upn", "uln", "surname", "forename", "date_of_birth")


def join_lists(connection: Connection, cohort: Cohort, pupils: list[int], everybody: bool) -> Cohort:
    """The cohort, whose pupils these are in order, with what every live list says of them."""
    lists = connection.execute(
        select(t.supplements).where(t.supplements.c.state == "live").order_by(t.supplements.c.id)
    )
    live = list(lists)
    if not live or not pupils:
        return cohort
    rows = _rows(connection, [item.id for item in live], pupils, everybody)
    known = _Identifiers(cohort, pupils)
    for item in live:
        given = [known.given(*row) for row in rows.get(item.id, ())]
        records = [record for record in given if record is not None]
        if records or item.complete:
            cohort = join_list(cohort, _listed(item, records))
    return cohort


def in_parts(ids: Iterable[int]) -> Iterator[list[int]]:
    """The ids, as many at a time as a query takes."""
    whole = sorted(set(ids))
    return (whole[start : start + AT_ONCE] for start in range(0, len(whole), AT_ONCE))


def _rows(
    connection: Connection, lists: list[int], pupils: Collection[int], everybody: bool
) -> dict[int, list[tuple[int, dict[str, Any]]]]:
    """By list, the rows of these pupils in the order of the list."""
    row, wanted = t.supplement_rows.c, set(pupils)
    query = (
        select(row.supplement_id, row.pupil_id, row.record)
        .where(row.supplement_id.in_(lists), row.state.in_(MATCHED), row.pupil_id.is_not(None))
        .order_by(row.id)
    )
    queries = [query] if everybody else [query.where(row.pupil_id.in_(part)) for part in in_parts(wanted)]
    found: dict[int, list[tuple[int, dict[str, Any]]]] = {}
    for each in queries:
        for supplement, pupil, record in connection.execute(each):
            if pupil in wanted:
                found.setdefault(supplement, []).append((pupil, record))
    return found


class _Identifiers:
    """What the cohort itself says identifies each pupil, so that a row is joined to the pupil it belongs to."""

    def __init__(self, cohort: Cohort, pupils: list[int]) -> None:
        columns = {name: cohort.column(name).to_pylist() for name in IDENTIFIERS}
        self.of = {pupil: next(_first_known(columns, place), None) for place, pupil in enumerate(pupils)}

    def given(self, pupil: int, record: dict[str, Any]) -> dict[str, Any] | None:
        """A row under the identifier of its pupil; None where the cohort has none."""
        identifier = self.of.get(pupil)
        if identifier is None:
            return None
        said = {name: value for name, value in record["values"].items() if name not in OTHERS}
        return {**record, "values": {**said, **identifier}}


def _first_known(columns: Mapping[str, list[Any]], place: int) -> Iterator[dict[str, str]]:
    return ({name: values[place]} for name, values in columns.items() if values[place])


def _listed(item: Any, records: list[dict[str, Any]]) -> ListedPupils:
    """A stored list with only these rows; what was wrong with it is said where it came in."""
    columns = list(dict.fromkeys([*IDENTIFIERS, *item.listed["columns"]]))
    return ListedPupils.from_dict({**item.listed, "columns": columns, "problems": [], "not_kept": [], "rows": records})
