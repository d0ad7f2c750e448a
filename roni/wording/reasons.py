"""Why each pupil has the points there are, and what is not known: one line a pupil, for all pupils at once.

The points in a pupil's reasons add up to the pupil's points: both are read off the same tier matrix.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from roni.plural import counted
from roni.wording.facts import facts
from roni.wording.lines import Lines

if TYPE_CHECKING:
    from roni.assessment import Assessment, ColumnNotKnown
    from roni.cohort import Cohort
    from roni.indicator import Tier

Mask = NDArray[np.bool_]


class Paid(NamedTuple):
    """Which pupils one tier gives its points, being the highest met of its indicator; and for whom it is still open."""

    owner: int  # place in card.active
    tier: Tier
    met: Mask
    open: Mask


def tiers_paid(assessment: Assessment) -> Iterator[Paid]:
    """Each tier in the order of the card, with who gets it and for whom it would give more were it known."""
    scored = ~assessment.restricted
    left: dict[int, Mask] = {}  # of each indicator who has met none of its tiers so far
    for column, (owner, tier) in enumerate(assessment.card.tiers):
        verdict, rest = assessment.tiers[:, column], left.get(owner, scored)
        met = (verdict > 0) & rest
        left[owner] = rest & ~met
        yield Paid(owner, tier, met, (verdict == 0) & rest)


def reasons(cohort: Cohort, assessment: Assessment) -> Lines:
    """Each pupil's met tiers, most points first, such as “attendance 84.2 % (below 85 %) +2; young carer +2”.

    Automatic inclusions stand at the end: “looked after: at least amber”. Of restricted pupils nothing is said.
    """
    lines = Lines(len(cohort))
    for paid in sorted(tiers_paid(assessment), key=lambda paid: -paid.tier.points):
        places = np.flatnonzero(paid.met)
        lines.say(places, *facts(paid.tier.when, cohort, places).ending(f" +{paid.tier.points}"))
    for column, inclusion in enumerate(assessment.card.inclusions):
        places = np.flatnonzero(assessment.inclusions[:, column] > 0)
        lines.say(places, *facts(inclusion.when, cohort, places).ending(f": at least {inclusion.band}"))
    return lines


def not_known(cohort: Cohort, assessment: Assessment) -> Lines:
    """The fields that are not known of each pupil and could still change the points or the band, in card order.

    What a whole file says nothing about is not repeated on its pupils' lines: `said_once` says it.
    """
    lines, gaps = Lines(len(cohort)), assessment.gaps
    open_ = {name: np.zeros(len(cohort), np.bool_) for name in gaps}
    for names, undecided in _open(assessment):
        for name in open_.keys() & names:
            open_[name] |= undecided
    for name in gaps:
        lines.say(np.flatnonzero(open_[name] & gaps[name]), [cohort.fields[name].label])
    return lines


def ask_first(cohort: Cohort, assessment: Assessment) -> Lines:
    """The one thing to find out first of each pupil, and who supplies it: “suspensions (school)”."""
    lines = Lines(len(cohort))
    asked = np.flatnonzero(assessment.ask_first >= 0)
    texts = [f"{cohort.fields[name].label} ({cohort.fields[name].supplier})" for name in assessment.ask_fields]
    lines.say(asked, texts, assessment.ask_first[asked])
    return lines


def said_once(cohort: Cohort, assessment: Assessment) -> list[str]:
    """What whole files say nothing about, one sentence each, with what it could add."""
    return [
        f"{gap.file} says nothing about {cohort.fields[gap.field].label}: not known, {_at_stake(gap)}."
        for gap in assessment.columns_not_known
    ]


def points(count: int) -> str:
    """A number of points in words.

    >>> points(1), points(2)
    ('1 point', '2 points')
    """
    return counted(count, "point")


def _at_stake(gap: ColumnNotKnown) -> str:
    whom = ("" if gap.pupils == 1 else "each of ") + counted(gap.pupils, "pupil")
    return f"up to {points(gap.points)} for {whom}" if gap.points else f"and could raise the band of {whom}"


def _open(assessment: Assessment) -> Iterator[tuple[tuple[str, ...], Mask]]:
    """The fields of each tier and inclusion, and for whom it is not ruled out and would add something."""
    for paid in tiers_paid(assessment):
        yield paid.tier.when.fields, paid.open
    bands = [band.name for band in assessment.card.bands]
    for column, inclusion in enumerate(assessment.card.inclusions):
        would_raise = assessment.band < bands.index(inclusion.band)
        yield inclusion.when.fields, (assessment.inclusions[:, column] == 0) & would_raise & ~assessment.restricted
