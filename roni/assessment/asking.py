"""Which one field to ask about first: the unknown whose worst answer would matter most to the pupil's band.

Rules: what is unknown for this pupil only comes before what a whole file lacks; then the bands gained, the points
gained, card order. A field that is not due by this check is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.assessment.sums import Card, band_of, blocks, columns_of, floor_of, points_of
from roni.calendar import check_names
from roni.cohort import Cohort, Values, is_known
from roni.fields import Dictionary
from roni.indicator.condition import AnyOf, Condition, typed

# A rank is one number: does it change anything by itself, is it this pupil's own gap, bands gained, points gained.
# 16 bits hold any card's points and 7 its bands.
_BAND, _OWN, _ALONE = np.int32(1 << 16), np.int32(1 << 24), np.int32(1 << 25)


@dataclass(frozen=True, eq=False, repr=False)  # its columns are children's values
class Standing:
    """Where the pupils of a cohort stand on a card before anything is asked."""

    card: Card
    cohort: Cohort
    points: NDArray[np.int16]
    band: NDArray[np.int8]
    undecided: NDArray[np.bool_]  # an unknown could still change the points or the band


def ask_first(standing: Standing) -> NDArray[np.int16]:
    """For each pupil the field to ask about first, a place in `card.fields`; -1 where nothing is to be asked."""
    card, cohort = standing.card, standing.cohort
    lines = card.lines(cohort.fields)
    asked = [
        _Asked(place, name, supplied(cohort, name), lines[name])
        for place, name in enumerate(card.fields)
        if _is_due(cohort, name)
    ]
    chosen = np.full(len(cohort), -1, np.int16)
    for rows in blocks(len(cohort)):
        best = np.zeros(rows.stop - rows.start, np.int32)
        for field in asked:
            within = np.flatnonzero(standing.undecided[rows] & _unknown(cohort, field.name, rows))
            rank = _rank(standing, field, rows if len(within) == len(best) else within + rows.start)
            better = within[rank > best[within]]
            best[within] = np.maximum(best[within], rank)
            chosen[better + rows.start] = field.place
    return chosen


def _is_due(cohort: Cohort, name: str) -> bool:
    checks = check_names()
    return cohort.fields[name].due in checks[: checks.index(cohort.check.name) + 1]


def _unknown(cohort: Cohort, name: str, rows: slice) -> NDArray[np.bool_]:
    if name not in cohort.columns:
        return np.ones(rows.stop - rows.start, np.bool_)
    return ~is_known(cohort.fields[name], cohort.columns[name][rows])


@dataclass(frozen=True, eq=False)
class _Asked:
    """A field that may be asked: its place on the card, which files supply it, and the lines that read it."""

    place: int
    name: str
    supplied: NDArray[np.bool_]
    lines: Lines


def _rank(standing: Standing, field: _Asked, pupils: slice | NDArray[np.int64]) -> NDArray[np.int32]:
    """How much it matters to ask these pupils' unknown value of a field; 0 where no answer can matter."""
    cohort, lines = standing.cohort, field.lines
    columns = columns_of(cohort, lines.fields, pupils)
    points, band = standing.points[pupils], standing.band[pupils]
    now, _, is_open = lines.outcome(columns, cohort.fields)
    gain = np.zeros(len(points), np.int32)
    for answer in lines.worst:
        then, floor, _ = lines.outcome(columns | {field.name: answer}, cohort.fields)
        raised = np.maximum(band_of(points + (then - now), standing.card.bands), floor)
        gain = np.maximum(gain, np.maximum(raised - band, 0) * _BAND + (then - now))
    rank = np.where(gain > 0, _ALONE + gain, is_open)
    return rank + _OWN * (field.supplied[cohort.file_index[pupils]] & (rank > 0))


class Lines:
    """The lines of a card that read one field, and the answers to it that are worth trying."""

    def __init__(self, card: Card, name: str, fields: Dictionary) -> None:
        self.indicators = [item for item in card.active if name in item.fields]
        self.inclusions = [(item.when, floor_of(card, item)) for item in card.inclusions if name in item.when.fields]
        conditions = [tier.when for item in self.indicators for tier in item.tiers]
        conditions += [condition for condition, _ in self.inclusions]
        self.fields = {other for condition in conditions for other in condition.fields}
        self.worst = _worst_answers(name, conditions, fields)

    def outcome(self, columns: Mapping[str, Values], fields: Dictionary) -> tuple[Any, Any, Any]:
        """Their points, the place of the band that inclusions give, and whether anything is undecided."""
        points, place, is_open = np.int16(0), np.int8(0), np.False_
        for item in self.indicators:
            met, most = points_of(
                [tier.when.verdict(columns, fields) for tier in item.tiers], item.tiers, np.dtype(np.int16)
            )
            points, is_open = points + met, is_open | (most > met)
        for condition, floor in self.inclusions:
            verdict = condition.verdict(columns, fields)
            place = np.maximum(place, (verdict > 0).view(np.int8) * floor)
            is_open = is_open | (verdict == 0)
        return points, place, is_open


def _worst_answers(name: str, conditions: Sequence[Condition], fields: Dictionary) -> list[Values]:
    """The answers that no other answer outdoes, as cells of the field's column.

    Points and inclusions can only rise with the verdicts of the conditions on one field (of those under a `not`, with
    the opposite), so an answer none of whose verdicts is higher than another's need not be tried.
    """
    leaves = [leaf for condition in conditions for leaf in condition.leaves() if leaf[0].field == name]
    found: dict[tuple[int, ...], Values] = {}
    for value in AnyOf(tuple(conditions)).edges(fields)[name]:
        cell = typed(fields[name], value)
        found.setdefault(tuple(sign * int(leaf.verdict({name: cell}, fields)) for leaf, sign in leaves), cell)
    return [cell for verdicts, cell in found.items() if not any(_outdoes(other, verdicts) for other in found)]


def _outdoes(other: tuple[int, ...], verdicts: tuple[int, ...]) -> bool:
    return other != verdicts and all(one >= two for one, two in zip(other, verdicts, strict=True))


def supplied(cohort: Cohort, name: str) -> NDArray[np.bool_]:
    """By file, whether it, or a council list joined to it, says anything about a field by any of its routes.

    It follows what the reader found, not which values are left, so it is the same for any subset of pupils.
    """
    if name not in cohort.columns:
        return np.zeros(len(cohort.files), np.bool_)
    routes = _routes(name, cohort.fields)
    states: dict[str, set[str]] = {}
    for reading in cohort.readings:
        if reading.field in routes:
            states.setdefault(reading.file, set()).add(reading.state)
    joined = any("used" in found for file, found in states.items() if file not in cohort.files)
    return np.array([joined or "used" in states.get(file, {"used"}) for file in cohort.files], np.bool_)


def _routes(name: str, fields: Dictionary) -> set[str]:
    """A field and those it can come from, directly or by way of others."""
    found, ahead = {name}, [name]
    while ahead:
        inputs = {other for route in fields[ahead.pop()].routes for other in route.inputs}
        ahead += inputs - found
        found |= inputs
    return found
