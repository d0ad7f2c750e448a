"""Two models on the pupils of a check, under the check's own scorecard: worked out, told, and not stored."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from roni import Model, Register, score
from service import audit
from service import tables as t
from service.access import Access
from service.checks.queries import require_check
from service.models.shelf import require_model
from service.registers.cards import card_of
from service.registers.cohorts import Effective, load
from service.registers.views import views_of
from service.settings import Settings

RANKED = 0  # in Register.section


def compare_models(
    connection: Connection, access: Access, settings: Settings, first: str, second: str, check_ref: str
) -> dict[str, Any]:
    """How the list of a check would differ between two models of the shelf, promoted or not."""
    check = require_check(connection, check_ref)
    models = require_model(settings, first), require_model(settings, second)
    effective = readable(connection, access, check)
    card = card_of(connection, check.scorecard_digest)
    cohort = views_of(effective.cohort)[access.view]
    lists = [score(cohort, card, model) for model in models]
    names = {row.id: row.name for row in connection.execute(select(t.schools.c.id, t.schools.c.name))}
    return {
        "check": {"ref": check.ref, "label": check.label},
        "scorecard": card.title,
        "models": [_named(model) for model in models],
        **differences(lists[0], lists[1], effective, names, check.capacity),
    }


def readable(connection: Connection, access: Access, check: Any) -> Effective:
    """The pupils of a check whom the caller may read."""
    if access.everything:
        return load(connection, check)
    return load(connection, check, [row.id for row in connection.execute(access.pupils())])


def note_comparison(connection: Connection, access: Access, about: str, models: list[dict[str, Any]]) -> None:
    """The audit's line of a comparison."""
    digests = [model["digest"] for model in models]
    audit.record(connection, access, "model.compare", about=about, detail={"digests": digests})


def _named(model: Model) -> dict[str, Any]:
    return {"name": model.name, "digest": model.digest, "notices": model.notes}


def differences(
    one: Register, other: Register, effective: Effective, names: dict[int, str], capacity: int | None
) -> dict[str, Any]:
    """What two lists of the same pupils do not share: bands, order, who is within capacity, by school."""
    here = np.array([not place.left for place in effective.places], np.bool_) & (one.section == RANKED)
    step = np.where(here, np.sign(other.band.astype(int) - one.band.astype(int)), 0)
    bands = [band.name for band in one.card.bands]
    return {
        "pupils": int(here.sum()),
        "up": int((step > 0).sum()),
        "down": int((step < 0).sum()),
        "same": int((here & (step == 0)).sum()),
        "band_names": bands[::-1],
        "bands": _pairs(one.band[here], other.band[here], bands),
        "rank_correlation": rank_correlation(one.rank[here], other.rank[here]),
        "capacity": None if capacity is None else _at_capacity(one.rank, other.rank, here, capacity),
        "schools": _by_school(step, here, effective, names),
    }


def _pairs(before: NDArray[np.int8], after: NDArray[np.int8], bands: list[str]) -> list[dict[str, Any]]:
    """How many pupils each pair of bands has, the most urgent first."""
    counts = Counter(zip(before.tolist(), after.tolist(), strict=True))
    return [
        {"first": bands[one], "second": bands[other], "pupils": counts[one, other]}
        for one, other in sorted(counts, reverse=True)
    ]


def rank_correlation(one: NDArray[np.int64], other: NDArray[np.int64]) -> float | None:
    """Spearman's, of two orders without ties; None of fewer than two pupils.

    >>> rank_correlation(np.array([1, 2, 5]), np.array([1, 2, 5])), rank_correlation(np.array([1, 2]), np.array([9, 3]))
    (1.0, -1.0)
    """
    if len(one) < 2:
        return None
    first, second = (np.argsort(np.argsort(ranks)).astype(float) for ranks in (one, other))
    n = float(len(first))
    return round(1 - 6 * float(((first - second) ** 2).sum()) / (n * (n * n - 1)), 4)


def _at_capacity(
    one: NDArray[np.int64], other: NDArray[np.int64], here: NDArray[np.bool_], capacity: int
) -> dict[str, int]:
    first, second = _within(one, here, capacity), _within(other, here, capacity)
    return {
        "length": capacity,
        "both": int((first & second).sum()),
        "only_first": int((first & ~second).sum()),
        "only_second": int((second & ~first).sum()),
    }


def _within(ranks: NDArray[np.int64], here: NDArray[np.bool_], capacity: int) -> NDArray[np.bool_]:
    """The first `capacity` pupils of those who count."""
    found = np.zeros(len(ranks), np.bool_)
    found[np.argsort(np.where(here, ranks, len(ranks) + 1), kind="stable")[:capacity]] = True
    return found & here


def _by_school(
    step: NDArray[np.int64], here: NDArray[np.bool_], effective: Effective, names: dict[int, str]
) -> list[dict[str, Any]]:
    schools = np.array([-1 if place.school_id is None else place.school_id for place in effective.places])
    found = []
    for school in sorted(set(schools[here].tolist()), key=lambda each: names.get(each, "")):
        mine = here & (schools == school)
        found.append(
            {
                "school": names.get(school),
                "pupils": int(mine.sum()),
                "up": int((step[mine] > 0).sum()),
                "down": int((step[mine] < 0).sum()),
            }
        )
    return found
