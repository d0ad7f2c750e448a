"""How much is known: of each field that the check's scorecard reads, for each school."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from roni import Cohort, Field, national
from service import tables as t
from service.access import Access
from service.models.comparisons import readable
from service.registers.cards import card_of
from service.registers.views import views_of
from service.reports.queries import OWN_ROLL


def completeness(connection: Connection, access: Access, check: Any) -> dict[str, Any]:
    """Of how many pupils each field is known, and the same by school; restricted pupils are not asked."""
    effective = readable(connection, access, check)
    cohort = views_of(effective.cohort)[access.view]
    asked = np.array([not place.left for place in effective.places], np.bool_)
    asked &= np.asarray(cohort.column("restricted_sharing")) <= 0
    fields = _fields(connection, access, check)
    known = {item.name: _known(cohort, item) & asked for item in fields}
    schools = np.array([-1 if place.school_id is None else place.school_id for place in effective.places], np.int64)
    return {
        "pupils": int(asked.sum()),
        "fields": [_field(item, int(known[item.name].sum()), int(asked.sum())) for item in fields],
        "schools": _schools(connection, schools, asked, known),
    }


def _fields(connection: Connection, access: Access, check: Any) -> list[Field]:
    """What the scores rest on, as far as the caller sees it; in the order of the card."""
    card, words = card_of(connection, check.scorecard_digest), national()
    names = [name for name in card.fields if words[name].audience in access.audiences]
    return [words[name] for name in dict.fromkeys(names)]


def _known(cohort: Cohort, item: Field) -> Any:
    return np.asarray(cohort.known(item.name), np.bool_)


def _field(item: Field, known: int, pupils: int) -> dict[str, Any]:
    line = {"name": item.name, "label": item.label, "supplier": item.supplier, "known": known}
    return line | {"known_pct": _share(known, pupils)}


def _schools(connection: Connection, schools: Any, asked: Any, known: dict[str, Any]) -> list[dict[str, Any]]:
    rows = connection.execute(select(t.schools.c.id, t.schools.c.name, t.schools.c.urn))
    names = {row.id: (row.name, row.urn) for row in rows}
    found = []
    for school in sorted(set(schools[asked].tolist())):
        mine = asked & (schools == school)
        pupils, name = int(mine.sum()), names.get(school, (OWN_ROLL, None))
        fields = {field: int((values & mine).sum()) for field, values in known.items()}
        share = _share(sum(fields.values()), pupils * len(fields))
        found.append({"name": name[0], "urn": name[1], "pupils": pupils, "known_pct": share, "fields": fields})
    return sorted(found, key=lambda line: line["name"].casefold())


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None
