"""The rows of every view of some pupils of a check, worked out together and not yet stored."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from roni import Cohort, Register, score
from service import tables as t
from service.caseload.standing import standings
from service.registers.basis import Basis
from service.registers.change import changes_of
from service.registers.cohorts import load
from service.registers.gathering import Place
from service.registers.lines import Known, Row, rows_of
from service.registers.views import MARK, alike, side_by_side, views_of

PUPILS_AT_ONCE = 3000  # keeps what is in memory small beside a council's pupils; a school is never parted


@dataclass(frozen=True)
class Made:
    """Rows of a register by view; views that see the same share theirs."""

    rows: Mapping[str, list[Row]]
    places: Sequence[Place]
    register: Register
    cohorts: Mapping[str, Cohort]  # of the views that differ
    first: Mapping[str, str]  # view -> the view that it is like


def make(basis: Basis, pupils: Collection[int], views: Collection[str]) -> Made | None:
    """Score these pupils in these views. None where none of them is in the check any more."""
    effective = load(basis.connection, basis.check, pupils)
    if not len(effective):
        return None
    earlier = changes_of(basis, pupils)
    seen = views_of(effective.cohort, views)
    first = alike(seen, effective.cohort, basis.used)
    distinct = {view: cohort for view, cohort in seen.items() if first[view] == view}
    register = score(side_by_side(distinct), basis.card, basis.model)
    known = Known(
        schools={number: _school(row) for number, row in effective.schools.items()},
        moderated=standings(basis.connection, basis.check.id, pupils),
        change=earlier.since(register, effective.places, distinct),
        home=home_names(basis.settings.council),
        unseen=[basis.unseen(other for other, like in first.items() if like == view) for view in distinct],
    )
    rows, size = rows_of(register, effective.places, known), len(effective)
    starts = {view: place * size for place, view in enumerate(distinct)}
    by_view = {view: rows[starts[first[view]] : starts[first[view]] + size] for view in seen}
    return Made(by_view, effective.places, register, distinct, first)


def parts_of(connection: Connection, check_id: int) -> Iterator[list[int]]:
    """The pupils of a check, whole schools together, not too many at a time."""
    roll = t.roll_pupils.c
    rows = connection.execute(
        select(roll.pupil_id, roll.school_id)
        .where(roll.check_id == check_id, roll.live)
        .order_by(roll.school_id, roll.pupil_id)
    )
    part: dict[int, None] = {}
    done: set[int] = set()
    for _, group in groupby(rows, key=lambda row: row.school_id):
        fresh = [row.pupil_id for row in group if row.pupil_id not in done]
        if part and len(part) + len(fresh) > PUPILS_AT_ONCE:
            yield list(part)
            part = {}
        done.update(fresh)
        part.update(dict.fromkeys(fresh))
    if part:
        yield list(part)


def notes_of(basis: Basis, made: Made, schools: Collection[int | None]) -> dict[str, dict[str, list[str]]]:
    """By view and school, what is said once: of the model, and of what whole files say nothing about."""
    found: dict[str, dict[str, list[str]]] = {}
    of_files = _by_file(made.register)
    for view, cohort in made.cohorts.items():
        found[view] = {}
        for school in schools:
            which = [place for place, item in enumerate(made.places) if item.school_id == school]
            files = dict.fromkeys(cohort.files[place] for place in cohort.file_index[which].tolist())
            said = [note for file in files for note in of_files.get((view, file), ())]
            found[view][str(school or "")] = [*_of_model(basis, cohort, which), *said]
    return {view: found[first] for view, first in made.first.items()}


def _of_model(basis: Basis, cohort: Cohort, which: list[int]) -> list[str]:
    if basis.model is None:
        return []
    return basis.model.notes_on(cohort if len(which) == len(cohort) else cohort.take(np.array(which)))


def _by_file(register: Register) -> dict[tuple[str, str], list[str]]:
    """What is said of each view's files, under the files' own names."""
    found: dict[tuple[str, str], list[str]] = {}
    for note in register.file_notes:
        file, _, rest = note.partition(MARK)
        view, _, words = rest.partition(" ")
        found.setdefault((view, file), []).append(f"{file} {words}")
    return found


def _school(row: Any) -> dict[str, Any]:
    return {"ref": row.ref, "name": row.name, "urn": row.urn}


def home_names(council: str) -> frozenset[str]:
    """The ways in which a roll may name the council as a home authority.

    >>> sorted(home_names("Sample County Council"))
    ['sample', 'sample county council']
    """
    name = council.strip().casefold()
    short = [word for word in name.split() if word not in ("council", "county", "city", "borough", "metropolitan")]
    return frozenset({name, " ".join(short)} - {""})
