"""A line's reasons apart: each met indicator with its fact and points, so that programs need not read sentences.

The points of a pupil's reasons add up to the pupil's points. `sensitive` marks what files leave out unless asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

from roni import Dictionary, Model, Register
from service.access import VIEWS

SEPARATOR = "; "


def is_sensitive(fields: Dictionary, names: Iterable[str]) -> bool:
    """Whether any of the fields is special category, or youth justice."""
    return any(fields[name].special_category or fields[name].audience == "youth_justice" for name in names)


def reasons_of(register: Register, texts: Sequence[str]) -> list[list[dict[str, Any]]]:
    """The reasons of each pupil of the cohort; `texts` are the list's sentences, in the cohort's order."""
    reasons, met = _met(register)
    of_model = register.trained is not None and _reads_sensitive(register.trained, register.cohort.fields)
    with_fact = cache(lambda place, part: {**reasons[place], "fact": _fact(part, reasons[place])})
    said: dict[tuple[str, tuple[int, ...]], list[dict[str, Any]]] = {}  # each only once, however many share it
    found = []
    for text, places in zip(texts, met, strict=True):
        same = (text, tuple(places))
        if same not in said:
            parts = text.split(SEPARATOR) if text else []
            if len(parts) < len(places):
                parts = [reasons[place]["label"] for place in places]
            said[same] = [with_fact(place, part) for place, part in zip(places, parts, strict=False)]
            said[same] += [_of_model(part, of_model) for part in parts[len(places) :]]
        found.append(said[same])
    return found


def _met(register: Register) -> tuple[list[dict[str, Any]], list[list[int]]]:
    """All reasons, most points first, then the automatic inclusions, as the sentences have it; and each pupil's."""
    made, card, fields = register.assessment, register.card, register.cohort.fields
    reasons: list[dict[str, Any]] = []
    found: list[list[int]] = [[] for _ in range(len(made))]
    paid: dict[int, Any] = {}
    columns = []
    for column, (owner, tier) in enumerate(card.tiers):
        met = made.tiers[:, column] > 0
        columns.append((tier.points, owner, tier, met & ~paid[owner] if owner in paid else met))
        paid[owner] = met | paid[owner] if owner in paid else met
    for points, owner, tier, met in sorted(columns, key=lambda each: -each[0]):
        item = card.active[owner]
        _add(found, met, len(reasons))
        reasons.append(_reason(item.name, item.label, fields, tier.when.fields) | {"points": points})
    for column, inclusion in enumerate(card.inclusions):
        _add(found, made.inclusions[:, column] > 0, len(reasons))
        reason = _reason(inclusion.name, inclusion.label, fields, inclusion.when.fields)
        reasons.append(reason | {"at_least": inclusion.band})
    return reasons, found


def _reason(name: str, label: str, fields: Dictionary, read: Sequence[str]) -> dict[str, Any]:
    return {"indicator": name, "label": label} | ({"sensitive": True} if is_sensitive(fields, read) else {})


def _add(found: list[list[int]], met: Any, reason: int) -> None:
    for place in np.flatnonzero(met).tolist():
        found[place].append(reason)


def _of_model(part: str, sensitive: bool) -> dict[str, Any]:
    """What the trained model says, after the card's own reasons."""
    return {"model": True, "fact": part, **({"sensitive": True} if sensitive else {})}


def _fact(part: str, reason: dict[str, Any]) -> str:
    ending = f" +{reason['points']}" if "points" in reason else f": at least {reason['at_least']}"
    return part.removesuffix(ending)


def _reads_sensitive(model: Model, fields: Dictionary) -> bool:
    return is_sensitive(fields, model.tables)


def labels_hidden(fields: Dictionary, names: Iterable[str], view: str) -> list[str]:
    """The labels of these fields that a view does not see."""
    return [fields[name].label for name in names if fields[name].audience not in VIEWS[view]]
