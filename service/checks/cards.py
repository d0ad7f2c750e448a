"""Which scorecard and which model a check may score with: a card whose text is kept, a model that was promoted."""

from __future__ import annotations

from datetime import date
from importlib import resources
from typing import Any

from sqlalchemy import Connection, insert, select

from roni import load_scorecard, scorecard_names
from service import tables as t
from service.access import Access
from service.problems import Refusal
from service.refs import new_ref

p = t.promotions.c


def use_scorecard(connection: Connection, access: Access, name: str) -> dict[str, str]:
    """The name and digest of a shipped card, or of one of the council's own by reference or name; its text is kept."""
    if name in scorecard_names():
        card = load_scorecard(name)
        _keep(connection, access, card.name, card.version, card.digest, _shipped_text(name))
        return {"scorecard": name, "scorecard_digest": card.digest}
    cards = t.scorecards.c
    row = connection.execute(
        select(t.scorecards).where((cards.ref == name) | (cards.name == name)).order_by(cards.id.desc()).limit(1)
    ).one_or_none()
    if row is None:
        shipped = ", ".join(scorecard_names())
        raise Refusal(422, "no_such_scorecard", f"There is no such scorecard. Shipped are: {shipped}.")
    return {"scorecard": row.name, "scorecard_digest": row.digest}


def _shipped_text(name: str) -> str:
    return resources.files("roni").joinpath("scorecards", f"{name}.toml").read_text("utf-8")


def _keep(connection: Connection, access: Access, name: str, version: str, digest: str, text: str) -> None:
    """So that a register can be worked out again after a new version has shipped another card."""
    known = connection.execute(select(t.scorecards.c.id).where(t.scorecards.c.digest == digest)).scalar()
    if known is None:
        row = {"ref": new_ref("scorecard"), "name": name, "version_text": version, "digest": digest, "content": text}
        connection.execute(insert(t.scorecards).values(**row, by_id=access.person_id))


def use_model(connection: Connection, digest: str | None) -> dict[str, Any]:
    """The name and digest of a promoted model; one that was never promoted, or was taken back, is refused."""
    if digest is None:
        return {"model": None, "model_digest": None}
    last = connection.execute(
        select(t.promotions.c.model, t.promotions.c.action)
        .where(t.promotions.c.digest == digest)
        .order_by(t.promotions.c.id.desc())
        .limit(1)
    ).one_or_none()
    if last is None or last.action != "promote":
        raise Refusal(422, "model_not_promoted", "No model of this digest is promoted. Promote it first, with a note.")
    return {"model": last.model, "model_digest": digest}


def model_in_force(connection: Connection, on: date) -> Any:
    """The model that a check of a day has unless it is told otherwise; None without one.

    The one promoted last for a check of that day or before, and not taken back since: `model`, `digest`, and the
    `label` of the check from which on it holds. What was promoted for no check is only there to be chosen.
    """
    rows = connection.execute(
        select(p.model, p.digest, p.action, t.checks.c.label, t.checks.c.on)
        .outerjoin(t.checks, t.checks.c.id == p.check_id)
        .order_by(p.id.desc())
    )
    taken_back: set[str] = set()
    for row in rows:
        if row.action != "promote":
            taken_back.add(row.digest)
        elif row.on is not None and row.on <= on and row.digest not in taken_back:
            return row
    return None


def promoted_digests(connection: Connection) -> set[str]:
    """The digests whose last word is a promotion."""
    last = {row.digest: row.action for row in connection.execute(select(p.digest, p.action).order_by(p.id))}
    return {digest for digest, action in last.items() if action == "promote"}


def why_model(connection: Connection, check: Any) -> str | None:
    """Why a check has its model, or none, as people read it; None where no model is in force."""
    found = model_in_force(connection, check.on)
    if found is None:
        return None
    if found.digest == check.model_digest:
        return f"Promoted from {found.label} on."
    has = "another" if check.model_digest else "none"
    return f"“{found.model}” is promoted from {found.label} on; this check has {has}."
