"""Why a pupil moved between two checks: which indicators changed, or only the window, the scorecard or the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roni.assessment import assess
from roni.cohort import is_known
from roni.indicator.condition import Condition
from roni.wording.disagreements import disagreements
from roni.wording.facts import facts, known_value
from roni.wording.lines import Lines, Said, distinct

if TYPE_CHECKING:
    from roni.assessment import Assessment, Card
    from roni.cohort import Cohort

Mask = NDArray[np.bool_]

# Figures of a period, by what a person calls them. Over another period they do not compare.
MEASURED: Mapping[str, frozenset[str]] = {
    "attendance": frozenset({"attendance", "absence"}),
    "suspensions": frozenset({"suspended", "suspensions", "suspension_sessions", "suspension_days"}),
}
PERIODS = ("attendance_from", "suspensions_window")


@dataclass(frozen=True)
class Pairs:
    """The same m pupils in both checks, at `places` [m each] of two assessments by the card of now.

    `card_effect` [m]: who had other points or another band under the card of then.
    """

    judged: tuple[Assessment, Assessment]  # then, now
    places: tuple[NDArray[np.int64], NDArray[np.int64]]
    card_effect: Mask

    @classmethod
    def of(cls, previous: Assessment, there: NDArray[np.int64], now: Assessment, here: NDArray[np.int64]) -> Pairs:
        if previous.card.digest == now.card.digest:
            return cls((previous, now), (there, here), np.zeros(len(here), np.bool_))
        then = assess(now.card, _facts_read(previous.cohort, now.card, there))
        other_band = _band_names(previous)[previous.band[there]] != _band_names(then)[then.band]
        card_effect = other_band | (previous.points[there] != then.points)
        return cls((then, now), (np.arange(len(there)), here), card_effect)

    @cached_property
    def moved(self) -> NDArray[np.int64]:
        """The places among the pairs of those k of whom any verdict is another."""
        (then, now), (there, here) = self.judged, self.places
        tiers = then.tiers.T[:, there] != now.tiers.T[:, here]
        inclusions = then.inclusions.T[:, there] != now.inclusions.T[:, here]
        return np.flatnonzero(tiers.any(axis=0) | inclusions.any(axis=0))

    @cached_property
    def before(self) -> Assessment:
        """Those who moved, then."""
        return self._moved(0)

    @cached_property
    def now(self) -> Assessment:
        """Those who moved, now."""
        return self._moved(1)

    def _moved(self, check: int) -> Assessment:
        made, places = self.judged[check], self.places[check][self.moved]
        return made.only(places, _facts_read(made.cohort, made.card, places))


def why(pairs: Pairs, by_model: Mapping[str, Mask]) -> Lines:
    """One line a pair: what changed, with the raw values of both checks; empty where nothing did.

    `by_model`: what of a trained model moved the band, in words, and whose [m each].
    """
    changes = list(_changes(pairs)) if len(pairs.moved) else []
    changed = np.zeros(len(pairs.card_effect), np.bool_)
    changed[pairs.moved] = _anybody(changes, len(pairs.moved))
    causes = {"the scorecard": pairs.card_effect, **by_model}
    lines = Lines(len(changed))
    _say_causes(lines, causes, changed)
    if changes:
        by_facts = changed & ~np.logical_or.reduce(list(causes.values()))
        lines.add(_what_changed(pairs, changes, by_facts[pairs.moved]), pairs.moved)
    return lines


def _what_changed(pairs: Pairs, changes: list[_Change], by_facts: Mask) -> Lines:
    """Of those who moved [k]; `by_facts` are those whom nothing else moved."""
    lines = Lines(len(pairs.moved))
    _say_window(lines, pairs, changes, by_facts)
    for change in changes:
        lines.say(change.places, *change.said)
    for name, places, sentence in disagreements(pairs.now.cohort, pairs.now.card.fields):
        moved = _anybody([change for change in changes if name in change.fields], len(lines))
        lines.say(places[moved[places]], [sentence])
    return lines


def another_window(before: Cohort, now: Cohort, figure: str) -> Mask:
    """Whose figures of attendance or suspensions are of periods that do not compare [m].

    Attendance: the period starts on another day; the same period carried on to a later day does compare. Suspensions:
    counted over another window. What is counted within a year starts afresh with each academic year.
    """
    if figure == "attendance":
        then, today = before.column("attendance_from"), now.column("attendance_from")
        return np.asarray((then != today) & ~np.isnat(then) & ~np.isnat(today))
    then, today = before.column("suspensions_window"), now.column("suspensions_window")
    this_year = list(now.fields["suspensions_window"].codes).index("this_year")
    afresh = (before.check.year != now.check.year) & (today == this_year)
    return np.asarray((then >= 0) & (today >= 0) & ((then != today) | afresh))


@dataclass(frozen=True)
class _Change:
    """What changed of one indicator or inclusion: whose, and in words."""

    when: tuple[Condition, ...]
    places: NDArray[np.int64]
    said: Said  # one a place

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for condition in self.when for name in condition.fields))


def _changes(pairs: Pairs) -> Iterator[_Change]:
    card = pairs.now.card
    others = np.any(pairs.before.tiers != pairs.now.tiers, axis=0).tolist()
    for place in sorted({owner for (owner, _), other in zip(card.tiers, others, strict=True) if other}):
        indicator = card.active[place]
        then, today = (made.indicator_points(place) for made in (pairs.before, pairs.now))
        places = np.flatnonzero((then[0] != today[0]) | (then[1] != today[1]))
        if len(places):
            now, before = (_state(made, place, places) for made in (pairs.now, pairs.before))
            yield _Change(tuple(tier.when for tier in indicator.tiers), places, now.then(before, ", was "))
    scored = {name for indicator in card.active for name in indicator.fields}
    for place, inclusion in enumerate(card.inclusions):
        if scored.isdisjoint(inclusion.when.fields):  # else the indicator has said it
            places = np.flatnonzero(pairs.before.inclusions[:, place] != pairs.now.inclusions[:, place])
            if len(places):
                now, before = (_inclusion_state(made, place, places) for made in (pairs.now, pairs.before))
                yield _Change((inclusion.when,), places, now.then(before, ", was "))


def _state(made: Assessment, place: int, places: NDArray[np.int64]) -> Said:
    """What an indicator says of some pupils, met or not."""
    points, most = (amount[places] for amount in made.indicator_points(place))
    said, unsaid = Said.nothing(len(places)), np.ones(len(places), np.bool_)
    for column, (owner, tier) in enumerate(made.card.tiers):
        if owner == place:
            met = np.flatnonzero(unsaid & (made.tiers[places, column] > 0))
            fact = facts(tier.when, made.cohort, places[met]).ending(f" +{tier.points}")
            said, unsaid[met] = said.then(fact.among(met, len(places)), ", "), False
    said = said.then(_not_met(made.cohort, made.card.active[place].fields, places, unsaid), ", ")
    return said.then(Said.of("perhaps more", (most > points) & (points > 0)), ", ")


def _inclusion_state(made: Assessment, place: int, places: NDArray[np.int64]) -> Said:
    inclusion, verdict = made.card.inclusions[place], made.inclusions[places, place]
    met = np.flatnonzero(verdict > 0)
    fact = facts(inclusion.when, made.cohort, places[met]).ending(f": at least {inclusion.band}")
    return fact.among(met, len(places)).then(_not_met(made.cohort, inclusion.when.fields, places, verdict <= 0), ", ")


def _not_met(cohort: Cohort, names: tuple[str, ...], places: NDArray[np.int64], which: Mask) -> Said:
    """The raw values of what did not score: “attendance 91.0 %”, “young carer not known”."""
    size, places = len(places), places[which]
    read = [cohort.columns[name][places] for name in names if name in cohort.columns]
    first, of = distinct(*read) if read else (np.zeros(min(len(places), 1), np.int64), np.zeros(len(places), np.int32))
    texts = [
        ", ".join(
            known_value(cohort, name, int(places[one])) or f"{cohort.fields[name].label} not known" for name in names
        )
        for one in first
    ]
    return Said(texts, of).among(np.flatnonzero(which), size)


def _say_causes(lines: Lines, causes: Mapping[str, Mask], changed: Mask) -> None:
    """What moved a pupil's points or band beside the facts, and whether it did so alone."""
    for cause, of in causes.items():
        if of.any():
            others = np.logical_or.reduce([changed, *(mask for other, mask in causes.items() if other != cause)])
            lines.say(np.flatnonzero(of & ~others), [f"only {cause} changed"])
            lines.say(np.flatnonzero(of & others), [f"{cause} changed too"])


