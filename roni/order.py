"""The ordering policy: who stands where in a list, and who is shown whatever the order.

Band first, then probability, points, points_max, and the pupil's key to end ties. A model may raise a band, never lower
one. Pupils whose information is restricted, and those who are in no list, stand after everybody else, without a rank.
Only a person takes anybody off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.plural import counted

FAR_APART = 2  # ranks between the scorecard's band and the model's: then a person should look at both
SECTIONS = ("ranked", "restricted", "not listed")
RANKED, RESTRICTED, NOT_LISTED = range(len(SECTIONS))


@dataclass(frozen=True)
class Standing:
    """What the order looks at, one entry a pupil [n]; `probability` is NaN where the model could not score."""

    section: NDArray[np.int8]
    band: NDArray[np.int8]
    points: NDArray[np.int16]
    points_max: NDArray[np.int16]
    keys: Any  # pyarrow strings
    probability: NDArray[np.float64] | None = None

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The pupils' places, best first. Total, and the same whatever order the pupils came in."""
        import pyarrow.compute as pc

        by_key = np.asarray(pc.sort_indices(self.keys)).astype(np.int64)
        # lexsort is stable, so pupils equal in all of these stay in the order of their keys
        return by_key[np.lexsort([column[by_key] for column in reversed(self._columns())])]

    def equal_to(self, place: int) -> NDArray[np.bool_]:
        """Which pupils nothing but the key separates from the one at `place`."""
        return np.asarray(np.logical_and.reduce([column == column[place] for column in self._columns()]))

    def _columns(self) -> list[NDArray[Any]]:
        """What to compare, most important first, smaller is better; a pupil without a rank is equal to the others."""
        ranked = self.section == RANKED
        judged = [-self.band, _least_known_first(self.probability), -self.points, -self.points_max]
        return [self.section, *(np.where(ranked, column, 0) for column in judged if column is not None)]


def _least_known_first(probability: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    """Falling probability; a pupil whom the model could not score stands before those it could (-2 before -1)."""
    return None if probability is None else np.where(np.isnan(probability), -2.0, -probability)


def higher_band(rules: NDArray[np.int8], model: NDArray[np.int8] | None) -> NDArray[np.int8]:
    """The band that counts: the model's only where it is the higher, and never for a pupil who has no score."""
    return rules if model is None else np.where(rules < 0, rules, np.maximum(rules, model))


def far_apart(rules: NDArray[np.int8], model: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Of whom the scorecard and the model say very different things; nobody of whom one of them says nothing."""
    return np.asarray((rules >= 0) & (model >= 0) & (np.abs(rules - model) >= FAR_APART))


@dataclass(frozen=True)
class Shortlist:
    """The first `n` pupils of a list, and who else must be seen. `pupils` and `displaced` are places in the cohort.

    `displaced` would have been among the first n by the rules alone. `tied` pupils outside are equal to the last one
    inside in everything but their key; `tied_in` equal ones are inside.
    """

    pupils: NDArray[np.int64]
    displaced: NDArray[np.int64]
    tied: int
    tied_in: int

    def __len__(self) -> int:
        return len(self.pupils)

    @property
    def sentence(self) -> str:
        """What to know about the cut, for the person who reads the list."""
        said = [f"{counted(len(self.pupils), 'pupil')} in the list."]
        if self.tied:
            equal = counted(self.tied + self.tied_in, "pupil")
            said.append(
                f"At the cut {equal} are equal: {self.tied_in} in the list and {self.tied} not; only their "
                "identifiers put them in that order."
            )
        if len(self.displaced):
            more = counted(len(self.displaced), "pupil")
            said.append(f"By the scorecard alone {more} more would have been in it: see them too.")
        return " ".join(said)


def shortlist(count: int, standing: Standing, rules_only: Standing) -> Shortlist:
    """The first `count` of a list and whoever the rules alone would have put there. Raises ValueError below 0."""
    if count < 0:
        raise ValueError(f"A list cannot hold {count} pupils.")
    count = min(count, int(np.count_nonzero(standing.section == RANKED)))
    pupils, by_rules = standing.order[:count], rules_only.order[:count]
    displaced = by_rules[~np.isin(by_rules, pupils)]
    if not count:
        return Shortlist(pupils, displaced, 0, 0)
    equal = standing.equal_to(int(pupils[-1]))
    tied_in = int(np.count_nonzero(equal[pupils]))
    tied = int(np.count_nonzero(equal)) - tied_in
    return Shortlist(pupils, displaced, tied, tied_in if tied else 0)
