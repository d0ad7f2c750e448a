"""What a check sees: each pupil's year group, school and facts as at that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.calendar import FIRST_MONTH, Check
from roni.synthetic.destinations import INTENTIONS, OFFERS
from roni.synthetic.process import Array, Columns
from roni.synthetic.typed import FLAGS, GRADES, NEEDS, sen_columns
from roni.synthetic.world import FIRST_YEAR_GROUP, LAST_YEAR_GROUP, World

# First and last days that attendance covers, and the sessions of the October half-term week; this project's choice.
TERM_STARTS = (9, 2)
NOVEMBER_SEES, JANUARY_SEES = (10, 23), (12, 18)
HALF_TERM_SESSIONS = 10
AUTHORISED = 0.65  # of sessions missed
RESCINDED = 0.05  # of permanent exclusions
LEFT_ON = (12, 1)
FULL_TIME_HOURS = 25
LEFT_FOR = (
    "school_here", "school_elsewhere", "independent", "alternative_provision", "home_education", "missing", "abroad",
    "college",
)  # fmt: skip
STATUSES = ("single", "main_dual", "subsidiary")


@dataclass(frozen=True)
class View:
    """Everybody at one check; arrays over all pupils of the authority."""

    world: World
    check: Check
    year_group: NDArray[np.int64]
    tick: NDArray[np.int64]
    here: NDArray[np.bool_]  # of Years 9 to 12 and in the authority
    school: NDArray[np.int64]  # -1: on no school's roll
    was: NDArray[np.int64]  # the school in November where this is January, else the same as `school`
    sessions: Columns

    def in_file(self, school: int, is_unit: bool) -> NDArray[np.bool_]:
        """Whom a school's file lists: on roll, registered there beside another school, or left since November."""
        listed = (self.school == school) | ((self.was == school) & (self.was != self.school))
        if is_unit:
            listed |= self.dual & (self.school != school)
        return np.asarray(listed)

    @property
    def dual(self) -> NDArray[np.bool_]:
        in_provision = self.world.spells["alternative_provision"].at(self.tick)
        return np.asarray(self.world.people["dual"] & in_provision & (self.school >= 0) & self.here)

    @property
    def offers_known(self) -> NDArray[np.bool_]:
        """Offers are asked for from January, of Year 11."""
        return np.asarray((self.year_group == 11) & (self.check.on.month < FIRST_MONTH))

    def columns(self, who: NDArray[np.int64], school: NDArray[Any]) -> dict[str, Any]:
        """Plain columns (see `typed`) of these pupils, as the given school (per pupil) has them registered."""
        flags = {name: self.world.spells[name].at(self.tick)[who] for name in FLAGS}
        sen, ehcp = (self.world.spells[name].at(self.tick)[who] for name in ("sen", "ehcp"))
        plain: dict[str, Any] = {**flags, **sen_columns(sen | ehcp, ehcp)}
        plain["pregnant_or_parent"] = flags["pregnant"] | flags["parent"]
        plain["fsm_ever6"] = flags["fsm"] | self.world.people["fsm"][who]
        plain["eal"] = self.world.people["eal"][who]
        plain["sen_need"] = (NEEDS, np.where(sen | ehcp, who % len(NEEDS), -1))
        plain["year_group"] = self.year_group[who]
        plain["hours_of_provision"] = np.where(flags["part_time_timetable"], 10 + who % 11, FULL_TIME_HOURS)
        plain["no_school_place"] = flags["missing_education"] & (who % 3 == 0)
        plain["custody"] = flags["youth_justice"] & (who % 25 == 0)
        plain |= self._registration(who, school)
        plain |= {name: values[who] for name, values in self.sessions.items()}
        plain |= self._behaviour(who, plain)
        return plain | self._progress(who)

    def _registration(self, who: NDArray[np.int64], school: NDArray[Any]) -> dict[str, Any]:
        elsewhere = (self.school[who] != school) & (self.school[who] >= 0) & self.dual[who]
        left = (self.was[who] == school) & (self.was[who] != self.school[who]) & (school >= 0)
        status = np.where(school < 0, -1, np.where(elsewhere & ~left, 2, np.where(self.dual[who], 1, 0)))
        start = self.check.year.start
        gone = np.datetime64(date(start, *LEFT_ON), "s")
        entered = (start - self.year_group[who] + 7).astype(str).astype("datetime64[Y]")
        autumn = (entered.astype("datetime64[M]") + 8).astype("datetime64[s]")
        arrived = self.world.people["arrives_at"][who] == self.tick[who]
        return {
            "registration_status": (STATUSES, np.where(left, 0, status)),
            "entry_date": np.where(arrived & (self.tick[who] > 0), np.datetime64(self._arrival(), "s"), autumn),
            "leaving_date": np.where(left, gone, np.datetime64("NaT", "s")),
            "leaving_destination": (LEFT_FOR, np.where(left, self._left_for(who), -1)),
            "restricted_sharing": self.world.people["restricted"][who],
            "school_moves": ((self.world.people["moves_at"] <= self.tick) & (self.world.people["moves_at"] > 0))[who],
        }

    def _arrival(self) -> date:
        """When those arrived who are new at this check."""
        january = self.check.on.month < FIRST_MONTH
        return date(self.check.year.start, *(11, 16)) if january else date(self.check.year.start, *TERM_STARTS)

    def _left_for(self, who: NDArray[np.int64]) -> NDArray[np.int64]:
        at_home = self.world.spells["elective_home_education"].at(self.tick)[who]
        missing = self.world.spells["missing_education"].at(self.tick)[who]
        away = np.where(who % 5 == 0, LEFT_FOR.index("abroad"), LEFT_FOR.index("school_elsewhere"))
        away = np.where(self.year_group[who] == LAST_YEAR_GROUP, LEFT_FOR.index("college"), away)
        unit = self.world.spells["alternative_provision"].at(self.tick)[who]
        here = np.where(unit, LEFT_FOR.index("alternative_provision"), LEFT_FOR.index("school_here"))
        place = np.where(self.school[who] >= 0, here, away)
        place = np.where(at_home, LEFT_FOR.index("home_education"), place)
        return np.where(missing & ~at_home, LEFT_FOR.index("missing"), place)

    def _behaviour(self, who: NDArray[np.int64], plain: dict[str, Any]) -> dict[str, Any]:
        row = self.year_group[who] - FIRST_YEAR_GROUP + 1
        november = self.check.on.month >= FIRST_MONTH
        counts = self.world.suspensions_november if november else self.world.suspensions
        known = self.school[who] >= 0
        count = np.where(known, counts[row, who], -1)
        excluded = plain["permanently_excluded"]
        rescinded = excluded & (who % round(1 / RESCINDED) == 0)
        when = np.datetime64(date(self.check.year.start - 1, 3, 10), "s")
        return {
            "suspensions": count,
            "suspended": np.where(known, np.where(count > 0, 1, -1), 0),
            "suspensions_window": (("twelve_months",), np.where(known, 0, -1)),
            "permanently_excluded": excluded & ~rescinded,
            "permanent_exclusion_status": (
                ("in_force", "rescinded"),
                np.where(excluded, np.where(rescinded, 1, 0), -1),
            ),
            "permanent_exclusion_date": np.where(excluded, when, np.datetime64("NaT", "s")),
        }

    def _progress(self, who: NDArray[np.int64]) -> dict[str, Any]:
        stated = self.year_group[who] >= 10
        people = self.world.people
        basis = np.where(self.year_group[who] == LAST_YEAR_GROUP, 1, 0)
        return {
            "english_grade": (GRADES, np.where(stated, people["english_grade"][who], -1)),
            "maths_grade": (GRADES, np.where(stated, people["maths_grade"][who], -1)),
            "english_maths_basis": (("predicted", "actual"), np.where(stated, basis, -1)),
            "intended_destination": (INTENTIONS, np.where(self.year_group[who] == 11, people["intended"][who], -1)),
            "offer_status": (OFFERS, np.where(self.offers_known[who], people["offer"][who], -1)),
        }


