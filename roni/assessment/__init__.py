"""The result of a scorecard for every pupil at once: which tiers are met, points, bands, and what to ask first.

Three answers all the way: met 1, not known 0, not met -1. `points` counts what is known to be met, `points_max` what
it would be if every unknown turned out for the worst.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from roni.assessment.answers import Lines
from roni.assessment.asking import Standing, ask_first, supplied
from roni.assessment.sums import Card, band_of, blocks, columns_of, floor_of, points_of
from roni.cohort import Cohort

__all__ = ["Assessment", "Card", "ColumnNotKnown", "Lines", "assess"]


@dataclass(frozen=True, slots=True)
class ColumnNotKnown:
    """A field that a whole file says nothing about: said once, not once for each pupil.

    `points` is the most it could add for each of the file's `pupils` who are scored.
    """

    file: str
    field: str
    points: int
    pupils: int


@dataclass(frozen=True, eq=False, repr=False)  # its columns are children's values
class Assessment:
    """One row a pupil, in the cohort's order.

    `tiers` int8 n x tiers (columns contiguous), `inclusions` int8 n x inclusions; `points`, `points_max` int16; `band`,
    `band_max` int8, places in `card.bands` (lowest 0). A restricted pupil (`restricted`) is not scored: bands are -1,
    and the zeros elsewhere mean nothing.
    """

    card: Card
    cohort: Cohort
    tiers: NDArray[np.int8]
    inclusions: NDArray[np.int8]
    points: NDArray[np.int16]
    points_max: NDArray[np.int16]
    band: NDArray[np.int8]
    band_max: NDArray[np.int8]
    restricted: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.points)

    def only(self, places: NDArray[np.int64], cohort: Cohort) -> Assessment:
        """What was found of the pupils at these places, who are those of `cohort`."""
        return replace(
            self,
            cohort=cohort,
            tiers=self.tiers.T[:, places].T,
            inclusions=self.inclusions.T[:, places].T,
            points=self.points[places],
            points_max=self.points_max[places],
            band=self.band[places],
            band_max=self.band_max[places],
            restricted=self.restricted[places],
        )

    def indicator_points(self, place: int) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Points known to be met and most still possible, of the indicator at this place in `card.active`."""
        columns = [column for column, (owner, _) in enumerate(self.card.tiers) if owner == place]
        verdicts = [self.tiers[:, column] for column in columns]
        met, most = points_of(verdicts, self.card.active[place].tiers, np.dtype(np.int16))
        most[self.restricted] = 0
        return met, most

    @property
    def ask_fields(self) -> tuple[str, ...]:
        """The fields of the card; `ask_first` gives places among them."""
        return self.card.fields

    @cached_property
    def ask_first(self) -> NDArray[np.int16]:
        """For each pupil the one field to ask about first, a place in `ask_fields`; -1 where nothing is to be asked.

        The field whose worst answer would raise the band most, then the points most, then card order. What is unknown
        for this pupil only comes before what a whole file lacks; what is not due by this check is not asked. Who
        supplies it stands in the dictionary.
        """
        undecided = (self.points_max > self.points) | (self.band_max > self.band)
        return ask_first(
            Standing(
                self.card,
                self.cohort,
                self.tiers,
                self.inclusions,
                self.points,
                self.band,
                undecided,
                self.supplied,
            )
        )

    @cached_property
    def columns_not_known(self) -> tuple[ColumnNotKnown, ...]:
        """By file, the fields it says nothing about and the points each could add to each of its scored pupils."""
        pupils = np.bincount(self.cohort.file_index[~self.restricted], minlength=len(self.cohort.files)).tolist()
        lacking = {name: by_file for name, by_file in self.supplied.items() if not by_file.all()}
        stakes = _stakes(self.card)
        return tuple(
            ColumnNotKnown(file, name, stakes.get(name, 0), count)
            for name, by_file in lacking.items()
            for file, count, says in zip(self.cohort.files, pupils, by_file.tolist(), strict=True)
            if count and not says
        )

    @cached_property
    def gaps(self) -> Mapping[str, NDArray[np.bool_]]:
        """Whose value of a field is not known though their file says something about it, of the card's fields [n each].

        Without the fields that nobody lacks in this way.
        """
        found = {}
        for name, by_file in self.supplied.items():
            if by_file.any():
                lacking = ~self.cohort.known(name)
                found[name] = lacking if by_file.all() else lacking & by_file[self.cohort.file_index]
        return {name: lacking for name, lacking in found.items() if lacking.any()}

    @cached_property
    def supplied(self) -> Mapping[str, NDArray[np.bool_]]:
        """For each field of the card, which of the cohort's files say anything about it."""
        return supplied(self.cohort, self.card.fields)


