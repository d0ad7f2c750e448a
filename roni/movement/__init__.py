"""Two checks compared: who is new or has left, who went up or down, and why."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from roni.assessment import assess
from roni.frames import to_frame
from roni.matching import can_be_matched, match_pupils
from roni.movement.changes import Pairs, why
from roni.order import higher_band
from roni.wording import roll
from roni.wording.lines import Lines
from roni.wording.reasons import reasons

if TYPE_CHECKING:
    import pandas as pd

    from roni.assessment import Assessment, Card
    from roni.cohort import Cohort
    from roni.model import Scorer

KINDS = (
    "up", "new", "down", "unchanged", "left", "not compared", "not asked for in both checks",
    "cannot be matched between checks",
)  # fmt: skip
UP, NEW, DOWN, UNCHANGED, LEFT, NOT_COMPARED, NOT_ASKED, NOT_MATCHED = range(len(KINDS))


class Look(NamedTuple):
    """One check's assessed pupils; with a register also its rank [n], 0 for none, its model and that one's band [n]."""

    cohort: Cohort
    assessment: Assessment
    register_rank: NDArray[np.int64] | None = None
    model: Scorer | None = None
    model_band: NDArray[np.int8] | None = None

    @property
    def card(self) -> Card:
        return self.assessment.card

    @property
    def band(self) -> NDArray[np.int8]:
        return higher_band(self.assessment.band, self.model_band)

    @property
    def rank(self) -> NDArray[np.int64]:
        return np.zeros(len(self.cohort), np.int64) if self.register_rank is None else self.register_rank

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Who has a score to compare: neither restricted nor in no list."""
        return ~self.assessment.restricted & ~roll.died(self.cohort)

    def only(self, place: int) -> Look:
        """The pupil at one place alone: a score does not depend on who else is there."""
        cohort, one = self.cohort.take(np.array([place])), slice(place, place + 1)
        model_band = None if self.model_band is None else self.model_band[one]
        return Look(cohort, assess(self.card, cohort), self.rank[one], self.model, model_band)

    def model_band_by(self, other: Look) -> NDArray[np.int8] | None:
        """What the trained model of another check says of these pupils; None where that check had none."""
        if other.model is None:
            return None
        if _identity(self.model) == _identity(other.model):
            return self.model_band
        return other.model.band(other.model.probability(self.cohort), other.card)


def compare(previous: Look | tuple[Cohort, Assessment], now: Look | tuple[Cohort, Assessment]) -> Movement:
    """Compare two assessed cohorts by the pupils' keys.

    Up and down go by band first, then by points. A pupil who has no score in one of the two checks (information
    restricted, or in no list) is not compared; one whose leaving cohort was asked for in only one check, or who
    has no identifier to be matched by, is neither new nor left.
    """
    return Movement(Look(*previous), Look(*now))


