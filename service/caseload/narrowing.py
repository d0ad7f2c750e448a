"""My list by the filters of a register: the same rules, for each check whose lines stand on the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, or_, select

from service import tables as t
from service.access import Access
from service.problems import Refusal
from service.registers.filters import RegisterFilters, conditions

r = t.register_rows.c


@dataclass(frozen=True)
class Fitting:
    """The condition on rows of each check's register, by check id."""

    by_check: Mapping[int, ColumnElement[bool]]

    def of(self, check: Any) -> ColumnElement[bool]:
        """The condition on rows of a check's register."""
        return self.by_check.get(check.id, false())

    def rows(self, connection: Connection, pupils: Sequence[int]) -> set[tuple[int, int]]:
        """Which of these pupils fit in which check: (check, pupil)."""
        register = t.registers.c
        query = (
            select(register.check_id, r.pupil_id)
            .join(t.registers, register.id == r.register_id)
            .where(r.pupil_id.in_(pupils), or_(false(), *self.by_check.values()))
        )
        return {(row.check_id, row.pupil_id) for row in connection.execute(query)}


def fitting_of(
    connection: Connection, access: Access, checks: Sequence[Any], asked: RegisterFilters | None
) -> Fitting | None:
    """What filters mean in each check; None where nothing is asked for.

    A check whose scorecard has no such band or indicator has nobody who fits; of the last one that is refused.
    """
    if asked is None or not asked.said():
        return None
    register = t.registers.c
    found = connection.execute(
        select(t.registers).where(
            register.check_id.in_([check.id for check in checks]),
            register.view == access.view,
            register.beside.is_(False),
        )
    )
    registers = {row.check_id: row for row in found}
    by_check: dict[int, ColumnElement[bool]] = {}
    for check in checks:
        if (row := registers.get(check.id)) is None:
            continue
        try:
            by_check[check.id] = and_(r.register_id == row.id, *conditions(connection, check, row, asked))
        except Refusal:
            if check is checks[-1]:
                raise
    return Fitting(by_check)
