"""The invented people of an authority and their years: who is where, when, and what is true of them at each check.

Time runs in ticks: 0 is November of Year 9, 1 January of Year 9, 2 November of Year 10 ... 7 January of Year 12.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roni.synthetic.process import Array, Columns, draw_pupils, draw_suspensions, grades, missed, next_year

FIRST_YEAR_GROUP, LAST_YEAR_GROUP = 9, 12
TICKS = 2 * (LAST_YEAR_GROUP - FIRST_YEAR_GROUP + 1)
YEAR_11_JANUARY = 5
NEVER = 99

# Flags that begin and end; the shares below are this project's choice.
LASTING = (
    "fsm", "looked_after", "previously_looked_after", "care_leaver", "child_in_need", "child_protection_plan",
    "early_help", "youth_justice", "permanently_excluded", "alternative_provision", "young_carer", "pregnant", "parent",
    "refugee_or_asylum_seeker", "substance_misuse", "mental_health_need", "homeless", "elective_home_education",
    "missing_education", "part_time_timetable", "sen", "ehcp",
)  # fmt: skip
FROM_THE_START = 0.7  # of those flagged in January of Year 11, already so in November of Year 9
ENDED = 0.15  # for every pupil flagged then, so many of whom it was true before and no longer is
NO_ENDING = ("permanently_excluded", "parent", "previously_looked_after", "care_leaver")

MOVES_IN, MOVES_OUT, CHANGES_SCHOOL = 0.03, 0.03, 0.03
IN_SPECIAL_SCHOOL = 0.4  # of pupils with a plan; of pupils in alternative provision, so many on the unit's own roll:
IN_UNIT = 0.5
RESTRICTED = 0.003
SEEN_BY_NOVEMBER = 0.6  # of a year's suspensions, those within the twelve months up to November


@dataclass(frozen=True)
class Spell:
    """From which tick a flag is true of each pupil, and until which."""

    start: NDArray[np.int8]
    end: NDArray[np.int8]

    def at(self, tick: Array) -> NDArray[np.bool_]:
        return np.asarray((self.start <= tick) & (tick < self.end))


@dataclass(frozen=True)
class World:
    """Every pupil of an authority: what stays (`people`), what begins and ends (`spells`), what each year brings."""

    people: Columns
    spells: dict[str, Spell]
    missed: NDArray[np.float64]  # [5 x n] per cent of the year, Years 8 to 12
    suspensions: NDArray[np.int32]  # [5 x n]
    suspensions_november: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.people["leavers"])

    def school_at(self, tick: Array) -> NDArray[np.int16]:
        """The main school at a tick; -1 outside the authority, educated at home or missing education."""
        people = self.people
        school = np.where(tick >= people["moves_at"], people["second_school"], people["first_school"])
        absent = ~self.present(tick) | self.spells["elective_home_education"].at(tick)
        return np.where(absent | self.spells["missing_education"].at(tick), -1, school).astype(np.int16)

    def present(self, tick: Array) -> NDArray[np.bool_]:
        """Whether the pupil lives in the authority."""
        return np.asarray((self.people["arrives_at"] <= tick) & (tick < self.people["leaves_at"]))


def make_world(rng: np.random.Generator, leavers: NDArray[np.int64], mainstream: int) -> World:
    """Draw everybody. Schools 0 to mainstream - 1 are ordinary, then the special school, then the unit."""
    size = len(leavers)
    people = draw_pupils(rng, size)
    people["sen"] = people["sen_support"] | people["ehcp"]
    people["leavers"] = leavers
    people["english_grade"], people["maths_grade"] = grades(people, "english"), grades(people, "maths")
    spells = {name: _spell(rng, people[name], name) for name in LASTING}
    _place(rng, people, spells, mainstream)
    yearly = _years(rng, people)
    suspensions = np.stack([draw_suspensions(rng, people["suspension_risk"]) for _ in range(5)])
    suspensions[3] = people["suspensions"]
    november = rng.binomial(suspensions, SEEN_BY_NOVEMBER).astype(np.int32)
    return World(people, spells, yearly, suspensions, november)


def _spell(rng: np.random.Generator, now: Array, name: str) -> Spell:
    size = len(now)
    later = np.where(rng.random(size) < FROM_THE_START, 0, rng.integers(1, YEAR_11_JANUARY + 1, size))
    over = ~now & (rng.random(size) < ENDED * now.mean())
    if name in NO_ENDING:
        over[:] = False
    start = np.where(now, later, np.where(over, 0, NEVER))
    end = np.where(over, rng.integers(1, YEAR_11_JANUARY + 1, size), NEVER)
    return Spell(start.astype(np.int8), end.astype(np.int8))


def _years(rng: np.random.Generator, people: Columns) -> NDArray[np.float64]:
    year_11 = people["absence"]
    year_10 = next_year(rng, year_11)
    year_9 = next_year(rng, year_10)
    deviates = [next_year(rng, year_9), year_9, year_10, year_11, next_year(rng, year_11)]
    return np.stack([missed(people, deviate) for deviate in deviates])


def _place(rng: np.random.Generator, people: Columns, spells: dict[str, Spell], mainstream: int) -> None:
    size = len(people["leavers"])
    need = 0.8 * people["fsm"] + 0.3 * people["strain"] + rng.standard_normal(size)  # schools differ in intake
    home = np.argsort(np.argsort(need)) * mainstream // size
    special = people["ehcp"] & (rng.random(size) < IN_SPECIAL_SCHOOL)
    people["first_school"] = np.where(special, mainstream, home).astype(np.int16)
    moves = ~special & (rng.random(size) < CHANGES_SCHOOL)
    other = (home + rng.integers(1, mainstream, size)) % mainstream if mainstream > 1 else home
    in_provision = people["alternative_provision"] & ~special
    unit = in_provision & (rng.random(size) < IN_UNIT)
    people["second_school"] = np.where(unit, mainstream + 1, np.where(moves, other, people["first_school"])).astype(
        np.int16
    )
    moves_at = np.where(moves, rng.integers(1, TICKS, size), NEVER)
    people["moves_at"] = np.where(unit, spells["alternative_provision"].start, moves_at).astype(np.int8)
    people["dual"] = in_provision & ~unit & (rng.random(size) < IN_UNIT)
    people["arrives_at"] = np.where(rng.random(size) < MOVES_IN, rng.integers(1, TICKS, size), 0).astype(np.int8)
    leaves = rng.integers(1, TICKS, size)
    going = (rng.random(size) < MOVES_OUT) & (leaves > people["arrives_at"])
    people["leaves_at"] = np.where(going, leaves, NEVER).astype(np.int8)
    people["restricted"] = rng.random(size) < RESTRICTED