def see(world: World, check: Check, seed: int, stays: Array, outcome: Columns) -> View:
    """Everybody at a check. `stays` marks who goes on to a sixth form of their own school after Year 11."""
    year_group = 12 - (world.people["leavers"] - check.year.start)
    january = int(check.on.month < FIRST_MONTH)
    tick = 2 * (year_group - FIRST_YEAR_GROUP) + january
    of_age = (year_group >= FIRST_YEAR_GROUP) & (year_group <= LAST_YEAR_GROUP)
    here = of_age & world.present(tick)
    now = _on_roll(world, tick, year_group, of_age, stays, outcome)
    before = _on_roll(world, tick - january, year_group, of_age, stays, outcome)
    rng = np.random.default_rng([seed, check.year.start])
    sessions = _sessions(rng, world, check, year_group, now >= 0)
    return View(world, check, year_group, tick, here, now, before, sessions)


def _on_roll(
    world: World, tick: Array, year_group: Array, of_age: Array, stays: Array, outcome: Columns
) -> NDArray[np.int64]:
    month = np.where(tick % 2 == 0, 2, 4)  # November and January, counted from September
    away = (outcome["other"] > 0) & (outcome["start"] <= month) & (month < outcome["end"])
    gone = (year_group == LAST_YEAR_GROUP) & (~stays | away)
    return np.where(of_age & ~gone, world.school_at(tick), -1).astype(np.int64)


