"""A trained model: tables of log-odds, the fields they read, the probabilities at which bands begin, and the card.

The log-odds of a pupil are the base plus one look-up a field, so the contributions are the model and not an account of
it. A model may only add: what a list makes of its band is in `order.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from roni.assessment.sums import Card
from roni.cohort import Cohort, Values
from roni.errors import ModelError
from roni.fields import Dictionary
from roni.model.card import TRAINED_ON_INVENTED, ModelCard
from roni.model.likeness import notes_of
from roni.model.model_field import KIND_OF, ModelField
from roni.tables import Table, Tables, probability_of, spread
from roni.tables.axis import Floats

SCHEMA = 1
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")  # a folder's name on any system, and never a path
WIDTH = 1.96  # standard errors either side: a 95 % interval
ON_GRID = 1e-6  # of a step: 84.7 is 846.999... steps of 0.1


class Scorer(Protocol):
    """What scoring needs of a trained model; `Model` is one, and also says why."""

    @property
    def name(self) -> str: ...
    def probability(self, cohort: Cohort) -> NDArray[np.float64]:
        """One a pupil, from 0 to 1; NaN where it could not score."""
        ...

    def band(self, probability: NDArray[np.float64], card: Card) -> NDArray[np.int8]:
        """One a pupil, a place in `card.bands`; -1 where it could not score."""
        ...


class Interval(NamedTuple):
    """Between which probabilities each pupil's lies, had the model been trained on other pupils of the same kind."""

    low: Floats
    high: Floats


@dataclass(frozen=True)
class Model:
    """A trained model. `band_edges[r]` is the probability from which the band of rank r + 1 is reached; 0 is lowest.

    `bags` are models fitted to parts of the pupils, `spread_factor` what turns the spread between them into a standard
    error. `digest` is the SHA-256 of all the rest. Raises ModelError where the parts do not fit together.
    """

    name: str
    tables: Tables
    fields: tuple[ModelField, ...]
    band_edges: tuple[float, ...]
    card: ModelCard
    bags: tuple[Tables, ...] = ()
    spread_factor: float = 1.0
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        _check(self)
        object.__setattr__(self, "digest", digest_of(document(self)))

    @classmethod
    def of(
        cls,
        name: str,
        tables: Tables,
        fields: Dictionary,
        band_edges: tuple[float, ...],
        card: ModelCard,
        bags: tuple[Tables, ...] = (),
        spread_factor: float = 1.0,
        known: Mapping[str, float] | None = None,
    ) -> Model:
        """A newly trained model, its fields as this dictionary declares them.

        `known`: field to the share of the training pupils of whom it was known. Raises ModelError: a field that cannot
        be in a model, an edge off its field's grid.
        """
        for table in tables.tables:
            _check_declared(table, fields)
        declared = tuple(ModelField.of(fields[name], (known or {}).get(name)) for name in tables)
        plain = [Tables.from_json(each.to_json()) for each in (tables, *bags)]  # numbers as Python floats
        return cls(
            name, plain[0], declared, tuple(map(float, band_edges)), card, tuple(plain[1:]), float(spread_factor)
        )

    @property
    def notes(self) -> list[str]:
        """What must be said wherever its probabilities appear."""
        return [f"The model “{self.name}”: {TRAINED_ON_INVENTED}"] if self.card.synthetic else []

    def notes_on(self, cohort: Cohort) -> list[str]:
        """Its notes, and what is said of pupils unlike those it was trained on: check, year groups, what is known."""
        return [*self.notes, *notes_of(self, cohort)]

    @property
    def pupils_like(self) -> str:
        """Whom “1 in 8” is about."""
        return "invented pupils like this" if self.card.synthetic else "like this"

    def check_fields(self, fields: Dictionary) -> None:
        """Raises ModelError where a field of the model is not what it was at training; other fields may come and go."""
        for then in self.fields:
            item = fields.get(then.name)
            if item is None:
                raise ModelError(f"{self.name}: it reads the field “{then.name}”, which is not in this dictionary.")
            if changed := then.changed(ModelField.of(item)):
                raise ModelError(f"{self.name}: “{then.name}” is not the field it was trained on: {changed}.")

    def probability(self, cohort: Cohort) -> NDArray[np.float64]:
        """One a pupil, from 0 to 1; NaN where it could not score. Raises ModelError where a field has changed."""
        return np.where(self.can_score(cohort), self.tables.probability(self.columns(cohort)), np.nan)

    def band(self, probability: NDArray[np.float64], card: Card) -> NDArray[np.int8]:
        """The highest band of the card whose probability is reached, as a place in `card.bands`; -1 for NaN.

        Raises ModelError where the card has another number of bands.
        """
        if len(self.band_edges) + 1 != len(card.bands):
            raise ModelError(
                f"{self.name}: it knows {len(self.band_edges) + 1} bands and the scorecard “{card.name}” has "
                f"{len(card.bands)}. Use a scorecard with as many bands, or a model trained for this one."
            )
        place = np.zeros(len(probability), np.int8)
        for edge in self.band_edges:
            place += (probability >= edge).view(np.int8)
        return np.where(np.isnan(probability), np.int8(-1), place)

    def contributions(self, cohort: Cohort) -> Floats:
        """What each field adds to each pupil's log-odds, float64 [n x fields]; with the base their sum is it."""
        return self.tables.contributions(self.columns(cohort))

    def interval(self, cohort: Cohort) -> Interval:
        """The 95 % interval of each pupil's probability; NaN where it could not score.

        Raises ModelError where no bags were stored.
        """
        if not self.bags:
            raise ModelError(f"{self.name}: it was saved without what an interval needs.")
        columns = self.columns(cohort)
        middle, error = self.tables.log_odds(columns), spread(self.bags, columns, self.spread_factor)
        scored = self.can_score(cohort)
        low, high = (probability_of(middle + side * WIDTH * error) for side in (-1, 1))
        return Interval(np.where(scored, low, np.nan), np.where(scored, high, np.nan))

    def can_score(self, cohort: Cohort) -> NDArray[np.bool_]:
        """Of whom at least one field of the model is known, and may be used (s.72 restricts sharing)."""
        restricted = cohort.columns.get("restricted_sharing")
        shared = np.ones(len(cohort), np.bool_) if restricted is None else np.asarray(restricted <= 0)
        known = np.zeros(len(cohort), np.bool_)
        for item in self.fields:
            if item.name in cohort.columns:
                known |= cohort.known(item.name)
            if known.all():
                break
        return shared & known

    def columns(self, cohort: Cohort) -> dict[str, Values]:
        """The cohort's columns as the tables read them. Raises ModelError where a field has changed."""
        self.check_fields(cohort.fields)
        return {table.name: _as_read(table, cohort) for table in self.tables.tables}