@dataclass(frozen=True, eq=False)
class Movement:
    """One entry for every pupil of either check: first those of now, in their order, then those only of before.

    `here` and `there` [u] are the pupil's places now and before, -1 for none; `kind` [u] is a place in KINDS.
    """

    previous: Look
    now: Look

    def __len__(self) -> int:
        return len(self.here)

    @cached_property
    def here(self) -> NDArray[np.int64]:
        return np.concatenate([np.arange(len(self.now.cohort)), np.full(len(self._gone), -1)])

    @cached_property
    def there(self) -> NDArray[np.int64]:
        return np.concatenate([self._before, self._gone])

    @cached_property
    def _before(self) -> NDArray[np.int64]:
        return match_pupils(self.now.cohort, self.previous.cohort)

    @cached_property
    def _gone(self) -> NDArray[np.int64]:
        gone = np.ones(len(self.previous.cohort), np.bool_)
        gone[self._before[self._before >= 0]] = False
        return np.flatnonzero(gone)

    @cached_property
    def _both(self) -> NDArray[np.int64]:
        """Entries with a score in both checks."""
        found = np.flatnonzero((self.here >= 0) & (self.there >= 0))
        return found[self.now.scored[self.here[found]] & self.previous.scored[self.there[found]]]

    @cached_property
    def kind(self) -> NDArray[np.int8]:
        kind = np.full(len(self), NOT_COMPARED, np.int8)
        kind[self._both] = self._direction
        for look, others, own, name in (
            (self.now, self.there, self.here, NEW),
            (self.previous, self.here, self.there, LEFT),
        ):
            alone = np.flatnonzero(others < 0)
            if len(alone):
                listed = alone[~roll.died(look.cohort)[own[alone]]]
                named = np.where(self._asked_in_both(look.cohort), name, NOT_ASKED)
                kind[listed] = np.where(can_be_matched(look.cohort), named, NOT_MATCHED)[own[listed]]
        return kind

    @property
    def _direction(self) -> NDArray[np.int8]:
        """Up, down or unchanged of those in both: by band, then points."""
        here, there = self.here[self._both], self.there[self._both]
        band, points = self._band_to_compare[there], self._points_to_compare[there]
        band_step = np.sign(self.now.band[here] - band)
        points_step = np.sign(self.now.assessment.points[here] - points)
        step = np.where(band_step == 0, points_step, band_step)
        return np.asarray(np.array([DOWN, UNCHANGED, UP], np.int8)[step + 1])

    @cached_property
    def _comparable(self) -> Assessment | None:
        """The earlier check by the card of now, where the two cards' bands have other names: None where they agree."""
        then, today = self.previous.card, self.now.card
        if [band.name for band in then.bands] == [band.name for band in today.bands]:
            return None
        return assess(today, self.previous.cohort)

    @property
    def _band_to_compare(self) -> NDArray[np.int8]:
        return self.previous.band if self._comparable is None else self._comparable.band

    @property
    def _points_to_compare(self) -> NDArray[np.int16]:
        return self.previous.assessment.points if self._comparable is None else self._comparable.points

    def _asked_in_both(self, cohort: Cohort) -> NDArray[np.bool_]:
        """Whose leaving cohort was asked for in both checks; one that is not known counts as asked for."""
        asked = _asked(self.previous.cohort) & _asked(self.now.cohort)
        leavers = _leavers(cohort)
        return np.asarray(np.isin(leavers, list(asked)) | (leavers == 0))

    @cached_property
    def why(self) -> Any:
        """One line an entry (pyarrow strings): what changed, with the raw values of both checks.

        Of the new, what gives their points; of those who left, when and where to, where that is known.
        """
        lines = Lines(len(self))
        new, left = (np.flatnonzero(self.kind == kind) for kind in (NEW, LEFT))
        for entries, said in ((self._both, self._changes), (new, self._reasons), (left, self._left)):
            if len(entries):
                lines.add(said(entries), entries)
        return lines.joined().combine_chunks()

    def _changes(self, entries: NDArray[np.int64]) -> Lines:
        here, there = self.here[entries], self.there[entries]
        pairs = Pairs.of(self.previous.assessment, there, self.now.assessment, here)
        then = self.previous.model_band_by(self.now)
        by_model = {
            "the trained model": (higher_band(self.previous.assessment.band, then) != self.previous.band)[there],
            "the trained model’s band": higher_band(
                self.now.assessment.band[here], None if then is None else then[there]
            )
            != self.now.band[here],
        }
        return why(pairs, by_model)

    def _reasons(self, entries: NDArray[np.int64]) -> Lines:
        """The scorecard's reasons, as in the list."""
        cohort = self.now.cohort.take(self.here[entries])
        return reasons(cohort, assess(self.now.card, cohort))

    def _left(self, entries: NDArray[np.int64]) -> Lines:
        """What the earlier files say of where they went, by the day of the later check."""
        cohort = replace(self.previous.cohort.take(self.there[entries]), check=self.now.cohort.check)
        lines = Lines(len(cohort))
        roll.say_left(lines, cohort)
        return lines

    def counts(self) -> dict[str, int]:
        """How many entries of each kind, those without any left out."""
        numbers = np.bincount(self.kind, minlength=len(KINDS)).tolist()
        return {name: number for name, number in zip(KINDS, numbers, strict=True) if number}

    def to_frame(self) -> pd.DataFrame:
        """One row an entry as pandas, in the order of `to_table`."""
        return to_frame(self.to_table())

    def to_table(self, columns: Collection[str] | None = None) -> Any:
        """One row an entry as a pyarrow table: by kind, then by rank now (or before), then by key.

        With `columns` no others are worked out; raises KeyError where there is no such column.
        """
        import pyarrow as pa

        sides = {
            f"{name}_{when}": partial(_SIDE[name], look, places)
            for name in _SIDE
            for when, look, places in (("before", self.previous, self.there), ("now", self.now, self.here))
        }
        said: dict[str, Callable[[], Any]] = {
            "key": lambda: self._text(self.now.cohort.keys, self.previous.cohort.keys),
            **{name: partial(self._named, name) for name in ("upn", "surname", "forename", "school_name")},
            "kind": lambda: pa.array(KINDS).take(pa.array(self.kind)),
            **sides,
            "why": lambda: self.why,
        }
        wanted = {name: said[name]() for name in (said if columns is None else columns)}
        return pa.table(wanted).take(pa.array(self._order))

    @property
    def _order(self) -> NDArray[np.int64]:
        import pyarrow.compute as pc

        keys = self._text(self.now.cohort.keys, self.previous.cohort.keys)
        by_key = np.asarray(pc.sort_indices(keys)).astype(np.int64)
        rank = np.where(self.here >= 0, _at(self.now.rank, self.here), _at(self.previous.rank, self.there))
        return by_key[np.lexsort([rank[by_key], self.kind[by_key]])]

    def _named(self, name: str) -> Any:
        return self._text(self.now.cohort.column(name), self.previous.cohort.column(name))

    def _text(self, now: Any, before: Any) -> Any:
        """A text of each entry: as it stands now, and of those who have gone as it stood before."""
        import pyarrow as pa

        places = np.where(self.here >= 0, self.here, len(now) + self.there)
        return pa.concat_arrays([now, before]).take(pa.array(places))


