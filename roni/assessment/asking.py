"""Which one field to ask about first: the unknown whose worst answer would matter most to the pupil's band.

Rules: what is unknown for this pupil only comes before what a whole file lacks; then the bands gained, the points
gained, card order. A field that is not due by this check is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from roni.assessment.answers import Lines
from roni.assessment.sums import Card, band_of, blocks, columns_of, points_of
from roni.calendar import check_names
from roni.cohort import Cohort, Reading, is_known
from roni.indicator import Verdicts
from roni.streams import upstream

# A rank is one number: does it change anything by itself, is it this pupil's own gap, bands gained, points gained.
# 16 bits hold any card's points and 7 its bands.
_BAND, _OWN, _ALONE = np.int32(1 << 16), np.int32(1 << 24), np.int32(1 << 25)


@dataclass(frozen=True, eq=False, repr=False)  # its columns are children's values
class Standing:
    """Where the pupils of a cohort stand on a card before anything is asked, by its verdicts."""

    card: Card
    cohort: Cohort
    tiers: NDArray[np.int8]
    inclusions: NDArray[np.int8]
    points: NDArray[np.int16]
    band: NDArray[np.int8]
    undecided: NDArray[np.bool_]  # an unknown could still change the points or the band
    supplied: Mapping[str, NDArray[np.bool_]]  # field -> which files say anything about it


def ask_first(standing: Standing) -> NDArray[np.int16]:
    """For each pupil the field to ask about first, a place in `card.fields`; -1 where nothing is to be asked."""
    card, cohort = standing.card, standing.cohort
    lines = card.lines(cohort.fields)
    due = [(place, name) for place, name in enumerate(card.fields) if _is_due(cohort, name)]
    chosen = np.full(len(cohort), -1, np.int16)
    for rows in blocks(len(cohort)):
        best = np.zeros(rows.stop - rows.start, np.int32)
        judged = _Judged.of(standing, rows)
        for place, name in due:
            within = np.flatnonzero(standing.undecided[rows] & _unknown(cohort, name, rows))
            if len(within):
                whom = slice(None) if len(within) == len(best) else within
                rank = _rank(standing, name, lines[name], judged, whom)
                better = within[rank > best[within]]
                best[within] = np.maximum(best[within], rank)
                chosen[better + rows.start] = place
    return chosen


def _is_due(cohort: Cohort, name: str) -> bool:
    checks = check_names()
    return cohort.fields[name].due in checks[: checks.index(cohort.check.name) + 1]


def _unknown(cohort: Cohort, name: str, rows: slice) -> NDArray[np.bool_]:
    if name not in cohort.columns:
        return np.ones(rows.stop - rows.start, np.bool_)
    return ~is_known(cohort.fields[name], cohort.columns[name][rows])


class _Judged(NamedTuple):
    """A block of pupils: by indicator the points and who is undecided; by inclusion who is undecided."""

    rows: slice
    points: list[NDArray[np.int16]]
    undecided: list[NDArray[np.bool_]]
    floors_undecided: list[NDArray[np.bool_]]

    @classmethod
    def of(cls, standing: Standing, rows: slice) -> _Judged:
        card, kind = standing.card, np.dtype(np.int16)
        verdicts: list[list[Verdicts]] = [[] for _ in card.active]
        for column, (owner, _) in enumerate(card.tiers):
            verdicts[owner].append(standing.tiers[rows, column])
        points = [points_of(each, item.tiers, kind) for each, item in zip(verdicts, card.active, strict=True)]
        floors = [standing.inclusions[rows, place] == 0 for place in range(len(card.inclusions))]
        return cls(rows, [met for met, _ in points], [most > met for met, most in points], floors)


def _rank(
    standing: Standing, name: str, lines: Lines, judged: _Judged, whom: slice | NDArray[np.int64]
) -> NDArray[np.int32]:
    """How much it matters to ask about a field that is not known of `whom` in a block; 0 where no answer can matter."""
    cohort, rows = standing.cohort, judged.rows
    points, band = standing.points[rows][whom], standing.band[rows][whom]
    now = {place: judged.points[place][whom] for place in lines.indicators}
    columns = {other: values[whom] for other, values in columns_of(cohort, lines.fields, rows).items()}
    gain = np.zeros(len(points), np.int32)
    for answer in lines.answers:
        more, floor = answer.gains(now, columns, cohort.fields)
        raised = np.maximum(band_of(points + more, standing.card.bands), floor)
        gain = np.maximum(gain, np.maximum(raised - band, 0) * _BAND + more)
    undecided = [judged.undecided[place] for place in lines.indicators]
    undecided += [judged.floors_undecided[place] for place in lines.inclusions]
    rank = np.where(gain > 0, _ALONE + gain, reduce(np.logical_or, [each[whom] for each in undecided]))
    return rank + _OWN * (standing.supplied[name][cohort.file_index[rows][whom]] & (rank > 0))


def supplied(cohort: Cohort, names: Iterable[str]) -> dict[str, NDArray[np.bool_]]:
    """For each field, by file, whether it or a council list joined to it says anything about it by any of its routes.

    It follows what the reader found, not which values are left, so it is the same for any subset of pupils.
    """
    readings: dict[str | None, list[Reading]] = {}
    for reading in cohort.readings:
        readings.setdefault(reading.field, []).append(reading)
    ways = {name: upstream(cohort.fields, [name]) for name in names}
    read = {name: [one for way in ways[name] for one in readings.get(way, ())] for name in names}
    return {name: _supplied(cohort, name, read[name]) for name in names}


def _supplied(cohort: Cohort, name: str, readings: Sequence[Reading]) -> NDArray[np.bool_]:
    if name not in cohort.columns:
        return np.zeros(len(cohort.files), np.bool_)
    used = {reading.file for reading in readings if reading.state == "used"}
    silent = {reading.file for reading in readings} - used
    joined = not used.issubset(cohort.files)
    return np.array([joined or file not in silent for file in cohort.files], np.bool_)
