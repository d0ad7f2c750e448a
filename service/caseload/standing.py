"""What moderation and open objections say of pupils' places in a check's register: read when lines are worked out.

A school's addition states a band and stands first in it. A removal is a request: the pupil stays, marked, until it is
accepted; whom the card always includes stays until the council accepts. A priority puts the pupil into its band.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from service import tables as t
from service.access import WHOLE_COUNCIL
from service.among import among

ADD, REMOVE, PRIORITY = KINDS = ("add", "remove", "priority")
STANDING, ASKED, ACCEPTED, DECLINED, WITHDRAWN = STATES = ("standing", "asked", "accepted", "declined", "withdrawn")
IN_FORCE = (STANDING, ACCEPTED)  # an addition or a priority counts from the start; a removal once accepted
OPEN = (STANDING, ASKED, ACCEPTED)
# Written by a school's office for its own list; what others wrote may rest on what an office is not to read.
FOR_EVERY_VIEW = ("returns",)


@dataclass(frozen=True, slots=True)
class Standing:
    """The open moderations of one pupil for one check, oldest first, and whether an objection is open.

    >>> Standing().place(1, ("none", "green", "amber", "red"))
    1
    """

    moderations: tuple[Any, ...] = ()
    objection: bool = False

    @property
    def added(self) -> bool:
        """Whether the pupil stands first in the band."""
        return any(item.kind == ADD and item.state in IN_FORCE for item in self.moderations)

    def place(self, band: int, bands: Sequence[str]) -> int:
        """The place in `bands`, lowest first, where the pupil stands, from where the card and the model put them.

        An addition never lowers; the latest priority says which band, up or down. A band that this card does not have
        (the check before had another card) moves nobody.
        """
        stated = [item for item in self.moderations if item.state in IN_FORCE and item.band in bands]
        added = [bands.index(item.band) for item in stated if item.kind == ADD]
        given = [bands.index(item.band) for item in stated if item.kind == PRIORITY]
        return max([given[-1] if given else band, *added])

    def removed(self, automatic: bool) -> bool:
        """Whether a person took the pupil off; `automatic`: the card always includes them.

        Who is added again afterwards is back, also by an addition that was accepted afterwards.
        """
        adding = [item for item in self.moderations if item.kind == ADD and item.state in IN_FORCE]
        added = [max(item.created_at, item.decided_at or item.created_at) for item in adding]
        return any(
            item.kind == REMOVE
            and item.state == ACCEPTED
            and (item.decided_role in WHOLE_COUNCIL or not automatic)
            and not any(at > item.decided_at for at in added)
            for item in self.moderations
        )

    def mark(self, automatic: bool) -> str | None:
        """The one word for `register_rows.moderated`: what a person should see first."""
        if self.removed(automatic):
            return "taken_off"
        if any(item.kind == REMOVE for item in self.moderations):
            return "removal_asked"
        kinds = [item.kind for item in self.moderations if item.state in IN_FORCE]
        if ADD in kinds:
            return "added"
        return "priority" if any(item.kind == PRIORITY for item in self.moderations) else None

    def to_list(self, view: str) -> list[dict[str, Any]]:
        """For the line: what was asked, by whom, why (where that view may read why) and what became of it."""
        return [said(item, view) for item in self.moderations]


NONE = Standing()


def standings(connection: Connection, check_id: int, pupils: Collection[int] | None = None) -> Mapping[int, Standing]:
    """By pupil id, those of whom there is anything to say; of all pupils of the check where none are given."""
    found: dict[int, list[Any]] = {}
    for row in connection.execute(_open(pupils is not None), {"check": check_id, "pupils": pupils}):
        found.setdefault(row.pupil_id, []).append(row)
    objecting = objections(connection, pupils)
    return {pupil: Standing(tuple(found.get(pupil, ())), pupil in objecting) for pupil in objecting.union(found)}


def objections(connection: Connection, pupils: Collection[int] | None = None) -> set[int]:
    """The pupils of whom an objection is open."""
    return set(connection.execute(_objections(pupils is not None), {"pupils": pupils}).scalars())


@cache  # both are made once: to build one costs more than to ask it
def _open(of_some: bool) -> Select[Any]:
    query = rows().where(m.check_id == bindparam("check"), m.state.in_(OPEN)).order_by(m.id)
    return query.where(among(m.pupil_id, "pupils")) if of_some else query


@cache
def _objections(of_some: bool) -> Select[Any]:
    asked = t.pupil_requests.c
    query = select(asked.pupil_id).where(asked.kind == "objection", asked.decided_at.is_(None))
    return query.where(among(asked.pupil_id, "pupils")) if of_some else query


m = t.moderations.c
_asker, _decider = t.people.alias("asker"), t.people.alias("decider")
_before, _earlier = t.moderations.alias("carried_from"), t.checks.alias("earlier")


def rows() -> Select[Any]:
    """Moderations with the names of who asked and decided, and the check that they were carried from."""
    return (
        select(t.moderations, _asker.c.name.label("asked_by"), _decider.c.name.label("decided_by"))
        .add_columns(_earlier.c.label.label("carried_label"))
        .join(_asker, _asker.c.id == m.by_id)
        .outerjoin(_decider, _decider.c.id == m.decided_by_id)
        .outerjoin(_before, _before.c.id == m.carried_from_id)
        .outerjoin(_earlier, _earlier.c.id == _before.c.check_id)
    )


def said(row: Any, view: str) -> dict[str, Any]:
    """One moderation as a caller of a view reads it. What was decided, and why, everybody reads: it is an answer."""
    hidden = view == "school" and row.role not in FOR_EVERY_VIEW
    return {
        "ref": row.ref,
        "kind": row.kind,
        "band": row.band,
        "state": row.state,
        "why": None if hidden else row.why,
        "reason": None if hidden else row.reason,
        "reason_withheld": hidden,
        "by": row.asked_by,
        "role": row.role,
        "at": row.created_at.isoformat().replace("+00:00", "Z"),
        "decided_by": row.decided_by,
        "decided_reason": row.decided_reason,
        "decided_at": row.decided_at and row.decided_at.isoformat().replace("+00:00", "Z"),
        "review": f"from {row.carried_label}, review" if row.carried_label and row.reviewed_at is None else None,
    }
