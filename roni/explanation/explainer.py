"""Finds what there is to say of one pupil: reads the same matrix and the same words as the list does."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from roni.chance import one_in
from roni.errors import Problem
from roni.explanation import LIMITS, Explanation, Gap, Reason
from roni.matching import can_be_matched, match_pupils
from roni.movement import KINDS, Look, Movement, compare
from roni.order import far_apart
from roni.wording import provenance, roll
from roni.wording.disagreements import disagreements
from roni.wording.facts import facts
from roni.wording.reasons import points as in_points
from roni.wording.reasons import tiers_paid

if TYPE_CHECKING:
    from roni.assessment import Assessment
    from roni.cohort import Cohort
    from roni.indicator.condition import Condition
    from roni.model import Scorer
    from roni.model.reasons import ModelAccount

NOT_SCORED = (
    "Not scored: information restricted. A parent or the young person has asked the school to share only name, "
    "address and date of birth (Education and Skills Act 2008, section 72). This is not a low score."
)
NOT_LISTED = "In no list: the school has recorded a death."

# What a person must look at before the figures are trusted, beside what a school and a council disagree about.
CONFLICTS = ("routes_disagree", "columns_disagree", "merged", "registrations_differ", "would_fall")


@dataclass(frozen=True)
class ModelSays:
    """What a trained model says of one pupil; probability from 0 to 1, NaN where it could not score.

    `account` is how it comes to that, where it can say; `pupils_like` whom the probability is about; `scorer` the model
    itself, to tell another model's effect from the pupil's own movement.
    """

    name: str
    probability: float
    band: int
    account: ModelAccount | None = None
    pupils_like: str = "like this"
    scorer: Scorer | None = None


def explain(
    cohort: Cohort,
    assessment: Assessment,
    index: int,
    previous: Look | tuple[Cohort, Assessment] | None = None,
    model: ModelSays | None = None,
) -> Explanation:
    """Explain the pupil at `index`; with an earlier check also what changed, with a model also what it says."""
    speaker = _Speaker(cohort, assessment, index, model)
    if assessment.restricted[index]:
        return speaker.silence(NOT_SCORED)
    if roll.died(cohort)[index]:
        return speaker.silence(NOT_LISTED)
    return speaker.explain(None if previous is None else Look(*previous))


@dataclass(frozen=True)
class _Speaker:
    """Finds what there is to say of one pupil."""

    cohort: Cohort
    assessment: Assessment
    index: int
    model: ModelSays | None

    def silence(self, meaning: str) -> Explanation:
        """Who it is, and why there is nothing to say."""
        card = self.assessment.card
        return Explanation(
            self._key, self._name, str(self.cohort.check), f"{card.title} ({card.version})", meaning, limits=()
        )

    def explain(self, previous: Look | None) -> Explanation:
        made, card, index = self.assessment, self.assessment.card, self.index
        band = self._band(made.band)
        return dataclasses.replace(
            self.silence(card.bands[band].meaning),
            band=card.bands[band].name,
            band_max=card.bands[self._band(made.band_max)].name,
            points=int(made.points[index]),
            points_max=int(made.points_max[index]),
            most=card.most,
            reasons=(*self._reasons(), *self._inclusions()),
            gaps=tuple(self._gaps()),
            ask_first=self._ask_first(),
            marks=roll.marks(self._alone.cohort, card.fields).joined().to_pylist()[0],
            conflicts=tuple(dict.fromkeys(self._conflicts())),
            change="" if previous is None else self._change(previous),
            model=self._model_sentence(),
            model_account=None if self.model is None else self.model.account,
            limits=LIMITS,
            bands=tuple((item.name, item.at_least) for item in card.bands),
        )

    @cached_property
    def _alone(self) -> Look:
        """The pupil alone: a score does not depend on who else is there."""
        return Look(self.cohort, self.assessment).only(self.index)

    @property
    def _key(self) -> str:
        return str(self.cohort.keys[self.index].as_py())

    @property
    def _name(self) -> str:
        given = self.cohort.value("preferred_name", self.index) or self.cohort.value("forename", self.index)
        names = [name for name in (given, self.cohort.value("surname", self.index)) if name]
        return " ".join(names) or self._key

    def _band(self, rules: NDArray[np.int8]) -> int:
        return max(int(rules[self.index]), -1 if self.model is None else self.model.band)

    def _reasons(self) -> Iterator[Reason]:
        """Met tiers, most points first, as in the list."""
        card = self.assessment.card
        for paid in sorted(tiers_paid(self._alone.assessment), key=lambda paid: -paid.tier.points):
            if paid.met[0]:
                yield self._reason(card.active[paid.owner].label, paid.tier.when, paid.tier.points)

    def _inclusions(self) -> Iterator[Reason]:
        for column, inclusion in enumerate(self.assessment.card.inclusions):
            if self.assessment.inclusions[self.index, column] > 0:
                yield self._reason(inclusion.label, inclusion.when, 0, inclusion.band)

    def _reason(self, label: str, when: Condition, points: int, at_least: str | None = None) -> Reason:
        fact = facts(when, self.cohort, np.array([self.index])).one
        details = provenance.details(self.cohort, when.fields, self.index)
        source = provenance.source(self.cohort, when.fields, self.index)
        return Reason(label, fact, when.words(self.cohort.fields), points, details, source, at_least)

    def _gaps(self) -> Iterator[Gap]:
        """Per indicator what could still be added; the points of all gaps are points_max less points."""
        alone = self._alone.assessment
        open_fields: dict[int, dict[str, None]] = {}
        for paid in tiers_paid(alone):
            if paid.open[0]:
                open_fields.setdefault(paid.owner, {}).update(dict.fromkeys(paid.tier.when.fields))
        for place, names in open_fields.items():
            met, most = (int(amount[0]) for amount in alone.indicator_points(place))
            unknown = [self.cohort.fields[name] for name in names if self.cohort.value(name, self.index) is None]
            suppliers = dict.fromkeys(item.supplier for item in unknown)
            yield Gap(
                alone.card.active[place].label, most - met, tuple(item.label for item in unknown), tuple(suppliers)
            )

    def _ask_first(self) -> str:
        place = int(self.assessment.ask_first[self.index])
        if place < 0:
            return ""
        item = self.cohort.fields[self.assessment.ask_fields[place]]
        return f"{item.label} ({item.supplier})"

    def _conflicts(self) -> Iterator[str]:
        """What the files disagree about in this pupil's row."""
        for _, _, sentence in disagreements(self._alone.cohort, self.cohort.fields):
            yield f"{sentence}."
        file, row = self.cohort.files[self.cohort.file_index[self.index]], self.cohort.row[self.index]
        for block in self.cohort.problems.blocks:
            if block.code in CONFLICTS and block.file == file and block.rows is not None and row in block.rows:
                yield Problem(block.code, file, int(row), block.column, block.says).message

    def _change(self, previous: Look) -> str:
        place = int(match_pupils(self._alone.cohort, previous.cohort)[0])
        check = str(previous.cohort.check)
        if not can_be_matched(self._alone.cohort)[0]:
            return f"Not compared with the {check} check: no UPN or other identifier says who was who."
        if place < 0:
            return f"Not in the {check} check."
        moved = compare(previous.only(place), self._alone_with_model)
        return f"Since {check}: {_moved(moved)}."

    @property
    def _alone_with_model(self) -> Look:
        if self.model is None:
            return self._alone
        return self._alone._replace(model=self.model.scorer, model_band=np.array([self.model.band], np.int8))

    def _model_sentence(self) -> str:
        if self.model is None:
            return ""
        if np.isnan(self.model.probability):
            return f"{self.model.name} could not say anything of this pupil: too little is known."
        bands, rules = self.assessment.card.bands, int(self.assessment.band[self.index])
        said = f"{self.model.name}: {one_in(self.model.probability)} {self.model.pupils_like}."
        if self.model.band > rules:
            said += f" It raises the band from {bands[rules].name} to {bands[self.model.band].name}."
        else:
            said += " The band is the scorecard’s."
        if far_apart(np.array([rules], np.int8), np.array([self.model.band], np.int8))[0]:
            one, other = bands[rules].name, bands[self.model.band].name
            said += f" The scorecard says {one}, the model {other}: look at both."
        account = self.model.account
        if self.model.band > rules and account is not None and not account.raising:
            said += " No field raises the chance: what the model starts from is enough for that band."
        return said


def _moved(movement: Movement) -> str:
    kind, why = KINDS[int(movement.kind[0])], movement.why.to_pylist()[0]
    side = movement.to_table().to_pylist()[0]
    if side["band_before"] is None:
        return kind
    before = f"{side['band_before']} with {in_points(side['points_before'])} then"
    return f"{kind} ({before})" + (f"; {why}" if why else "")
