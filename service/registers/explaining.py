"""One pupil of one check explained, as the caller's view has it: score, reasons, gaps, facts with their sources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, select

from roni import Cohort, Explanation, Register, score
from service import tables as t
from service.access import VIEWS, Access
from service.caseload.standing import NONE, standings
from service.checks.queries import readable_stage
from service.problems import Refusal
from service.registers.cards import card_of, fields_hidden, model_of
from service.registers.cells import cells
from service.registers.claimed import unsettled
from service.registers.cohorts import load
from service.registers.gathering import Place
from service.registers.reading import readable_check
from service.registers.renewal import told_of
from service.registers.views import IDENTIFIERS
from service.settings import Settings

WHO = ("identity", "registration", "contact")  # families of fields that say who a pupil is
SOURCES = {"school": "the school", "council": "a council list", "carried": "an earlier check"}


@dataclass(frozen=True)
class Explained:
    """One pupil of one check under one view."""

    pupil: Any
    check: Any
    view: str
    cohort: Cohort
    place: Place
    register: Register
    previous: Register | None
    stands: dict[str, Any] | None  # the pupil's line in the register, after what people decided
    moderation: list[dict[str, Any]]
    objection: bool
    renewal: dict[str, Any] | None  # what is told while the register itself is worked out anew

    @cached_property
    def explanation(self) -> Explanation:
        """As the library explains the pupil, the school in the place of the key in what people read."""
        return self.register.explain(self.place.key, self.previous)

    def to_dict(self) -> dict[str, Any]:
        """Everything there is to say."""
        said = asdict(self.explanation)
        said.pop("key")
        said["bands"] = [{"name": name, "at_least": at_least} for name, at_least in self.explanation.bands]
        account = self.explanation.model_account
        return {
            "pupil": self.pupil.ref,
            "check": {"ref": self.check.ref, "label": self.check.label},
            "view": self.view,
            "without": self._without,
            "register": self.stands,
            "renewal": self.renewal,
            **{name: value for name, value in said.items() if name not in ("check", "model_account")},
            "model_account": None if account is None else {**asdict(account), "lines": account.lines},
            "values": list(values_of(self.cohort)),
            "moderation": self.moderation,
            "objection": self.objection,
            "text": self.text,
        }

    @property
    def text(self) -> str:
        """In plain English; what it does not rest on is said at the end."""
        said = [self.explanation.text]
        if self._without:
            said.append(f"Not in it, because you may not see it: {', '.join(self._without)}.\n")
        if self.renewal is not None:
            said.append(f"{self.renewal['sentence']} This explanation is of now.\n")
        return "\n".join(said)

    @cached_property
    def _without(self) -> list[str]:
        card, model = self.register.card, self.register.trained
        names = fields_hidden(card, model, VIEWS[self.view])  # type: ignore[arg-type]
        return [self.cohort.fields[name].label for name in names]


def explain(connection: Connection, access: Access, settings: Settings, check_ref: str, pupil: Any) -> Explained:
    """One pupil (the row of one whom the caller may read) of one check, as the caller's view has it.

    In the service's own transaction. Raises a 404 where the check does not have the pupil.
    """
    check = readable_check(connection, access, check_ref)
    effective = load(connection, check, [pupil.id])
    if not len(effective) or pupil.id in unsettled(connection, access, check.id):
        raise Refusal(404, "not_in_check", "This pupil is not in this check’s register.")
    seen = effective.cohort.seen_by(VIEWS[access.view])
    standing = standings(connection, check.id, [pupil.id]).get(pupil.id, NONE)
    return Explained(
        pupil,
        check,
        access.view,
        seen,
        effective.places[0],
        _register(connection, settings, check, seen),
        _earlier(connection, access, settings, check, pupil.id),
        _stands(connection, access, check.id, pupil.id),
        standing.to_list(access.view),
        standing.objection,
        told_of(connection, check.id),
    )


def _register(connection: Connection, settings: Settings, check: Any, cohort: Cohort) -> Register:
    card = card_of(connection, check.scorecard_digest)
    by_key = {name: values for name, values in cohort.columns.items() if name not in IDENTIFIERS}
    return score(replace(cohort, columns=by_key), card, model_of(connection, settings, check.model_digest))


def _earlier(connection: Connection, access: Access, settings: Settings, check: Any, pupil_id: int) -> Register | None:
    if check.earlier_id is None:
        return None
    earlier = connection.execute(select(t.checks).where(t.checks.c.id == check.earlier_id)).one()
    if pupil_id in unsettled(connection, access, earlier.id):
        return None
    cohort = load(connection, earlier, [pupil_id]).cohort
    return _register(connection, settings, earlier, cohort.seen_by(VIEWS[access.view])) if len(cohort) else None


def _stands(connection: Connection, access: Access, check_id: int, pupil_id: int) -> dict[str, Any] | None:
    """Section, band and mark of the pupil in the register itself; the rest is as explained."""
    found = row_of(connection, access, check_id, pupil_id)
    return (
        None if found is None else {name: json.loads(found.line).get(name) for name in ("section", "band", "moderated")}
    )


def row_of(connection: Connection, access: Access, check_id: int, pupil_id: int) -> Any:
    """The pupil's row in the check's register as the caller's view has it; None where there is none."""
    row, register = t.register_rows.c, t.registers.c
    return connection.execute(
        select(t.register_rows)
        .join(t.registers, register.id == row.register_id)
        .where(register.check_id == check_id, register.view == access.view, register.beside.is_(False))
        .where(row.pupil_id == pupil_id)
    ).one_or_none()