def _sessions(
    rng: np.random.Generator, world: World, check: Check, year_group: Array, on_roll: Array
) -> dict[str, NDArray[Any]]:
    start = check.year.start
    first, half, last = (date(start, *day) for day in (TERM_STARTS, NOVEMBER_SEES, JANUARY_SEES))
    autumn = _weekdays(first, half)
    winter = _weekdays(half, last) - HALF_TERM_SESSIONS - 2
    row = np.clip(year_group - FIRST_YEAR_GROUP + 1, 1, 4)
    rate = np.take_along_axis(world.missed, row[None, :], axis=0)[0] / 100
    absent, more = rng.binomial(autumn, rate), rng.binomial(winter, rate)
    january = check.on.month < FIRST_MONTH
    new = world.people["arrives_at"] == 2 * (year_group - FIRST_YEAR_GROUP) + 1
    possible = np.full(len(rate), autumn)
    if january:
        absent, possible = np.where(new, more, absent + more), np.where(new, winter, autumn + winter)
    authorised = rng.binomial(absent, AUTHORISED)
    before = np.take_along_axis(world.missed, row[None, :] - 1, axis=0)[0]
    day = np.full(len(rate), np.datetime64(last if january else half, "s"))
    columns = {
        "attendance": np.where(on_roll, 100 * (possible - absent) / possible, np.nan),
        "attendance_last_year": np.floor(10 * (100 - before) + 0.5) / 10,
        **_counts(
            on_roll,
            possible=possible,
            attended=possible - absent,
            authorised=authorised,
            unauthorised=absent - authorised,
        ),
        "attendance_from": np.where(on_roll, np.datetime64(first, "s"), np.datetime64("NaT", "s")),
        "attendance_to": np.where(on_roll, day, np.datetime64("NaT", "s")),
    }
    if january:
        columns["recent_attendance"] = np.where(on_roll, 100 * (winter - more) / winter, np.nan)
    return columns


def _counts(on_roll: Array, **counts: Array) -> dict[str, NDArray[Any]]:
    return {f"sessions_{name}": np.where(on_roll, count, -1) for name, count in counts.items()}


def _weekdays(first: date, last: date) -> int:
    """Sessions, two a weekday, from the first day to the last inclusive."""
    return 2 * int(np.busday_count(first, last + (last.resolution)))
