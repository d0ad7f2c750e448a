"""The register: the ranked, explained list of one check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roni import reasons, roll
from roni.chance import chances
from roni.cohort import KEY_KINDS
from roni.explainer import ModelSays, explain
from roni.explanation import Explanation
from roni.frames import to_frame
from roni.model import Model
from roni.model_reasons import account_of, say_raising
from roni.movement import Look, Movement, compare
from roni.order import NOT_LISTED, RANKED, RESTRICTED, SECTIONS, Shortlist, Standing, far_apart, higher_band, shortlist

if TYPE_CHECKING:
    import pandas as pd

    from roni.assessment import Assessment, Card
    from roni.cohort import Cohort
    from roni.lines import Lines
    from roni.model import Scorer

NOT_SCORED = "not scored: information restricted"


@dataclass(frozen=True, eq=False)
class Register:
    """The assessed pupils of one check, in order; with a model also its probability and band of each pupil [n].

    `probability` is NaN and `model_band` -1 where the model could not score.
    """

    cohort: Cohort
    assessment: Assessment
    model: Scorer | None = None
    probability: NDArray[np.float64] | None = None
    model_band: NDArray[np.int8] | None = None

    def __len__(self) -> int:
        return len(self.cohort)

    @property
    def card(self) -> Card:
        return self.assessment.card

    @property
    def model_name(self) -> str | None:
        return None if self.model is None else self.model.name

    @property
    def model_digest(self) -> str | None:
        """Which model exactly the probabilities come from."""
        return None if self.trained is None else self.trained.digest

    @property
    def trained(self) -> Model | None:
        """The model, where it is one that says why; a bare scorer only says how likely."""
        return self.model if isinstance(self.model, Model) else None

    @property
    def rules_band(self) -> NDArray[np.int8]:
        """Places in `card.bands` by the scorecard alone; -1 for a restricted pupil."""
        return self.assessment.band

    @cached_property
    def band(self) -> NDArray[np.int8]:
        """The higher of the scorecard's band and the model's."""
        return higher_band(self.rules_band, self.model_band)

    @cached_property
    def band_max(self) -> NDArray[np.int8]:
        """The band if every unknown turned out to be met; never under `band`."""
        return higher_band(self.assessment.band_max, self.model_band)

    @cached_property
    def section(self) -> NDArray[np.int8]:
        """Places in SECTIONS: ranked, restricted, or in no list at all."""
        section = np.where(self.assessment.restricted, RESTRICTED, RANKED)
        return np.where(roll.died(self.cohort), NOT_LISTED, section).astype(np.int8)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The pupils' places in the cohort, best first; those without a rank at the end."""
        return self._standing.order

    @cached_property
    def rank(self) -> NDArray[np.int64]:
        """Each pupil's rank from 1, in the cohort's order; 0 for a pupil without one."""
        rank = np.zeros(len(self), np.int64)
        rank[self.order] = np.arange(1, len(self) + 1)
        return np.where(self.section == RANKED, rank, 0)

    @cached_property
    def _standing(self) -> Standing:
        return self._standing_by(self.band, self.probability)

    @cached_property
    def _standing_by_rules(self) -> Standing:
        with_model = self.probability is not None or self.model_band is not None
        return self._standing_by(self.rules_band, None) if with_model else self._standing

    def _standing_by(self, band: NDArray[np.int8], probability: NDArray[np.float64] | None) -> Standing:
        made = self.assessment
        return Standing(self.section, band, made.points, made.points_max, self.cohort.keys, probability)

    def top(self, count: int) -> Shortlist:
        """The first `count` pupils, whoever the rules alone would have put there, and the tie at the cut."""
        return shortlist(count, self._standing, self._standing_by_rules)

    def since(self, previous: Register) -> Movement:
        """What changed since an earlier check, and why."""
        return compare(previous.look, self.look)

    @property
    def look(self) -> Look:
        """What a comparison needs of this register."""
        return Look(self.cohort, self.assessment, self.band, self.rank)

    def explain(self, key: str, previous: Register | None = None) -> Explanation:
        """One pupil in plain English. Raises PupilNotFoundError."""
        index = self.cohort.index_of(key)
        look = previous.look if previous else None
        return explain(self.cohort, self.assessment, index, look, self._model_says(index))

    def _model_says(self, index: int) -> ModelSays | None:
        if self.model is None or self.probability is None or self.model_band is None:
            return None
        says = ModelSays(self.model.name, float(self.probability[index]), int(self.model_band[index]))
        if self.trained is None:
            return says
        account = account_of(self.trained, self.cohort, index)
        return replace(says, account=account, pupils_like=self.trained.pupils_like)

    @property
    def notes(self) -> list[str]:
        """What is said once instead of on every pupil's line: of the model, then of whole files."""
        return [*self.model_notes, *self.file_notes]

    @property
    def model_notes(self) -> list[str]:
        """What must be said wherever the probabilities appear."""
        return [] if self.trained is None else self.trained.notes

    @property
    def file_notes(self) -> list[str]:
        """What whole files say nothing about."""
        return reasons.said_once(self.cohort, self.assessment)

    def to_frame(self) -> pd.DataFrame:
        """The list as pandas, one row a pupil of the cohort, in order."""
        return to_frame(self.to_table())

    def to_table(self) -> Any:
        """The same as a pyarrow table: every pupil of the cohort once, in order, made without a loop over pupils."""
        import pyarrow as pa

        return pa.table(_Table(self).columns())


@dataclass(frozen=True)
class _Table:
    """The columns of the list, each already in order."""

    register: Register

    def columns(self) -> dict[str, Any]:
        """Who, how high, why; then whence. Points, reasons and marks only of the ranked."""
        register, cohort, made = self.register, self.register.cohort, self.register.assessment
        return {
            "rank": self._ranked(register.rank.astype(np.int32)),
            **{name: self._text(name) for name in ("upn", "surname", "forename", "preferred_name")},
            "year_group": self._whole(cohort.column("year_group")),
            "registration_group": self._text("registration_group"),
            "school": self._school(),
            "band": self._band(register.band),
            "band_max": self._band(register.band_max),
            "points": self._ranked(made.points),
            "points_max": self._ranked(made.points_max),
            "probability": self._probability(),
            "reasons": self._lines(self._reasons()),
            "not_known": self._lines(reasons.not_known(cohort, made)),
            "ask_first": self._lines(reasons.ask_first(cohort, made)),
            "section": self._named(SECTIONS, register.section),
            "rules_band": self._band(register.rules_band),
            "model_band": self._model_band(),
            "chance": self._chance(),
            "marks": self._lines(self._marks()),
            "key": cohort.keys.take(self._order),
            "key_kind": self._named(KEY_KINDS, cohort.key_kind),
            "file": self._named(cohort.files, cohort.file_index),
            "row": cohort.row[register.order],
        }

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
        """The scorecard's reasons, which add up to the points; then what raises the model's probability most."""
        register = self.register
        lines = reasons.reasons(register.cohort, register.assessment)
        if register.trained is not None:
            say_raising(register.trained, register.cohort, lines)
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