def values_of(cohort: Cohort) -> Iterator[dict[str, Any]]:
    """Every known value of the one pupil of a cohort: the field, what it says, and whence, as at when.

    Of a pupil whose information is restricted no more than who it is.
    """
    restricted = cells(cohort, "restricted_sharing")[0]
    for name in cohort.columns:
        item, source = cohort.fields[name], cohort.source_of(name, 0)
        value = cells(cohort, name)[0]
        if value is None or (restricted and item.family not in WHO):
            continue
        yield {
            "field": name,
            "label": item.label,
            "family": item.family,
            "value": value,
            "words": item.codes[value] if item.type == "code" else None,
            "unit": item.unit or None,
            "source": source.name if source is not None else cohort.files[int(cohort.file_index[0])],
            "from": SOURCES["school" if source is None else source.kind],
            "as_at": (source.as_at if source is not None and source.as_at else cohort.check.on).isoformat(),
        }


def history_of(connection: Connection, access: Access, pupil_ref: str) -> tuple[dict[str, Any], int]:
    """Where the pupil stood in every check whose register the caller may read, the newest first; and the pupil's id."""
    pupil = access.require_pupil(connection, pupil_ref)
    row, register = t.register_rows.c, t.registers.c
    query = (
        select(t.checks, row.section, row.line.label("line"))
        .join(t.registers, register.check_id == t.checks.c.id)
        .join(t.register_rows, row.register_id == register.id)
        .where(row.pupil_id == pupil.id, access.may_read_line(row.pupil_id, row.school_id))
        .where(register.view == access.view, register.beside.is_(False))
        .order_by(t.checks.c.on.desc())
    )
    found = [_stood(item) for item in connection.execute(query) if readable_stage(access, item)]
    return {"pupil": pupil.ref, "view": access.view, "items": found}, pupil.id


STOOD = ("section", "status", "band", "points", "points_max", "probability", "chance", "why", "school", "change")


def _stood(row: Any) -> dict[str, Any]:
    line = json.loads(row.line)
    check = {"ref": row.ref, "label": row.label, "on": row.on.isoformat()}
    return {"check": check, **{name: line.get(name) for name in STOOD}, "moderated": line.get("moderated")}


def search(
    connection: Connection, access: Access, name: str | None, upn: str | None, limit: int
) -> list[tuple[int, dict[str, Any]]]:
    """Pupils whom the caller may read, found by words of the name or by UPN."""
    pupil, school = t.pupils.c, t.schools.c
    query = (
        select(pupil.id, pupil.ref, pupil.name, pupil.leavers, school.name.label("school_name"), school.urn)
        .add_columns(school.ref.label("school_ref"))
        .outerjoin(t.schools, school.id == pupil.school_id)
        .where(access.may_read(pupil.id), pupil.died_at.is_(None))
        .order_by(pupil.search, pupil.id)
        .limit(limit)
    )
    if upn is not None:
        query = query.where((pupil.upn == upn) | (pupil.former_upn == upn))
    for word in (name or "").casefold().replace(",", " ").split():
        query = query.where(pupil.search.contains(word, autoescape=True))
    return [
        (
            row.id,
            {
                "pupil": row.ref,
                "name": row.name,
                "leavers": row.leavers,
                "school": row.urn and {"ref": row.school_ref, "name": row.school_name, "urn": row.urn},
            },
        )
        for row in connection.execute(query)
    ]


def form(explained: Explained, media: str) -> bytes:
    """The explanation as JSON, plain text or a picture. Raises a 404 where there is no score to draw."""
    if media == "text/plain":
        return explained.text.encode()
    if media != "image/svg+xml":
        return to_json(explained.to_dict())
    picture = explained.explanation.svg()
    if not picture:
        raise Refusal(404, "no_picture", "There is no score to draw. Ask for text/plain, which says why.")
    return picture.encode()
