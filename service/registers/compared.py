"""Two checks compared: who is new, up, down, unchanged or has left, and why, as the caller's view has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from roni import Cohort, Register, score
from service import tables as t
from service.access import VIEWS, Access
from service.problems import Refusal
from service.registers.cards import card_of, model_of
from service.registers.cells import cells, said
from service.registers.change import NO_RETURN, schools_returned
from service.registers.claimed import unsettled
from service.registers.cohorts import load
from service.registers.cursors import seal, unseal
from service.registers.gathering import Place
from service.registers.schemas import MovementQuery
from service.registers.views import IDENTIFIERS
from service.settings import Settings

KINDS = (
    "up", "new", "down", "left", "unchanged", NO_RETURN, "not returned yet", "not compared",
    "not asked for in both checks", "cannot be matched between checks",
)  # fmt: skip
NOT_YET = "not returned yet"
AT_ONCE = 3000  # pupils compared together


def movement_of(
    connection: Connection,
    access: Access,
    settings: Settings,
    check: Any,
    earlier: Any,
    asked: MovementQuery,
    pupils: Sequence[int],
) -> tuple[dict[str, Any], list[int]]:
    """A page of what changed of these pupils between two checks, counts of every kind, and whom the page shows.

    In the service's own transaction: a score may rest on what other schools and teams say.
    """
    if earlier.on >= check.on:
        raise Refusal(422, "not_earlier", "The check that is compared with must be of an earlier day.")
    school, kind, limit, cursor = asked.school, asked.kind, asked.limit, asked.cursor
    if limit > settings.page_most:
        raise Refusal(422, "limit", f"A page has at most {settings.page_most} pupils.")
    pair = Pair(connection, access, settings, check, earlier)
    parts = (pupils[start : start + AT_ONCE] for start in range(0, len(pupils), AT_ONCE))
    entries = sorted((entry for part in parts for entry in pair.entries(part)), key=_text)
    counts = Counter(entry["kind"] for _, entry in entries)
    about = f"movement {check.ref} {earlier.ref} {school} {kind} {access.person_ref} {access.grant_id}"
    after = None if cursor is None else unseal(settings.secret, cursor, about)
    wanted = [item for item in entries if kind in (None, item[1]["kind"])]
    rest = wanted if after is None else [item for item in wanted if _text(item) > after[0]]
    page = rest[:limit]
    position = (after[1] if after else 0) + len(page)
    following = seal(settings.secret, _text(page[-1]), position, about) if len(rest) > limit else None
    answer = {
        "check": {"ref": check.ref, "label": check.label},
        "earlier": {"ref": earlier.ref, "label": earlier.label},
        "view": access.view,
        "counts": {name: counts[name] for name in KINDS if counts[name]},
        "items": [{name: value for name, value in entry.items() if name != "band_place"} for _, entry in page],
        "next": following,
    }
    return answer, [place.pupil_id for place, _ in page]


def _text(item: tuple[Place, dict[str, Any]]) -> str:
    """By kind, then band and points now (of those who have gone, before), then key: one text, as cursors hold it."""
    place, entry = item
    band = 99 - (entry["band_place"] if entry["band_place"] is not None else -1)
    points = 99_999 - (entry["points_now"] if entry["points_now"] is not None else entry["points_before"] or 0)
    return f"{KINDS.index(entry['kind']):02d}{band:02d}{points:05d}{place.key}"


def readable_pupils(connection: Connection, access: Access, check: Any, earlier: Any, school: str | None) -> list[int]:
    """The pupils on a roll of either check whom the caller may read; `school`: only those on its roll."""
    roll = t.roll_pupils.c
    query = (
        select(roll.pupil_id)
        .where(roll.check_id.in_((check.id, earlier.id)), roll.live, access.may_read(roll.pupil_id))
        .distinct()
        .order_by(roll.pupil_id)
    )
    if school is not None:
        query = query.join(t.schools, t.schools.c.id == roll.school_id).where(t.schools.c.urn == school)
    return list(connection.execute(query).scalars())


class Pair:
    """Two checks, each by its own card and model, under one view."""

    def __init__(self, connection: Connection, access: Access, settings: Settings, check: Any, earlier: Any) -> None:
        self.connection, self.view = connection, VIEWS[access.view]
        self.checks = (check, earlier)
        self.by = [
            (card_of(connection, item.scorecard_digest), model_of(connection, settings, item.model_digest))
            for item in self.checks
        ]
        self.returned = [schools_returned(connection, item.id) for item in self.checks]
        self.unsettled = [unsettled(connection, access, item.id) for item in self.checks]

    def entries(self, pupils: Sequence[int]) -> Iterator[tuple[Place, dict[str, Any]]]:
        """What moved of each of these pupils who stand in either check."""
        now, then = (
            load(self.connection, check, [pupil for pupil in pupils if pupil not in theirs])
            for check, theirs in zip(self.checks, self.unsettled, strict=True)
        )
        registers = [self._register(each.cohort, place) for place, each in enumerate((now, then))]
        here, there = ({place.key: place for place in each.places} for each in (now, then))
        gone = {key for key, place in here.items() if place.left and not (key in there and there[key].left)}
        where = _where(registers[0])
        bands = [band.name for band in self.by[0][0].bands]
        shown = _shown(registers)
        for row in registers[0].since(registers[1]).to_table().to_pylist():
            place = here.get(row["key"]) or there[row["key"]]
            entry = {
                "pupil": place.ref,
                **shown[row["key"]],
                "school": self._school(place.school_id),
                "kind": row["kind"],
                **{name: row[name] for name in FIGURES},
                "why": row["why"],
                "band_place": _place(bands, row["band_now"] or row["band_before"]),
            }
            if row["key"] in gone:
                entry |= {"kind": "left", "why": where[row["key"]]}
            yield place, self._returned(entry, row["key"] in here, row["key"] in there, place)

    def _register(self, cohort: Cohort, place: int) -> Register:
        """By key alone: the service knows who is who, and no old UPN may say otherwise."""
        seen = cohort.seen_by(self.view)
        columns = {name: values for name, values in seen.columns.items() if name not in IDENTIFIERS}
        return score(replace(seen, columns=columns), *self.by[place])

    def _returned(self, entry: dict[str, Any], now: bool, then: bool, place: Place) -> dict[str, Any]:
        """Nobody is new or has left because a school has made no return."""
        if entry["kind"] == "left" and not now and place.school_id not in self.returned[0]:
            return entry | {"kind": NOT_YET, "why": f"The school has not returned {self.checks[0].label} yet."}
        if entry["kind"] == "new" and not then and place.school_id not in self.returned[1]:
            return entry | {"kind": NO_RETURN, "why": f"The school made no return for {self.checks[1].label}."}
        return entry

    def _school(self, school_id: int | None) -> dict[str, Any] | None:
        if not hasattr(self, "_schools"):
            rows = self.connection.execute(select(t.schools.c.id, t.schools.c.ref, t.schools.c.name, t.schools.c.urn))
            self._schools = {row.id: {"ref": row.ref, "name": row.name, "urn": row.urn} for row in rows}
        return None if school_id is None else self._schools.get(school_id)


FIGURES = ("band_before", "points_before", "band_now", "points_now")
NAMES = ("surname", "forename", "preferred_name")


def _place(bands: list[str], name: str | None) -> int | None:
    return bands.index(name) if name in bands else None


def _where(register: Register) -> dict[str, str]:
    """By key, when a pupil left and where to, as far as the view may know."""
    days, codes = cells(register.cohort, "leaving_date"), said(register.cohort, "leaving_destination")
    keys = register.cohort.keys.to_pylist()
    return {
        key: "left" + (f" on {day}" if day else "") + (f", to {to}" if to else "")
        for key, day, to in zip(keys, days, codes, strict=True)
    }


def _shown(registers: Sequence[Register]) -> dict[str, dict[str, Any]]:
    """Names and year group by key: as they stand now, and of those who have gone as they stood before."""
    found: dict[str, dict[str, Any]] = {}
    for register in reversed(registers):
        columns = {name: cells(register.cohort, name) for name in (*NAMES, "year_group")}
        for place, key in enumerate(register.cohort.keys.to_pylist()):
            found[key] = {name: values[place] for name, values in columns.items()}
    return found