# Each entry in one check; null where the pupil is not in it or has no score.


def _bands(look: Look, places: NDArray[np.int64]) -> Any:
    import pyarrow as pa

    names = pa.array([band.name for band in look.card.bands])
    return names.take(pa.array(_at(look.band, places), mask=~_at(look.scored, places)))


def _points(look: Look, places: NDArray[np.int64]) -> Any:
    import pyarrow as pa

    return pa.array(_at(look.assessment.points, places), mask=~_at(look.scored, places))


def _ranks(look: Look, places: NDArray[np.int64]) -> Any:
    import pyarrow as pa

    rank = _at(look.rank, places)
    return pa.array(rank, mask=~_at(look.scored, places) | (rank == 0))


_SIDE = {"band": _bands, "points": _points, "rank": _ranks}


def _at(values: NDArray[Any], places: NDArray[np.int64]) -> NDArray[Any]:
    """The values at these places; 0 or False at place -1, which is nobody."""
    return np.append(values, values.dtype.type(0))[places]


def _asked(cohort: Cohort) -> set[int]:
    """The leaving cohorts a check was about: its focus years, and every accepted year that is in the files."""
    check = cohort.check
    focus = {check.year.leavers(year) for year in check.focus_years if year in check.accepted_years}
    return focus | set(np.unique(_leavers(cohort)).tolist())


def _leavers(cohort: Cohort) -> NDArray[np.int64]:
    """The summer in which each pupil finishes Year 11; 0 where the year group is not known."""
    groups = cohort.column("year_group").astype(np.int64)
    return np.where(groups >= 0, cohort.check.year.leavers(0) - groups, 0)


def _identity(model: Scorer | None) -> tuple[str, str] | None:
    """Which model exactly: its name, and the digest of one that has one."""
    return None if model is None else (model.name, str(getattr(model, "digest", "")))
