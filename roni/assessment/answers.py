"""What an answer about one field gives a pupil: worked out once for a card, as far as it is the same for everybody.

A verdict never falls back as more is known. So what an answer settles alone it settles whatever else is known of a
pupil, and only what hangs on other fields too is judged pupil by pupil.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from roni.assessment.sums import Card, floor_of
from roni.cohort import Values
from roni.fields import Dictionary
from roni.indicator.condition import AnyOf, Condition, typed


class Lines:
    """The lines of a card that read one field, and the answers to it that are worth trying.

    `indicators` and `inclusions` are places in `card.active` and `card.inclusions`; `fields` are what must be known
    beside an answer.
    """

    def __init__(self, card: Card, name: str, fields: Dictionary) -> None:
        self.indicators = [place for place, item in enumerate(card.active) if name in item.fields]
        self.inclusions = [place for place, item in enumerate(card.inclusions) if name in item.when.fields]
        tiers = {place: card.active[place].tiers for place in self.indicators}
        points = {place: [(np.int16(tier.points), tier.when) for tier in each] for place, each in tiers.items()}
        floors = [(floor_of(card, card.inclusions[place]), card.inclusions[place].when) for place in self.inclusions]
        conditions = [tier.when for each in tiers.values() for tier in each] + [when for _, when in floors]
        self.answers = [
            Answer(
                cell,
                {place: _worth(each, cell, fields) for place, each in points.items()},
                _worth(floors, cell, fields),
            )
            for cell in _worst_answers(name, conditions, fields)
        ]
        self.fields = {other for answer in self.answers for other in answer.fields} - {name}


class Worth(NamedTuple):
    """What is sure to be reached, points or the place of a band, and what is reached beyond it on a condition."""

    sure: Any
    perhaps: Sequence[tuple[Any, Condition]]

    def reached(self, now: Any, columns: Mapping[str, Values], fields: Dictionary) -> Any:
        """What these pupils reach, and never less than now."""
        then = np.maximum(now, self.sure)
        for worth, when in self.perhaps:
            then = np.maximum(then, worth * (when.verdict(columns, fields) > 0))
        return then


class Answer(NamedTuple):
    """One field's cell, and what it gives: of each indicator (by its place) points, of all inclusions a band."""

    cell: Mapping[str, Values]
    points: Mapping[int, Worth]
    floor: Worth

    @property
    def fields(self) -> set[str]:
        worths = (*self.points.values(), self.floor)
        return {name for worth in worths for _, when in worth.perhaps for name in when.fields}

    def gains(
        self, points: Mapping[int, NDArray[np.int16]], columns: Mapping[str, Values], fields: Dictionary
    ) -> tuple[Any, Any]:
        """How many points more than `points` of the indicators, and the place of the band that is then the lowest."""
        columns = {**columns, **self.cell}
        more = [worth.reached(points[place], columns, fields) - points[place] for place, worth in self.points.items()]
        return sum(more, start=np.int16(0)), self.floor.reached(np.int8(0), columns, fields)


def _worth(lines: Sequence[tuple[Any, Condition]], cell: Mapping[str, Values], fields: Dictionary) -> Worth:
    read = [(worth, when) for worth, when in lines if not cell.keys().isdisjoint(when.fields)]
    judged = [(worth, when, when.verdict(cell, fields)) for worth, when in read]
    sure = max((worth for worth, _, verdict in judged if verdict > 0), default=0)
    return Worth(sure, [(worth, when) for worth, when, verdict in judged if verdict == 0 and worth > sure])


def _worst_answers(name: str, conditions: Sequence[Condition], fields: Dictionary) -> list[dict[str, Values]]:
    """The answers that no other answer outdoes, each as a cell of the field's column.

    Points and inclusions can only rise with the verdicts of the conditions on one field (of those under a `not`, with
    the opposite), so an answer none of whose verdicts is higher than another's need not be tried.
    """
    leaves = [leaf for condition in conditions for leaf in condition.leaves() if leaf[0].field == name]
    found: dict[tuple[int, ...], dict[str, Values]] = {}
    for value in AnyOf(tuple(conditions)).edges(fields)[name]:
        cell = {name: typed(fields[name], value)}
        found.setdefault(tuple(sign * int(leaf.verdict(cell, fields)) for leaf, sign in leaves), cell)
    return [cell for verdicts, cell in found.items() if not any(_outdoes(other, verdicts) for other in found)]


def _outdoes(other: tuple[int, ...], verdicts: tuple[int, ...]) -> bool:
    return other != verdicts and all(one >= two for one, two in zip(other, verdicts, strict=True))
