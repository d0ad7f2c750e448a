"""A whole invented authority: its schools, its pupils over several years, and what each check sees of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roni.calendar import AcademicYear, Check, get_check
from roni.cohort import KEY_KINDS, Cohort, Source
from roni.errors import CalendarError
from roni.fields import Dictionary, national
from roni.outcomes import Spells
from roni.synthetic.council import CouncilList, council_lists
from roni.synthetic.destinations import SIXTH_FORM, as_table, draw_destinations, draw_intentions
from roni.synthetic.identity import FIRST_INVENTED_URN, authority_code, birth_dates, chosen, upns
from roni.synthetic.process import Columns
from roni.synthetic.targets import load
from roni.synthetic.typed import LANGUAGES, ethnicity, key_stage_2, language, typed
from roni.synthetic.view import View, see
from roni.synthetic.world import World, make_world

if TYPE_CHECKING:
    import pandas as pd

STYLES = ("sims", "arbor", "bromcom", "council", "parquet")
FEWEST_SCHOOLS = 3
NO_KEY_STAGE_2 = (2025, 2026)  # leavers whose Year 6 was 2019/20 or 2020/21: no tests in those summers
STARTED_SCHOOL = 12  # summers between the first September of primary school and the end of Year 11


@dataclass(frozen=True)
class School:
    """One invented school. `system` is the style of its files (one of STYLES)."""

    name: str
    urn: str
    laestab: str
    establishment_type: str
    district: str
    sixth_form: bool
    system: str


@dataclass(frozen=True)
class Authority:
    """Invented schools and the pupils who move up through them. Made by `make_authority`."""

    seed: int
    code: int
    first_year: AcademicYear
    years: int
    schools: tuple[School, ...]
    world: World
    person: dict[str, Any]  # names, identifiers and what else never changes, per pupil
    outcome: Columns  # what becomes of them, as drawn
    fields: Dictionary

    def __len__(self) -> int:
        return len(self.world)

    def checks(self) -> list[Check]:
        """Every November and January check of the authority's years, in order."""
        starts = range(self.first_year.start, self.first_year.start + self.years)
        return [get_check(name, AcademicYear(start)) for start in starts for name in ("november", "january")]

    def cohort(self, check: Check) -> Cohort:
        """The truth at a check: every young person of Years 9 to 12 in the authority, on a school's roll or not.

        Raises CalendarError for a check outside the authority's years.
        """
        view = self.view(check)
        return self._cohort(view, check, np.flatnonzero(view.here), view.school, "the whole truth")

    def returns(self, check: Check, school: School) -> Cohort:
        """What one school's file says, without mistakes: its roll, and who has left since November.

        The unit also lists those whose main school is another.
        """
        view = self.view(check)
        place = self.schools.index(school)
        who = np.flatnonzero(view.in_file(place, place == len(self.schools) - 1))
        return self._cohort(view, check, who, np.full(len(self), place), f"{school.name}’s roll")

    def council_lists(self, check: Check) -> tuple[CouncilList, ...]:
        """The lists that the council's teams hold at a check."""
        return council_lists(self.cohort(check), self.seed)

    def destinations(self, leavers: int) -> Any:
        """What became of one leaving cohort: a pyarrow table of activity spells from September to August after Year 11.

        Raises CalendarError for a summer in which none of these pupils left.
        """
        who = np.flatnonzero(self.world.people["leavers"] == leavers)
        if not len(who):
            raise CalendarError(f"No pupil of this authority leaves in {leavers}.")
        drawn = {name: values[who] for name, values in self.outcome.items()}
        return as_table(self.person["upn"].take(who), drawn, leavers)

    def spells(self, leavers: int) -> Spells:
        """The same as `destinations`, as labels for training and evaluation are worked out from."""
        import pyarrow as pa

        table = self.destinations(leavers).combine_chunks()
        days = {name: table[name].to_numpy() for name in ("start", "end")}
        days["verified"] = table["date_verified"].to_numpy()
        known_until = np.full(len(table), np.datetime64(f"{leavers + 1}-08-31"))
        codes = table["activity_code"].cast(pa.string()).combine_chunks()
        return Spells.of(table["key"].combine_chunks(), codes, as_at=known_until, **days)

    @cached_property
    def pupils(self) -> pd.DataFrame:
        """Everybody, one row each: who they are, when they leave school, and what was true in January of Year 11."""
        import pandas as pd

        people = {name: values for name, values in self.world.people.items() if values.ndim == 1}
        names = {name: self.person[name].to_pylist() for name in ("upn", "surname", "forename")}
        return pd.DataFrame({**names, **people}).set_index("upn", drop=False)

    def view(self, check: Check) -> View:
        """Where everybody stands at a check."""
        if not self.first_year.start <= check.year.start < self.first_year.start + self.years:
            last = AcademicYear(self.first_year.start + self.years - 1)
            raise CalendarError(f"This authority was made for {self.first_year} to {last}, not {check.year}.")
        sixth_forms = np.array([school.sixth_form for school in self.schools])
        stays = (self.outcome["main"] == SIXTH_FORM) & sixth_forms[self.world.people["second_school"]]
        return see(self.world, check, self.seed, stays, self.outcome)

    def _cohort(self, view: View, check: Check, who: NDArray[np.int64], school: NDArray[Any], name: str) -> Cohort:
        plain = {key: _take(values, who) for key, values in self.person.items()}
        plain |= view.columns(who, school[who])
        plain |= self._school_columns(school[who])
        columns = typed(self.fields, plain)
        return Cohort(
            fields=self.fields,
            check=check,
            columns=columns,
            keys=columns["upn"],
            key_kind=np.full(len(who), KEY_KINDS.index("upn"), dtype=np.int8),
            file_index=np.zeros(len(who), dtype=np.int16),
            row=np.arange(2, len(who) + 2),
            files=(name,),
            rows_read=len(who),
            sources=(Source(name, check.on),),
        )

    def _school_columns(self, school: NDArray[Any]) -> dict[str, Any]:
        kinds = ("mainstream", "special", "pru_or_ap")
        kind = np.array([kinds.index(item.establishment_type) for item in self.schools] + [-1])
        return {
            "school_name": chosen([item.name for item in self.schools], school),
            "urn": chosen([item.urn for item in self.schools], school),
            "laestab": chosen([item.laestab for item in self.schools], school),
            "establishment_type": (kinds, kind[school]),
        }


