"""A check tried under another scorecard or model, beside its live register: stored, compared, and taken away again.

Nobody but analysts sees it, and nothing of a caseload rests on it.
"""

from __future__ import annotations

import json
from collections import Counter
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, delete, select

from service import audit
from service import tables as t
from service.access import Access
from service.checks.cards import use_model, use_scorecard
from service.checks.queries import require_check
from service.cursors import read_cursor, write_cursor
from service.problems import Refusal
from service.registers.order import RANKED
from service.registers.working_out import work_out_beside
from service.settings import Settings

r, row_of = t.registers.c, t.register_rows.c
ABOUT = ("ref", "scorecard", "scorecard_digest", "model", "model_digest", "library_version", "created_at")


def try_beside(
    connection: Connection, access: Access, settings: Settings, check_ref: str, asked: dict[str, str | None]
) -> str:
    """Score a check's pupils under what is asked (`scorecard`, `model`: a digest), else as it is; the reference.

    Raises a 422 where the card or model is not known, or a model was never promoted.
    """
    check = require_check(connection, check_ref)
    values = dict(check._mapping)
    if asked.get("scorecard"):
        values |= use_scorecard(connection, access, str(asked["scorecard"]))
    if "model" in asked:
        values |= use_model(connection, asked["model"])
    same = ("scorecard_digest", "model_digest")
    if all(values[name] == check._mapping[name] for name in same):
        detail = "The check is scored in that way already. Choose another scorecard or another model."
        raise Refusal(422, "nothing_to_try", detail)
    ref = work_out_beside(connection, settings, SimpleNamespace(**values), access.view, access.person_id)
    tried = {name: values[name] for name in same}
    audit.record(connection, access, "register.try", about=ref, detail={"check": check.ref, **tried})
    return ref


def list_beside(connection: Connection, check_ref: str) -> list[dict[str, Any]]:
    """What was tried beside the live register of a check, the latest first."""
    check = require_check(connection, check_ref)
    rows = connection.execute(_tried(check.id).order_by(r.id.desc()))
    return [_about(row) for row in rows]


def require_beside(connection: Connection, check: Any, ref: str) -> Any:
    """The row of what was tried. Raises a 404, for a live register too."""
    row = connection.execute(_tried(check.id).where(r.ref == ref)).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "Nothing of this reference was tried beside this check.")
    return row


def remove(connection: Connection, access: Access, check_ref: str, ref: str) -> None:
    """Take away what was tried."""
    check = require_check(connection, check_ref)
    row = require_beside(connection, check, ref)
    connection.execute(delete(t.registers).where(r.id == row.id))
    audit.record(connection, access, "register.try_removed", about=ref, detail={"check": check.ref})


def compare_beside(
    connection: Connection, access: Access, check_ref: str, ref: str, limit: int, cursor: str | None = None
) -> dict[str, Any]:
    """What was tried against the live register of the same view: who moved, and who is within capacity.

    The pupils concerned come in the order of the list tried, at most `limit` from `cursor` on.
    """
    check = require_check(connection, check_ref)
    tried = require_beside(connection, check, ref)
    live = connection.execute(
        select(t.registers).where(r.check_id == check.id, r.view == tried.view, r.beside.is_(False))
    ).one_or_none()
    if live is None:
        raise Refusal(409, "no_register", "The register of this check is not there yet.")
    before, after = (_lines(connection, access, register) for register in (live, tried))
    moved = [_moved(pupil, before[pupil], after[pupil]) for pupil in after if pupil in before]
    capacity = check.capacity
    start = 0 if cursor is None else read_cursor(cursor, int)[0]
    concerned = [item for item in moved if _concerns(item, capacity) and item["after"]["rank"] > start]
    shown, more = concerned[:limit], len(concerned) > limit
    audit.record(connection, access, "register.compare", about=ref, pupils=[item["id"] for item in shown])
    return {
        "check": {"ref": check.ref, "label": check.label, "capacity": capacity},
        "live": _about(live),
        "tried": _about(tried),
        **{name: sum(item["change"] == name for item in moved) for name in ("up", "down", "same")},
        "not_in_both": len(before.keys() ^ after.keys()),
        "capacity": None if capacity is None else _capacity(before, after, capacity),
        "schools": _by_school(moved),
        "bands": _bands(moved),
        "band_names": _common(band_names(live), band_names(tried)),
        "bands_differ": live.card["bands"] != tried.card["bands"],
        "items": [_shown(item, capacity) for item in shown],
        "next": write_cursor(shown[-1]["after"]["rank"]) if more else None,
    }