def _say_window(lines: Lines, pairs: Pairs, changes: list[_Change], among: Mask) -> None:
    """Who moved by figures of another period and by nothing else."""
    before, now = pairs.before.cohort, pairs.now.cohort
    windows = {figure: another_window(before, now, figure) for figure in MEASURED}
    moved = {figure: np.zeros(len(among), np.bool_) for figure in MEASURED}
    alone = among.copy()
    for change in changes:
        explained = np.zeros(len(among), np.bool_)
        for figure, names in MEASURED.items():
            others = [name for name in change.fields if name not in names]
            if len(others) < len(change.fields):
                by_window = windows[figure] & _equal(before, now, others)
                moved[figure][change.places] |= by_window[change.places]
                explained |= by_window
        alone[change.places] &= explained[change.places]
    both = moved["attendance"] & moved["suspensions"]
    for figure in MEASURED:
        lines.say(np.flatnonzero(alone & moved[figure] & ~both), [f"only the {figure} window changed"])
    lines.say(np.flatnonzero(alone & both), ["only the attendance and suspensions windows changed"])


def _equal(before: Cohort, now: Cohort, names: list[str]) -> Mask:
    """Whose values of all these fields are the same in both checks, or known in neither."""
    same = np.ones(len(now), np.bool_)
    for name in names:
        item, then, today = now.fields[name], before.column(name), now.column(name)
        same &= (then == today) | (~is_known(item, then) & ~is_known(item, today))
    return same


def _anybody(changes: list[_Change], size: int) -> Mask:
    changed = np.zeros(size, np.bool_)
    for change in changes:
        changed[change.places] = True
    return changed


def _facts_read(cohort: Cohort, card: Card, places: NDArray[np.int64]) -> Cohort:
    """The pupils at these places, with only what the card reads, and the periods of it."""
    fields = cohort.fields
    figures = [name for item in card.fields for route in fields[item].routes for name in route.inputs]
    wanted = {*card.fields, *figures, *PERIODS} & set(cohort.columns)
    return replace(cohort, columns={name: cohort.columns[name] for name in wanted}).take(places)


def _band_names(made: Assessment) -> NDArray[Any]:
    return np.array([band.name for band in made.card.bands])