def make_authority(
    seed: int = 0,
    schools: int = 6,
    pupils_per_year: int = 200,
    first_year: AcademicYear = AcademicYear(2024),  # noqa: B008 - frozen
    years: int = 3,
) -> Authority:
    """Invent an authority: `schools` schools, the last two a special school and a pupil referral unit.

    `pupils_per_year` is the year group of one ordinary school, before those who go to the last two. The same arguments
    give the same pupils. Raises ValueError for fewer than three schools.
    """
    if schools < FEWEST_SCHOOLS:
        raise ValueError("An authority needs three schools or more: one ordinary, one special, one referral unit.")
    rng = np.random.default_rng(seed)
    mainstream = schools - 2
    summers = np.arange(first_year.start, first_year.start + years + 3)
    leavers = np.repeat(summers, mainstream * pupils_per_year)
    world = make_world(rng, leavers, mainstream)
    code = authority_code(seed)
    person = _person(rng, world, code)
    outcome = draw_destinations(rng, world.people)
    world.people.update(draw_intentions(rng, world.people, outcome["main"]))
    return Authority(seed, code, first_year, years, _schools(schools, code), world, person, outcome, national())


def _schools(count: int, code: int) -> tuple[School, ...]:
    words = load("names.toml")
    names, districts = words["schools"], words["districts"]
    ordinary = [
        names[i % len(names)] + (f" {i // len(names) + 1}" if i >= len(names) else "") for i in range(count - 2)
    ]
    kinds = ["mainstream"] * (count - 2) + ["special", "pru_or_ap"]
    return tuple(
        School(
            name=name,
            urn=str(FIRST_INVENTED_URN + i),
            laestab=f"{code}{4001 + i if kinds[i] == 'mainstream' else 7001 + i if kinds[i] == 'special' else 1101}",
            establishment_type=kinds[i],
            district=districts[i % len(districts)],
            sixth_form=kinds[i] == "special" or (kinds[i] == "mainstream" and i % 3 != 2),
            system=STYLES[i % len(STYLES)],
        )
        for i, name in enumerate([*ordinary, words["special"], words["pru"]])
    )


def _person(rng: np.random.Generator, world: World, code: int) -> dict[str, Any]:
    words = load("names.toml")
    people, size = world.people, len(world)
    leavers = people["leavers"]
    forename = rng.integers(0, len(words["forenames"]), size)
    preferred = np.where(rng.random(size) < 0.1, (forename + 7) % len(words["forenames"]), -1)
    born_from = np.array([np.datetime64(f"{summer - 17}-09-01") for summer in leavers.tolist()])
    number = np.arange(1, size + 1)
    return {
        "upn": upns(code, leavers - STARTED_SCHOOL, number),
        "admission_number": chosen([f"{i:05d}" for i in range(size + 1)], number),
        "surname": chosen(words["surnames"], rng.integers(0, len(words["surnames"]), size)),
        "forename": chosen(words["forenames"], forename),
        "preferred_name": chosen(words["forenames"], preferred),
        "date_of_birth": birth_dates(rng, born_from),
        "sex": (("F", "M"), np.where(people["girl"], 0, 1)),
        "ethnicity": ethnicity(rng, size),
        "first_language": chosen(LANGUAGES, language(rng, people["eal"])),
        "district": chosen(words["districts"], people["first_school"] % len(words["districts"])),
        "registration_group": chosen("ABCDEF", rng.integers(0, 6, size)),
        **key_stage_2(rng, people["attainment"], ~np.isin(leavers, NO_KEY_STAGE_2)),
    }


def _take(values: Any, who: NDArray[np.int64]) -> Any:
    if isinstance(values, tuple):
        return values[0], values[1][who]
    return values.take(who) if hasattr(values, "is_valid") else values[who]