def band_names(register: Any) -> list[str]:
    """The names of the bands of a register's card, the most urgent first."""
    return [str(band["name"]) for band in reversed(register.card["bands"])]


def _common(names: list[str], others: list[str]) -> list[str]:
    return names if names == others else []


def _bands(moved: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How many pupils have which band in the live list and which in the one tried, the most urgent first."""
    counts = Counter(
        (item["before"]["band"], item["after"]["band"], item["before"]["band_name"], item["after"]["band_name"])
        for item in moved
    )
    return [{"first": key[2], "second": key[3], "pupils": counts[key]} for key in sorted(counts, reverse=True)]


def _tried(check_id: int) -> Any:
    by = t.people.c.name.label("made_by")
    people = t.registers.outerjoin(t.people, t.people.c.id == r.made_by_id)
    return select(t.registers, by).select_from(people).where(r.check_id == check_id, r.beside, r.renewal.is_(None))


def _about(row: Any) -> dict[str, Any]:
    said = {name: row._mapping[name] for name in ABOUT}
    return said | {"title": row.card["title"], "made_by": row._mapping.get("made_by")}


def _lines(connection: Connection, access: Access, register: Any) -> dict[int, dict[str, Any]]:
    """The ranked pupils of a register whom the caller may read, by id, with their rank."""
    rows = connection.execute(
        select(row_of.pupil_id, t.pupils.c.ref, t.pupils.c.name, row_of.band, row_of.points, row_of.probability)
        .add_columns(row_of.line, t.schools.c.name.label("school"))
        .join(t.pupils, t.pupils.c.id == row_of.pupil_id)
        .outerjoin(t.schools, t.schools.c.id == row_of.school_id)
        .where(row_of.register_id == register.id, row_of.section == RANKED, access.may_read(row_of.pupil_id))
        .order_by(row_of.sort)
    )
    bands = [band["name"] for band in register.card["bands"]]
    return {
        row.pupil_id: {**row._mapping, "rank": rank, "band_name": bands[row.band]} for rank, row in enumerate(rows, 1)
    }


def _moved(pupil: int, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    step = after["band"] - before["band"]
    return {
        "id": pupil,
        "before": before,
        "after": after,
        "change": "up" if step > 0 else "down" if step < 0 else "same",
    }


def _side(item: dict[str, Any], capacity: int | None) -> str | None:
    """Whether a pupil comes into what the coaches can see, or falls out of it."""
    if capacity is None:
        return None
    was, now = item["before"]["rank"] <= capacity, item["after"]["rank"] <= capacity
    return None if was == now else "in" if now else "out"


def _concerns(item: dict[str, Any], capacity: int | None) -> bool:
    return item["change"] != "same" or _side(item, capacity) is not None


def _shown(item: dict[str, Any], capacity: int | None) -> dict[str, Any]:
    before, after = item["before"], item["after"]
    return {
        "pupil": after["ref"],
        "name": after["name"],
        "school": after["school"],
        "change": item["change"],
        "capacity": _side(item, capacity),
        **{f"{name}_before": before[key] for name, key in SIDE.items()},
        **{f"{name}_after": after[key] for name, key in SIDE.items()},
        "why_before": json.loads(before["line"])["why"],
        "why_after": json.loads(after["line"])["why"],
    }


SIDE = {"band": "band_name", "points": "points", "rank": "rank"}


def _capacity(before: dict[int, Any], after: dict[int, Any], length: int) -> dict[str, int]:
    first, second = ({pupil for pupil, row in side.items() if row["rank"] <= length} for side in (before, after))
    return {
        "length": length,
        "both": len(first & second),
        "only_first": len(first - second),
        "only_second": len(second - first),
    }


def _by_school(moved: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for item in moved:
        school = item["after"]["school"]
        line = found.setdefault(school or "", {"school": school, "pupils": 0, "up": 0, "down": 0})
        line["pupils"] += 1
        if item["change"] != "same":
            line[item["change"]] += 1
    return [found[name] for name in sorted(found)]
