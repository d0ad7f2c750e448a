"""“Could be”: how high a pupil might stand by what is not known of this pupil alone.

`points_max` and `band_max` count every unknown. Where a file lacks a column they rise alike for all of its pupils: that
is said once below the list, and on a pupil's own line it would hide about whom it is worth asking.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from roni.assessment.sums import band_of, floor_of
from roni.wording.reasons import tiers_paid

if TYPE_CHECKING:
    from roni.assessment import Assessment

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class CouldBe:
    """Were each pupil's own unknowns met: points int16 [n], and bands int8 [n], -1 for a restricted pupil."""

    points: NDArray[np.int16]
    band: NDArray[np.int8]


def could_be(made: Assessment) -> CouldBe:
    """A line of the card is open for a pupil where it is undecided and any fact it asks for is the pupil's own gap."""
    most: dict[int, NDArray[np.int16]] = {}
    for paid in tiers_paid(made):
        worth = (paid.met | (paid.open & _any(made.gaps, paid.tier.when.fields))) * np.int16(paid.tier.points)
        most[paid.owner] = np.maximum(most[paid.owner], worth) if paid.owner in most else worth
    points = sum(most.values(), start=np.zeros(len(made), np.int16))
    band = np.maximum(made.band, band_of(points, made.card.bands))
    for column, inclusion in enumerate(made.card.inclusions):
        open_ = (made.inclusions[:, column] == 0) & _any(made.gaps, inclusion.when.fields)
        band = np.maximum(band, open_.view(np.int8) * floor_of(made.card, inclusion))
    return CouldBe(points, np.where(made.restricted, np.int8(-1), band))


def _any(gaps: Mapping[str, Mask], names: Iterable[str]) -> Mask | np.bool_:
    found: Mask | np.bool_ = np.False_
    for name in names:
        found = found | gaps.get(name, np.False_)
    return found
