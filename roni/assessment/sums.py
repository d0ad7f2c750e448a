"""Adding up: from verdicts to points, from points to bands, a block of pupils at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from roni.cohort import Cohort, Values
from roni.fields import Dictionary
from roni.indicator import Band, Inclusion, Indicator, Tier, Verdicts

if TYPE_CHECKING:
    from roni.assessment.answers import Lines

BLOCK = 65_536  # pupils at a time: a block of verdicts fits a core's cache, so the cost per pupil stays flat


class Card(Protocol):
    """What an assessment needs of a scorecard."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def active(self) -> tuple[Indicator, ...]:
        """The indicators that are switched on."""
        ...

    @property
    def tiers(self) -> tuple[tuple[int, Tier], ...]:
        """(place in `active`, tier), in the order of the matrix's columns."""
        ...

    @property
    def bands(self) -> tuple[Band, ...]:
        """Lowest first."""
        ...

    @property
    def inclusions(self) -> tuple[Inclusion, ...]: ...
    @property
    def fields(self) -> tuple[str, ...]:
        """Every field read, in card order."""
        ...

    @property
    def most(self) -> int: ...
    def lines(self, fields: Dictionary) -> Mapping[str, Lines]:
        """Of each field the lines that read it."""
        ...


def blocks(size: int) -> Iterator[slice]:
    """The pupils, a block at a time."""
    return (slice(start, min(start + BLOCK, size)) for start in range(0, size, BLOCK))


def columns_of(cohort: Cohort, names: Iterable[str], rows: Any) -> dict[str, Values]:
    """These pupils' cells of the columns that the cohort has."""
    return {name: cohort.columns[name][rows] for name in names if name in cohort.columns}


def points_of(verdicts: Sequence[Verdicts], tiers: Sequence[Tier], kind: np.dtype[Any]) -> tuple[Any, Any]:
    """Of one indicator: points of the highest tier met, and of the highest tier not ruled out."""
    worth = [kind.type(tier.points) for tier in tiers]
    met = [(verdict > 0).view(np.int8) * points for verdict, points in zip(verdicts, worth, strict=True)]
    most = [(verdict >= 0).view(np.int8) * points for verdict, points in zip(verdicts, worth, strict=True)]
    return reduce(np.maximum, met), reduce(np.maximum, most)


def band_of(points: NDArray[Any], bands: Sequence[Band]) -> NDArray[np.int8]:
    """The place of the highest band whose points are reached; bands stand lowest first."""
    place = np.zeros(len(points), np.int8)
    for band in bands[1:]:
        place += (points >= band.at_least).view(np.int8)
    return place


def floor_of(card: Card, inclusion: Inclusion) -> np.int8:
    """The place of the band that an inclusion guarantees."""
    return np.int8([band.name for band in card.bands].index(inclusion.band))
