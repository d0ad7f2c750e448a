"""What there is to choose in the forms of a check: stages, year groups, scorecards, promoted models, schools."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from roni import scorecard_names
from service import tables as t
from service.checks.cards import model_in_force
from service.registers.cards import shipped_cards

YEARS = tuple((str(year), f"Year {year}") for year in range(7, 14))
STAGES = {"draft": "Draft: schools and analysts see the list", "moderated": "Moderated",
          "published": "Published: coaches and teams see it"}  # fmt: skip
NO_MODEL = "none"
SHORT = 8  # characters of a digest that tell two models of one name apart
STATES = {"not_returned": "Has not sent anything yet", "in_progress": "Has started: what it has sent is not used"}


def cards(connection: Connection, check: Any = None) -> list[tuple[str, str]]:
    """Scorecards by name, each in its newest version; before them that of the check by its digest."""
    newest = _newest(connection)
    if check is None:
        return [(name, name) for name in newest]
    return [
        (check.scorecard_digest, f"{check.scorecard}, as now"),
        *(
            (name, f"{name}, newer version" if name == check.scorecard else name)
            for name, digest in newest.items()
            if digest != check.scorecard_digest
        ),
    ]


def _newest(connection: Connection) -> dict[str, str]:
    """The digest of each card's newest version: the shipped ones first, whose newest is what is shipped."""
    shipped = {card.name: digest for digest, card in shipped_cards().items()}
    stored = connection.execute(select(t.scorecards).order_by(t.scorecards.c.id))
    return {name: shipped[name] for name in scorecard_names()} | {
        row.name: row.digest for row in stored if row.name not in shipped
    }


def models(connection: Connection, check: Any = None) -> list[tuple[str, str]]:
    """Promoted models by digest; with them that of the check, also where it was taken back since."""
    rows = connection.execute(select(t.promotions).order_by(t.promotions.c.id)).all()
    last = {row.digest: row for row in rows}
    found = {digest: row.model for digest, row in last.items() if row.action == "promote"}
    names = list(found.values())
    made = {digest: _told_apart(name, digest, names) for digest, name in found.items()}
    if check is not None and check.model_digest is not None:
        made[check.model_digest] = f"{made.get(check.model_digest, check.model)}, as now"
    return list(made.items())


def models_of_new(connection: Connection) -> list[tuple[str, str]]:
    """The same for a check to be opened: where a model is in force, none is to be chosen as such."""
    return [*models(connection), *([(NO_MODEL, "None: the scorecard alone")] if in_force(connection) else [])]


def in_force(connection: Connection) -> str:
    """The model that a new check has unless another is chosen, in words; "" where there is none."""
    found = model_in_force(connection, date.max)
    return "" if found is None else f"{found.model}, from {found.label} on"


def _told_apart(name: str, digest: str, names: list[str]) -> str:
    return name if names.count(name) == 1 else f"{name} ({digest[:SHORT]})"


def schools(connection: Connection) -> list[tuple[str, str]]:
    """The council's schools that may be asked, by name."""
    school = t.schools.c
    rows = connection.execute(select(school.urn, school.name).where(school.active).order_by(school.name, school.id))
    return [(row.urn, row.name) for row in rows]


def schools_beside(connection: Connection, shown: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The schools that a check may ask or ask no more, with how far they are: all but those that have confirmed."""
    asked = {line["urn"]: line for line in shown["schools"]}
    names = dict(schools(connection)) | {urn: line["name"] for urn, line in asked.items()}
    return [
        (urn, name, STATES[asked[urn]["state"]]) if urn in asked else (urn, name)
        for urn, name in sorted(names.items(), key=lambda item: item[1].casefold())
        if urn not in asked or asked[urn]["state"] != "signed_off"
    ]
