"""Whom an evaluation is about: which pupils, what became of them, and what is done where that is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roni.errors import RoniError
from roni.outcomes import EET, NEET, NEITHER

if TYPE_CHECKING:
    from roni.cohort import Cohort
    from roni.outcomes import Outcomes

# A year group of which fewer pupils than this share have any destination recorded is not the one that was followed up.
FOLLOWED_UP = 0.5
# Invented UPNs carry an authority number from 100 to 199; real ones begin at 201 (see the synthetic identities).
INVENTED_UPN = r"^[A-Z]1\d{10}[0-9A-Z]$"
MOSTLY = 0.5
INVENTED = "Figures from invented pupils: they say that the method works, and nothing about any real child or school."

EXCLUDED = "excluded"
POLICIES: Mapping[str, str] = {
    EXCLUDED: "Pupils whose outcome is not known take places in a list, as they would have, and count in no rate.",
    "counted as NEET": "As if every pupil whose outcome is not known had become NEET.",
    "counted as not NEET": "As if no pupil whose outcome is not known had become NEET.",
}


@dataclass(frozen=True, eq=False)
class Population:
    """The pupils followed up. `label`: int8 [n], 1 NEET, -1 not, 0 not known; `places`: int64 [n], in the cohort given.

    `no_record`: those, of the not known, of whom there is no record at all. `left_out`: pupils by year group that was
    not followed up (-1: year group not known).
    """

    cohort: Cohort
    label: NDArray[np.int8]
    places: NDArray[np.int64]
    no_record: int
    left_out: Mapping[int, int]

    def __len__(self) -> int:
        return len(self.label)

    @property
    def neet(self) -> int:
        return int((self.label == NEET).sum())

    @property
    def not_neet(self) -> int:
        return int((self.label == EET).sum())

    @property
    def known(self) -> int:
        return self.neet + self.not_neet

    @property
    def not_known(self) -> int:
        return int((self.label == NEITHER).sum())

    def counts(self) -> dict[str, Any]:
        """How many there are of each."""
        return {
            "pupils": len(self),
            "neet": self.neet,
            "not_neet": self.not_neet,
            "not_known": self.not_known,
            "no_record": self.no_record,
            "left_out_by_year_group": dict(self.left_out),
        }

    def counted(self, policy: str = EXCLUDED) -> NDArray[np.int8]:
        """The labels under a policy for the not known, one of POLICIES."""
        standing = {EXCLUDED: NEITHER, "counted as NEET": NEET, "counted as not NEET": EET}[policy]
        return np.where(self.label == NEITHER, np.int8(standing), self.label)


def follow_up(cohort: Cohort, outcomes: Outcomes) -> Population:
    """The pupils of the year groups that the outcomes follow up, each with a label.

    Raises RoniError where no year group was followed up, or the outcome was over before the check.
    """
    import pyarrow.compute as pc

    if outcomes.outcome.end < cohort.check.on:
        raise RoniError(
            f"“{outcomes.outcome.words}” was over before the {cohort.check} check of {cohort.check.on}: nobody could "
            "still be helped. Ask about a day after it."
        )
    recorded = np.asarray(pc.is_in(cohort.keys, value_set=outcomes.keys))
    year = np.asarray(cohort.column("year_group"))
    groups = {int(group): year == group for group in np.unique(year)}
    followed = [group for group, who in groups.items() if recorded[who].mean() >= FOLLOWED_UP]
    if not followed:
        raise RoniError(
            f"{int(recorded.sum()):,} of {len(cohort):,} pupils have a destination: too few of every year group. Give "
            "the destinations of the pupils in the file, with the same UPNs."
        )
    places = np.flatnonzero(np.isin(year, followed))
    inside = cohort.take(places)
    left_out = {group: int(who.sum()) for group, who in groups.items() if group not in followed}
    missing = int((~recorded[places]).sum())
    return Population(inside, outcomes.for_keys(inside.keys), places, missing, left_out)


def relabelled(population: Population, policy: str) -> Population:
    """The same pupils under another policy for the not known."""
    return replace(population, label=population.counted(policy))


def is_invented(cohort: Cohort) -> bool:
    """Whether most pupils carry a UPN of an authority number that is not in use: nobody real."""
    import pyarrow.compute as pc

    return bool(len(cohort)) and float(np.mean(pc.match_substring_regex(cohort.keys, INVENTED_UPN))) > MOSTLY
