"""Very many pupils, quickly: a typed cohort of any size, and a CSV file of a million rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.calendar import Check, get_check
from roni.cohort import KEY_KINDS, Cohort, Source, not_known
from roni.fields import Field, national
from roni.synthetic.identity import authority_code, birth_dates, chosen, upns
from roni.synthetic.process import Array, Columns, draw_pupils, grades, missed, next_year
from roni.synthetic.targets import load
from roni.synthetic.typed import FLAGS, GRADES, LANGUAGES, ethnicity, key_stage_2, language, sen_columns, typed

POSSIBLE = 76  # sessions from 2 September to 23 October
PUPILS_PER_SCHOOL = 200
SCORED = (
    "attendance", "sen_provision", "suspensions", "eal", "fsm", "alternative_provision", "looked_after",
    "pregnant_or_parent", "young_carer", "youth_justice", "permanently_excluded", "attendance_last_year",
)  # fmt: skip
CHUNK = 100_000
UNKNOWN = 0.02
SEPTEMBER = 8  # months after January
# The 30 columns of the big file; no field twice by two routes.
WRITTEN = (
    "upn", "surname", "forename", "date_of_birth", "sex", "year_group", "registration_group", "school_name", "district",
    "sen_provision", "looked_after", "young_carer", "eal", "fsm", "attendance", "attendance_last_year", "suspensions",
    "permanently_excluded", "alternative_provision", "pregnant_or_parent", "youth_justice", "child_in_need",
    "child_protection_plan", "early_help", "care_leaver", "mental_health_need", "ks2_reading", "ks2_maths",
    "english_grade", "maths_grade",
)  # fmt: skip


def make_cohort(
    n: int, seed: int = 0, check: Check | None = None, unknown: float = 0.02, years: tuple[int, ...] = (9, 10, 11)
) -> Cohort:
    """A typed cohort of `n` invented pupils in the given year groups: a few seconds for a million.

    The columns follow the published figures as an authority's do, but nobody moves, joins or leaves. `unknown` is the
    share of the scored cells that are not known. For pupils with a history see `make_authority`.
    """
    check = check or get_check("november", "2026/27")
    rng = np.random.default_rng(seed)
    return _cohort(rng, np.arange(n), check, unknown, years, authority_code(seed))


def _cohort(
    rng: np.random.Generator, serial: NDArray[np.int64], check: Check, unknown: float, years: tuple[int, ...], code: int
) -> Cohort:
    n = len(serial)
    people = draw_pupils(rng, n)
    year_group = np.asarray(years)[rng.integers(0, len(years), n)]
    plain = _facts(rng, people, year_group)
    plain |= _identity(rng, people, serial, check.year.start - year_group, code)
    fields = national()
    columns = typed(fields, plain)
    for name in SCORED:
        columns[name] = np.where(rng.random(n) < unknown, not_known(fields[name], 1), columns[name])
    return Cohort(
        fields=fields,
        check=check,
        columns=columns,
        keys=columns["upn"],
        key_kind=np.full(n, KEY_KINDS.index("upn"), dtype=np.int8),
        file_index=np.zeros(n, dtype=np.int16),
        row=serial + 2,
        files=("invented pupils",),
        rows_read=n,
        sources=(Source("invented pupils", check.on),),
    )


def _facts(rng: np.random.Generator, people: Columns, year_group: Array) -> dict[str, Any]:
    flags = (*FLAGS, "eal", "pregnant_or_parent", "suspended", "ever_suspended")
    plain: dict[str, Any] = {name: people[name] for name in flags}
    plain |= sen_columns(people["sen_support"] | people["ehcp"], people["ehcp"])
    plain |= {"fsm_ever6": people["fsm"], "suspensions": people["suspensions"], "year_group": year_group}
    plain |= _sessions(rng, people)
    plain |= {f"{subject}_grade": (GRADES, grades(people, subject)) for subject in ("english", "maths")}
    return plain | key_stage_2(rng, people["attainment"], np.ones(len(year_group), dtype=bool))


def _sessions(rng: np.random.Generator, people: dict[str, Array]) -> dict[str, Any]:
    attended = POSSIBLE - rng.binomial(POSSIBLE, people["missed"] / 100)
    last_year = 100 - missed(people, next_year(rng, people["absence"]))
    return {
        "attendance": 100 * attended / POSSIBLE,
        "sessions_possible": np.full(len(attended), POSSIBLE),
        "sessions_attended": attended,
        "attendance_last_year": np.floor(10 * last_year + 0.5) / 10,
    }


def _identity(
    rng: np.random.Generator, people: Columns, serial: NDArray[np.int64], first_september: Array, code: int
) -> dict[str, Any]:
    """Who they are; `first_september` is the start of the year minus the year group."""
    words = load("names.toml")
    size = len(serial)
    school = serial // PUPILS_PER_SCHOOL
    names = [f"Invented School {i + 1}" for i in range(int(school[-1]) + 1)] if size else []
    born_from = (first_september - 5 - 1970).astype("datetime64[Y]").astype("datetime64[M]") + SEPTEMBER
    return {
        "upn": upns(code, first_september, serial),
        "surname": chosen(words["surnames"], rng.integers(0, len(words["surnames"]), size)),
        "forename": chosen(words["forenames"], rng.integers(0, len(words["forenames"]), size)),
        "date_of_birth": birth_dates(rng, born_from),
        "sex": (("F", "M"), np.where(people["girl"], 0, 1)),
        "ethnicity": ethnicity(rng, size),
        "first_language": chosen(LANGUAGES, language(rng, people["eal"])),
        "school_name": chosen(names, school),
        "district": chosen(words["districts"], school % len(words["districts"])),
        "registration_group": chosen("ABCDEF", rng.integers(0, 6, size)),
    }


def write_big_csv(path: str | Path, rows: int = 1_000_000, seed: int = 0) -> Path:
    """Write a clean CSV file of 30 columns and `rows` pupils, a hundred thousand at a time; the path.

    Headings are the dictionary's first ones; per cents have one decimal, flags are Y and N, what is not known is blank.
    """
    from pyarrow import csv

    target = Path(path)
    check, code = get_check("november", "2026/27"), authority_code(seed)
    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    with target.open("wb") as out:
        out.write((",".join(national()[name].headings[0] for name in WRITTEN) + "\n").encode())
        for start in range(0, rows, CHUNK):
            serial = np.arange(start, min(start + CHUNK, rows))
            rng = np.random.default_rng([seed, start])
            csv.write_csv(_as_text(_cohort(rng, serial, check, UNKNOWN, (9, 10, 11), code)), out, options)
    return target


def _as_text(cohort: Cohort) -> Any:
    import pyarrow as pa

    return pa.table({name: _text(cohort.fields[name], cohort.column(name)) for name in WRITTEN})


def _text(item: Field, values: Any) -> Any:
    """A typed column as people write it, one distinct value at a time; not known is null."""
    if item.type == "text":
        return values
    if item.type == "flag":
        return chosen(("N", "Y"), np.where(values == 0, -1, values > 0))
    if item.type == "percent":
        tenths = np.where(np.isnan(values), -1, np.rint(10 * np.nan_to_num(values))).astype(np.int32)
        return chosen([f"{tenth / 10:.1f}" for tenth in range(1001)], tenths)
    if item.type == "date":
        days, places = np.unique(values.astype("datetime64[D]"), return_inverse=True)
        return chosen([f"{day:%d/%m/%Y}" for day in days.tolist()], places)
    words = list(item.codes) if item.type == "code" else [str(i) for i in range(int(values.max(initial=0)) + 1)]
    return chosen(words, values)
