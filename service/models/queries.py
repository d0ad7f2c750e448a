"""What can be said of a model: its card, its tables in short, where it is used, who promoted it."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from roni import Model, national
from service import tables as t
from service.checks.cards import promoted_digests
from service.models.promotions import history
from service.models.shelf import FIGURES, REPORT, Shelved, shelf
from service.settings import Settings


def list_shelf(connection: Connection, settings: Settings) -> list[dict[str, Any]]:
    """Every model on the shelf, refused ones too."""
    promoted, used = promoted_digests(connection), _used(connection)
    return [_short(item, promoted, used) for item in shelf(settings)]


def show_model(connection: Connection, item: Shelved) -> dict[str, Any]:
    """One model with its card, what was measured, its tables in short, and the record of its promotions."""
    short = _short(item, promoted_digests(connection), _used(connection))
    return short | {
        "card": None if item.model is None else _card(item.model),
        "fields": [] if item.model is None else fields_of(item.model),
        "starts_from": None if item.model is None else _probability(item.model.tables.base),
        "band_edges": [] if item.model is None else list(item.model.band_edges),
        "promotions": history(connection, item.name),
    }


def _short(item: Shelved, promoted: set[str], used: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    model = item.model
    return {
        "name": item.name,
        "own": item.own,
        "refused": item.refused or None,
        "digest": model and model.digest,
        "what": model and model.card.what,
        "trained_at": model and model.card.trained_at,
        "meant_for": (model and model.card.meant_for) or None,
        "invented": None if model is None else model.card.synthetic,
        "promoted": model is not None and model.digest in promoted,
        "used_by": used.get(model.digest, []) if model is not None else [],
        "evaluation": f"/v1/models/{item.name}/evaluation" if item.file(REPORT) else None,
        "figures": item.file(FIGURES) is not None,
    }


def _used(connection: Connection) -> dict[str, list[dict[str, str]]]:
    """By digest the checks that score with it."""
    checks = t.checks.c
    rows = connection.execute(
        select(checks.ref, checks.label, checks.model_digest)
        .where(checks.model_digest.is_not(None))
        .order_by(checks.on.desc())
    )
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        found.setdefault(row.model_digest, []).append({"ref": row.ref, "label": row.label})
    return found


def _card(model: Model) -> dict[str, Any]:
    card = asdict(model.card)
    card["measured"] = [
        {**figure, "text": item.text} for figure, item in zip(card["measured"], model.card.measured, strict=True)
    ]
    return card | {"invented": card.pop("synthetic"), "notices": model.notes}


def fields_of(model: Model) -> list[dict[str, Any]]:
    """Each field that a model reads: the least and the most that it adds to the log-odds, and what not known adds."""
    words = national()
    return [
        {
            "name": item.name,
            "label": words[item.name].label if item.name in words else item.name,
            "least": min(*table.values, table.missing),
            "most": max(*table.values, table.missing),
            "not_known": table.missing,
            "known_at_training": item.known,
            "special_category": item.name in words and words[item.name].special_category,
        }
        for item, table in zip(model.fields, model.tables.tables, strict=True)
    ]


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
