"""From drawn arrays to the typed columns of a Cohort."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.fields import Dictionary, Field
from roni.synthetic.process import Array

YES, NO, NOT_KNOWN = 1, -1, 0

# Plain column -> what it becomes: booleans are flags, (codes, places) are codes (a negative place: not known), the rest
# is as the field's type says.
Plain = Mapping[str, Any]

# Flags that the drawn columns hold under the field's own name.
FLAGS = (
    "fsm", "looked_after", "previously_looked_after", "care_leaver", "child_in_need", "child_protection_plan",
    "early_help", "youth_justice", "permanently_excluded", "alternative_provision", "young_carer", "pregnant", "parent",
    "refugee_or_asylum_seeker", "substance_misuse", "mental_health_need", "homeless", "elective_home_education",
    "missing_education", "part_time_timetable",
)  # fmt: skip
LANGUAGES = ("ENG", "ENB", "POL", "URD", "OTH")
GRADES = ("U", "1", "2", "3", "4", "5", "6", "7", "8", "9")
SEN = ("N", "K", "E")
NEEDS = ("SEMH", "SPLD", "MLD", "SLCN", "ASD", "PD")
# Ethnic groups in rough national proportion (this project's estimate): only so that equality reports have groups.
ETHNICITIES = {
    "WBRI": 0.66,
    "WOTH": 0.07,
    "APKN": 0.05,
    "AIND": 0.04,
    "BAFR": 0.05,
    "ABAN": 0.02,
    "MOTH": 0.06,
    "OOTH": 0.05,
}


def typed(fields: Dictionary, plain: Plain) -> dict[str, Any]:
    """Typed columns of every plain column; a name or code that the dictionary lacks is a KeyError or ValueError."""
    return {name: _typed(fields[name], values) for name, values in plain.items()}


def _typed(item: Field, values: Any) -> Any:
    if item.type == "flag":
        if values.dtype == np.bool_:
            return np.where(values, YES, NO).astype(np.int8)
        return values.astype(np.int8)
    if item.type == "code":
        words, places = values
        known = list(item.codes)
        at = np.array([known.index(word) for word in words] + [-1], dtype=np.int16)
        return at[places]
    if item.type == "percent":
        return np.asarray(values, dtype=np.float64)
    if item.type == "count":
        return np.asarray(values, dtype=np.int32)
    return values.astype("datetime64[s]") if item.type == "date" else values


def sen_columns(sen: Array, ehcp: Array) -> dict[str, Any]:
    """The three fields that say what provision a pupil has."""
    provision = np.where(ehcp, 2, np.where(sen, 1, 0))
    return {"sen_provision": (SEN, provision), "ehcp": ehcp, "sen_support": provision == 1}


def language(rng: np.random.Generator, eal: Array) -> NDArray[np.int64]:
    """First language as a place in LANGUAGES: English or believed so for most, another for EAL; -1 refused by a few."""
    place = np.where(eal, rng.integers(2, 5, len(eal)), (rng.random(len(eal)) < 0.1).astype(np.int64))
    return np.where(rng.random(len(eal)) < 0.005, -1, place)


def ethnicity(rng: np.random.Generator, size: int) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Ethnic group, drawn apart from everything else: nothing may be learnt from it here."""
    edges = np.cumsum(list(ETHNICITIES.values()))
    return tuple(ETHNICITIES), np.searchsorted(edges, rng.random(size) * edges[-1], side="right").clip(max=7)


def key_stage_2(rng: np.random.Generator, attainment: Array, tested: Array) -> dict[str, NDArray[np.int32]]:
    """Scaled scores of the tests at 11, 80 to 120; none for years in which there were none."""
    result = {}
    for name in ("ks2_reading", "ks2_maths", "ks2_gps"):
        score = np.rint(105.5 + 6.0 * attainment + 4.0 * rng.standard_normal(len(attainment)))
        result[name] = np.where(tested, np.clip(score, 80, 120), -1).astype(np.int32)
    return result