def document(model: Model) -> dict[str, Any]:
    """The model as plain data, all but the digest."""
    return {
        "schema": SCHEMA,
        "name": model.name,
        "card": {key: value for key, value in asdict(model.card).items() if value or key not in ("check", "years")},
        "fields": [item.to_json() for item in model.fields],
        "band_edges": list(model.band_edges),
        "tables": model.tables.to_json(),
        "bags": [bag.to_json() for bag in model.bags],
        "spread_factor": model.spread_factor,
    }


def digest_of(data: Mapping[str, Any]) -> str:
    """The SHA-256 of a model's plain data in the one way of writing it (sorted, no spaces, ASCII), less its digest."""
    content = {key: value for key, value in data.items() if key != "digest"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _as_read(table: Table, cohort: Cohort) -> Values:
    """A column; a code's places among the field's codes as places among the table's categories, where they differ."""
    values, codes = cohort.column(table.name), tuple(cohort.fields[table.name].codes)
    if table.kind != "category" or table.categories == codes:
        return values
    places = [table.categories.index(code) if code in table.categories else -1 for code in codes]
    return np.array([*places, -1], np.int16)[values]


def _check(model: Model) -> None:
    """Raises ModelError where the parts of a model do not fit together."""
    if not NAME.fullmatch(model.name):
        raise ModelError(f"“{model.name}” is no name for a model. Use small letters, digits, - and _.")
    names = [item.name for item in model.fields]
    if not names or len(set(names)) < len(names) or any(list(each) != names for each in (model.tables, *model.bags)):
        raise ModelError(f"{model.name}: its tables and its fields must be the same, each once.")
    for item, table in zip(model.fields, model.tables.tables, strict=True):
        _check_table(model.name, item, table)
    edges = model.band_edges
    if not edges or not all(low < high <= 1 for low, high in pairwise((0.0, *edges))):
        raise ModelError(f"{model.name}: the probabilities at which bands begin must rise, above 0 and up to 1.")
    if not all(item.known is None or 0 <= item.known <= 1 for item in model.fields):
        raise ModelError(f"{model.name}: the share of pupils of whom a field was known must be from 0 to 1.")
    if model.spread_factor <= 0:
        raise ModelError(f"{model.name}: the factor of its spread must be above 0.")
    figures = [number for item in model.card.measured for number in (item.value, item.low, item.high)]
    if not all(number is None or np.isfinite(number) for number in figures):
        raise ModelError(f"{model.name}: a figure that the data cannot support has no value and a note why.")


def _check_table(name: str, item: ModelField, table: Table) -> None:
    if table.kind != KIND_OF.get(item.type):
        raise ModelError(f"{name}: “{item.name}” is a {item.type}, and its table is of a {table.kind}.")
    if unknown := set(table.categories) - set(item.codes):
        raise ModelError(f"{name}: the table of “{item.name}” has a category that is no code of it: {min(unknown)}.")


def _check_declared(table: Table, fields: Dictionary) -> None:
    """Raises ModelError unless a field is declared, can be in a model, and its edges lie on its grid."""
    item = fields.get(table.name)
    if item is None or item.type not in KIND_OF:
        what = "not a field" if item is None else f"a {item.type}, which no model can read"
        raise ModelError(f"“{table.name}” is {what}.")
    step = 1.0 if item.type == "count" else item.grid
    for edge in table.edges:
        if step and abs(edge / step - round(edge / step)) > ON_GRID:
            raise ModelError(f"“{table.name}”: the edge {edge:g} does not lie on the field’s grid of {step:g}.")
