"""Who is missed: what a list does for each group of pupils, with counts and intervals; small groups shown as small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roni.evaluation.evidence import FEWEST_NEET, TOO_FEW_NEET, Figure, share, share_of_neet
from roni.evaluation.ranking import Ranking

if TYPE_CHECKING:
    from roni.cohort import Cohort
    from roni.fields import Field

# Groups that a council is asked about beside the protected characteristics and their proxies, which the data
# dictionary names.
ALSO_ASKED = ("fsm", "looked_after", "district")
SCHOOL = ("school_name", "urn", "laestab")
UNKNOWN = "not known"
# A birth date's group: the term of birth, for the youngest of a school year.
TERMS = ("born September to December", "born January to April", "born May to August")


@dataclass(frozen=True, eq=False, repr=False)  # its codes are children's values
class Grouping:
    """A way to divide pupils. `code`: int64 [n], places in `labels`."""

    field: str
    title: str
    labels: tuple[str, ...]
    code: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group under one list. `neet` is None where they are too few to be counted in print.

    `listed`: share of its pupils listed, whatever became of them; `recall`: of its NEET pupils; `false_alarms`: of its
    others, withheld with `neet`, for one count of a group gives away the other; `precision`: share of its listed pupils
    who became NEET; `observed`: its NEET rate; `said`: its mean probability, where there is one.
    """

    ranking: str
    group: str
    pupils: int
    neet: int | None
    listed: Figure
    recall: Figure
    false_alarms: Figure
    precision: Figure
    observed: Figure
    said: float | None


@dataclass(frozen=True, slots=True)
class GroupTable:
    """One grouping, every ranking: its rows group by group."""

    field: str
    title: str
    rows: tuple[GroupRow, ...]


def groupings(cohort: Cohort) -> list[Grouping]:
    """Every group that the dictionary's protected attributes and their proxies make, districts, and schools last."""
    names = [name for name, item in cohort.fields.items() if item.protected or item.proxy or name in ALSO_ASKED]
    if "date_of_birth" in cohort.columns:
        names = [name for name in names if name != "birth_month"]
    found = [grouping(cohort, name) for name in names if name in cohort.columns and _divides(cohort.fields[name])]
    return [item for item in (*found, by_school(cohort)) if len(item.labels) > 1]


def _divides(item: Field) -> bool:
    return item.type in ("flag", "code", "date") or item.name in ALSO_ASKED


def grouping(cohort: Cohort, name: str) -> Grouping:
    """The groups of one field: yes, no; its codes; the term of a birth date; distinct texts. Not known stands last."""
    item, values = cohort.fields[name], cohort.column(name)
    if item.type == "text":
        return _of_text(name, item.label, values)
    if item.type == "flag":
        return _compact(name, item.label, ("yes", "no", UNKNOWN), np.array([2, 0, 1])[values])
    if item.type == "code":
        labels = (*item.codes.values(), UNKNOWN)
        return _compact(name, item.label, labels, np.where(values < 0, len(labels) - 1, values))
    if item.type == "date":
        month = values.astype("datetime64[M]").astype(np.int64) % 12
        term = np.where(np.isnat(values), len(TERMS), (month - 8) % 12 // 4)
        return _compact(name, "term of birth", (*TERMS, UNKNOWN), term)
    raise ValueError(f"“{name}” does not divide pupils into groups.")


def by_school(cohort: Cohort) -> Grouping:
    """Schools by name, else URN, else LAESTAB; where nobody of a file has any of these, by the name of the file.

    A school sends one file, so that a file without a school's column is one school's. Of a file that names schools, a
    pupil without one is not known.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    stated = pc.coalesce(*(cohort.column(name) for name in SCHOOL))
    named = np.unique(cohort.file_index[np.asarray(stated.is_valid())])
    unnamed = pa.array(~np.isin(cohort.file_index, named))
    by_file = pa.array(cohort.files, pa.string()).take(pa.array(cohort.file_index))
    return _of_text("school", "school", pc.if_else(unnamed, by_file, stated))


def _of_text(field: str, title: str, values: Any) -> Grouping:
    encoded = values.dictionary_encode()
    labels = encoded.dictionary.to_pylist()
    code = np.asarray(encoded.indices.fill_null(len(labels))).astype(np.int64)
    rank = np.empty(len(labels) + 1, np.int64)
    rank[[*np.argsort(labels, kind="stable").tolist(), len(labels)]] = np.arange(len(labels) + 1)
    return _compact(field, title, (*sorted(labels), UNKNOWN), rank[code])


def _compact(field: str, title: str, labels: Sequence[str], code: NDArray[np.integer[Any]]) -> Grouping:
    """Only the groups that somebody is in."""
    there, within = np.unique(code, return_inverse=True)
    return Grouping(field, title, tuple(labels[place] for place in there.tolist()), within.astype(np.int64))


def by_group(rankings: Sequence[Ranking], label: NDArray[np.int8], capacity: int, division: Grouping) -> GroupTable:
    """What lists of one length do for each group. `label`: int8 [n], 1 NEET, -1 not, 0 not known."""
    rows = [row for ranking in rankings for row in _rows(ranking, label, capacity, division)]
    return GroupTable(division.field, division.title, tuple(rows))


def _rows(ranking: Ranking, label: NDArray[np.int8], capacity: int, division: Grouping) -> list[GroupRow]:
    size = len(division.labels)
    listed = ranking.listed(capacity)
    pupils = np.bincount(division.code, minlength=size)
    neet, others = (np.bincount(division.code[label == value], minlength=size) for value in (1, -1))
    caught, alarmed = (np.bincount(division.code[label == value], listed[label == value], size) for value in (1, -1))
    everybody = np.bincount(division.code, listed, size)
    said = _mean_said(ranking, label, division.code, size)
    found = []
    for place, group in enumerate(division.labels):
        events, rest, hits = int(neet[place]), int(others[place]), float(caught[place])
        alarms, few = float(alarmed[place]), events < FEWEST_NEET
        withheld = Figure.withheld(TOO_FEW_NEET)
        observed = withheld if few else share(events, events + rest, events)
        found.append(
            GroupRow(
                ranking.name,
                group,
                int(pupils[place]),
                None if few else events,
                share(float(everybody[place]), int(pupils[place]), 0),
                share_of_neet(hits, events),
                withheld if few else share(alarms, rest, 0),
                withheld if few else share(hits, hits + alarms, round(hits)),
                observed,
                float(said[place]) if observed.shown and np.isfinite(said[place]) else None,
            )
        )
    return found


def _mean_said(ranking: Ranking, label: NDArray[np.int8], code: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """The mean probability of each group's pupils with a known outcome; NaN where there is none."""
    if ranking.probability is None:
        return np.full(size, np.nan)
    there = (label != 0) & ~np.isnan(ranking.probability)
    total = np.bincount(code[there], minlength=size)
    with np.errstate(invalid="ignore"):
        return np.bincount(code[there], ranking.probability[there], size) / np.where(total, total, np.nan)
