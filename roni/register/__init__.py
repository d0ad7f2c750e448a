"""The register: the ranked, explained list of one check."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roni.explanation import Explanation
from roni.explanation.explainer import ModelSays, explain
from roni.frames import to_frame
from roni.model import Model
from roni.model.reasons import account_of
from roni.movement import Look, Movement, compare
from roni.order import (
    NOT_LISTED,
    RANKED,
    RESTRICTED,
    Shortlist,
    Standing,
    higher_band,
    shortlist,
)
from roni.register.could_be import CouldBe, could_be
from roni.register.table import ListTable
from roni.wording import reasons, roll

if TYPE_CHECKING:
    import pandas as pd

    from roni.assessment import Assessment, Card
    from roni.cohort import Cohort
    from roni.model import Scorer


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
    def could_be(self) -> CouldBe:
        """What the points and the band could come to by what is not known of each pupil alone."""
        found = could_be(self.assessment)
        return replace(found, band=higher_band(found.band, self.model_band))

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
        return Look(self.cohort, self.assessment, self.rank, self.model, self.model_band)

    def explain(self, key: str, previous: Register | None = None) -> Explanation:
        """One pupil in plain English. Raises PupilNotFoundError."""
        index = self.cohort.index_of(key)
        look = previous.look if previous else None
        return explain(self.cohort, self.assessment, index, look, self._model_says(index))

    def _model_says(self, index: int) -> ModelSays | None:
        if self.model is None or self.probability is None or self.model_band is None:
            return None
        says = ModelSays(
            self.model.name, float(self.probability[index]), int(self.model_band[index]), scorer=self.model
        )
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
        return [] if self.trained is None else self.trained.notes_on(self.cohort)

    @property
    def file_notes(self) -> list[str]:
        """What whole files say nothing about."""
        return reasons.said_once(self.cohort, self.assessment)

    def to_frame(self) -> pd.DataFrame:
        """The list as pandas, one row a pupil of the cohort, in order."""
        return to_frame(self.to_table())

    def to_table(self, columns: Collection[str] | None = None) -> Any:
        """The same as a pyarrow table: every pupil of the cohort once, in order, made without a loop over pupils.

        With `columns` no others are worked out; raises KeyError where there is no such column.
        """
        import pyarrow as pa

        return pa.table(ListTable(self).columns(columns))