def assess(card: Card, cohort: Cohort) -> Assessment:
    """Judge every tier and inclusion for every pupil and add up."""
    size = len(cohort)
    result = Assessment(
        card,
        cohort,
        # Untouched memory means not known, so a missing column costs nothing.
        tiers=np.zeros((size, len(card.tiers)), np.int8, order="F"),
        inclusions=np.zeros((size, len(card.inclusions)), np.int8, order="F"),
        points=np.empty(size, np.int16),
        points_max=np.empty(size, np.int16),
        band=np.empty(size, np.int8),
        band_max=np.empty(size, np.int8),
        restricted=_restricted(cohort),
    )
    for rows in blocks(size):
        _assess_block(result, rows)
    _hide(result)
    return result


def _restricted(cohort: Cohort) -> NDArray[np.bool_]:
    """Whose school was told to share no more than the basic items (Education and Skills Act 2008 s.72)."""
    flag = cohort.columns.get("restricted_sharing")
    return np.zeros(len(cohort), np.bool_) if flag is None else np.asarray(flag > 0)


def _assess_block(result: Assessment, rows: slice) -> None:
    card, fields = result.card, result.cohort.fields
    columns = columns_of(result.cohort, card.fields, rows)
    kind = np.dtype(np.int8 if card.most <= np.iinfo(np.int8).max else np.int16)
    points, points_max = (np.zeros(rows.stop - rows.start, kind) for _ in range(2))
    column = 0
    for indicator in card.active:
        verdicts = [tier.when.verdict(columns, fields) for tier in indicator.tiers]
        for verdict in verdicts:
            if verdict.ndim:
                result.tiers[rows, column] = verdict
            column += 1
        met, most = points_of(verdicts, indicator.tiers, kind)
        points += met
        points_max += most
    band, band_max = band_of(points, card.bands), band_of(points_max, card.bands)
    for place, inclusion in enumerate(card.inclusions):
        verdict = inclusion.when.verdict(columns, fields)
        result.inclusions[rows, place] = verdict
        floor = floor_of(card, inclusion)
        np.maximum(band, (verdict > 0).view(np.int8) * floor, out=band)
        np.maximum(band_max, (verdict >= 0).view(np.int8) * floor, out=band_max)
    result.points[rows], result.points_max[rows] = points, points_max
    result.band[rows], result.band_max[rows] = band, band_max


def _hide(result: Assessment) -> None:
    hidden = np.flatnonzero(result.restricted)
    for values, nothing in (
        (result.tiers, 0),
        (result.inclusions, 0),
        (result.points, 0),
        (result.points_max, 0),
        (result.band, -1),
        (result.band_max, -1),
    ):
        values[hidden] = nothing


def _stakes(card: Card) -> dict[str, int]:
    """The most points that hang on each field: of each indicator the highest tier that reads it."""
    found: Counter[str] = Counter()
    for item in card.active:
        lowest_first = sorted(item.tiers, key=attrgetter("points"))
        found.update({name: tier.points for tier in lowest_first for name in tier.when.fields})
    return found
