"""The register as a table: the columns of the list, for people and for files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roni.chance import chances
from roni.cohort import KEY_KINDS
from roni.model.reasons import raised_by, say_raised, say_raising
from roni.order import NOT_LISTED, RANKED, RESTRICTED, SECTIONS, far_apart
from roni.wording import reasons, roll
from roni.wording.lines import Lines

if TYPE_CHECKING:
    from roni.register import Register

NOT_SCORED = "not scored: information restricted"


@dataclass(frozen=True)
class ListTable:
    """The columns of the list, each already in order, made without a loop over pupils."""

    register: Register

    def columns(self, names: Collection[str] | None = None) -> dict[str, Any]:
        """Who, how high, why; then whence: all columns, or those named. Points, reasons and marks only of the ranked.

        Raises KeyError where there is no such column.
        """
        register, cohort, made = self.register, self.register.cohort, self.register.assessment
        columns: dict[str, Callable[[], Any]] = {
            "rank": lambda: self._ranked(register.rank.astype(np.int32)),
            **{name: partial(self._text, name) for name in ("upn", "surname", "forename", "preferred_name")},
            "year_group": lambda: self._whole(cohort.column("year_group")),
            "registration_group": lambda: self._text("registration_group"),
            "school": self._school,
            "band": lambda: self._band(register.band),
            "band_max": lambda: self._band(register.band_max),
            "points": lambda: self._ranked(made.points),
            "points_max": lambda: self._ranked(made.points_max),
            "probability": self._probability,
            "reasons": lambda: self._lines(self._reasons()),
            "not_known": lambda: self._lines(reasons.not_known(cohort, made)),
            "ask_first": lambda: self._lines(reasons.ask_first(cohort, made)),
            "section": lambda: self._named(SECTIONS, register.section),
            "rules_band": lambda: self._band(register.rules_band),
            "model_band": self._model_band,
            "chance": self._chance,
            "marks": lambda: self._lines(self._marks()),
            "key": lambda: cohort.keys.take(self._order),
            "key_kind": lambda: self._named(KEY_KINDS, cohort.key_kind),
            "file": lambda: self._named(cohort.files, cohort.file_index),
            "row": lambda: cohort.row[register.order],
        }
        return {name: columns[name]() for name in (columns if names is None else names)}

    @property
    def _order(self) -> NDArray[np.int64]:
        return self.register.order

    @cached_property
    def _unranked(self) -> NDArray[np.bool_]:
        return np.asarray(self.register.section[self._order] != RANKED)

    def _ranked(self, values: NDArray[Any]) -> Any:
        import pyarrow as pa

        return pa.array(values[self._order], mask=self._unranked)

    def _whole(self, values: NDArray[Any]) -> Any:
        import pyarrow as pa

        ordered = values[self._order]
        return pa.array(ordered, mask=ordered < 0)

    def _text(self, name: str) -> Any:
        return self.register.cohort.column(name).take(self._order)

    def _school(self) -> Any:
        """The school's name, else its URN, else its LAESTAB."""
        import pyarrow.compute as pc

        urn, laestab = (
            pc.binary_join_element_wise(word, self._text(name), " ")
            for word, name in (("URN", "urn"), ("LAESTAB", "laestab"))
        )
        return pc.coalesce(self._text("school_name"), urn, laestab)

    def _named(self, names: Sequence[str], codes: NDArray[Any], mask: NDArray[np.bool_] | None = None) -> Any:
        import pyarrow as pa

        return pa.array(names, pa.string()).take(pa.array(codes[self._order], mask=mask))

    def _band(self, band: NDArray[np.int8]) -> Any:
        """The band's name; for a pupil without a rank the reason why there is none."""
        names = [band.name for band in self.register.card.bands]
        section = self.register.section
        without = {RESTRICTED: NOT_SCORED, NOT_LISTED: SECTIONS[NOT_LISTED]}
        codes = np.where(section == RANKED, band, len(names) + section - RESTRICTED)
        return self._named([*names, *(without[place] for place in sorted(without))], codes)

    def _model_band(self) -> Any:
        names, band = [band.name for band in self.register.card.bands], self.register.model_band
        if band is None:
            band = np.full(len(self.register), -1, np.int8)
        return self._named(names, band, self._unranked | (band[self._order] < 0))

    def _probability(self) -> Any:
        import pyarrow as pa

        probability = self.register.probability
        if probability is None:
            return pa.nulls(len(self.register), pa.float64())
        ordered = probability[self._order]
        return pa.array(ordered, mask=self._unranked | np.isnan(ordered))

    def _chance(self) -> Any:
        """“about 1 in 8 like this”; of invented pupils it says so in every line."""
        import pyarrow as pa

        probability, trained = self.register.probability, self.register.trained
        if probability is None:
            return pa.nulls(len(self.register), pa.string())
        ordered = np.where(self._unranked, np.nan, probability[self._order])
        return chances(ordered, trained.pupils_like if trained else "like this")

    def _reasons(self) -> Lines:
        """The scorecard's reasons, which add up to the points; what raises the model's probability; whom it raises."""
        register, cohort = self.register, self.register.cohort
        lines, rules, band = reasons.reasons(cohort, register.assessment), register.rules_band, register.model_band
        if band is None or register.probability is None:
            return lines
        trained, said = register.trained, np.zeros(len(cohort), np.bool_)
        if trained is not None:
            said = say_raising(trained, cohort, lines, raised_by(rules, band))
        chance = chances(register.probability, trained.pupils_like if trained else "like this")
        say_raised([item.name for item in register.card.bands], rules, band, chance, said, lines)
        return lines

    def _marks(self) -> Lines:
        """What the roll marks, and where the scorecard and the model say very different things."""
        register, card = self.register, self.register.card
        of_model = () if register.trained is None else tuple(register.trained.tables)
        lines = roll.marks(register.cohort, (*card.fields, *of_model))
        if register.model_band is not None:
            places = np.flatnonzero(far_apart(register.rules_band, register.model_band))
            names = [band.name for band in card.bands]
            texts = [f"scorecard {one}, model {other}: look at both" for one in names for other in names]
            pairs = register.rules_band[places] * np.int32(len(names)) + register.model_band[places]
            lines.say(places, texts, pairs)
        return lines

    def _lines(self, said: Lines) -> Any:
        """One line a pupil; nothing of those without a rank, who stand at the end."""
        import pyarrow as pa

        lines = said.joined(self._order)
        ranked = int(np.count_nonzero(~self._unranked))
        silence = pa.array([""] * (len(self.register) - ranked), pa.string())
        return pa.chunked_array([*lines.slice(0, ranked).chunks, silence])
