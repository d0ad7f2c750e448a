"""Learnt whole points as a scorecard file, which can be printed, argued about and run by the rules engine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from math import ceil, inf, log
from typing import TYPE_CHECKING, Any

import numpy as np

from roni.calendar import check_names, get_check
from roni.errors import ScorecardError
from roni.fields import Dictionary, Field
from roni.indicator import Band
from roni.model.card import TRAINED_ON_INVENTED
from roni.scorecard.card_file import read_card
from roni.tables.whole import tiers_of, whole_points

if TYPE_CHECKING:
    from roni.assessment import Card
    from roni.model import Model

MOST_POINTS = 5  # of the field of a model that moves the chance most
USUAL_YEARS, USUAL_CHECKS, USUAL_SETTINGS = (11,), ("november",), ("mainstream",)
NOT_MEASURED = "How well the model was measured says nothing of the card: measure it on leavers it was not learnt from."
AGREE = "That earlier leavers differed by it is not by itself a reason: agree on one before the card is used."

Tier = tuple[int, str]  # points and the condition that earns them, as a scorecard writes it
Run = tuple[float, float, int]  # from, up to, points


def card_toml(
    points: Mapping[str, Any],
    fields: Dictionary,
    *,
    name: str,
    title: str,
    version: str,
    on: date,
    bands: Sequence[Band],
    source: str,
    years: Sequence[int] = USUAL_YEARS,
    checks: Sequence[str] = USUAL_CHECKS,
    settings: Sequence[str] = USUAL_SETTINGS,
    how: str = "AdditiveClassifier(integer=True)",
    notes: Sequence[str] = (),
) -> str:
    """A scorecard file from what `AdditiveClassifier.to_points` gives; `roni.load_scorecard` reads it.

    `source`: on whom it was learnt, and `how`, as the card will say it, with `notes` after it. A field's lowest points
    are made 0, for a card gives no points to everybody, and the file says by how much its sums are lower. Not known
    scores nothing. Raises ScorecardError where the card cannot be run: a field that may not be scored, bands that do
    not begin at 0.
    """
    source = f"Whole points learnt from {source} by {how}."
    lowest = sum(_lowest(row, fields) for row in points["fields"])
    sources = [source, *([_shift(lowest)] if lowest else []), *notes]
    lines = [
        *(f"{key} = {_text(value)}" for key, value in (("name", name), ("title", title), ("version", version))),
        f"date = {on.isoformat()}",
        f"sources = {_text(sources)}",
        *("", "[made_for]", f"years = {_text(list(years))}", f"checks = {_text(list(checks))}"),
        f"settings = {_text(list(settings))}",
        *(line for band in bands for line in _band(band)),
        *(line for row in points["fields"] for line in _indicator(row, fields, source)),
    ]
    found = "\n".join(lines) + "\n"
    if "[[indicator]]" not in lines:
        raise ScorecardError(f"{name}: no field has points, so there is no card.")
    read_card(found.encode("utf-8"), f"{name}.toml", fields)
    return found


def card_of_model(model: Model, fields: Dictionary, beside: Card) -> str:
    """A scorecard file from a saved model: what each field adds above its least, in whole points.

    The bands are those of the scorecard that the model stands `beside`, and begin where a pupil of whom everything is
    known reaches the probability at which the model's begin. Raises ScorecardError as `card_toml` does, and where the
    two have not as many bands.
    """
    tables, card = model.tables.tables, model.card
    values = [np.array(table.values) for table in tables]
    unit = max(float(np.ptp(each)) for each in values) / MOST_POINTS
    points = [whole_points(each, unit) for each in values]
    rows = [
        {"name": table.name, "kind": table.kind, "tiers": tiers_of(table, each)}
        for table, each in zip(tables, points, strict=True)
    ]
    start = model.tables.base + sum(float(each.min()) for each in values)
    return card_toml(
        {"fields": rows},
        fields,
        name=f"{model.name}-points",
        title=f"Whole points of the model “{model.name}”",
        version=model.digest[:12],
        on=date.fromisoformat(card.trained_at),
        bands=_bands_of_model(model, beside, start, unit, sum(int(each.max()) for each in points)),
        source=f"the {'invented ' if card.synthetic else ''}pupils of the model “{model.name}”",
        years=card.years or USUAL_YEARS,
        checks=[each for each in check_names() if get_check(each).label == card.check] or USUAL_CHECKS,
        how="rounding its tables",
        notes=list(_notes(model)),
    )


def _notes(model: Model) -> Iterator[str]:
    yield from (f"The model’s digest: {model.digest}.", model.card.trained_on, model.card.outcome, NOT_MEASURED)
    if model.card.synthetic:
        yield TRAINED_ON_INVENTED


def _bands_of_model(model: Model, beside: Card, start: float, unit: float, most: int) -> list[Band]:
    """The bands of a scorecard from the points that reach the model's probabilities, each above the one before.

    The log-odds of a sum of points are `start` and `unit` for each. A band from probability 1 on is out of reach.
    """
    lowest, *others = beside.bands
    if len(others) != len(model.band_edges):
        raise ScorecardError(
            f"{model.name}: it knows {len(model.band_edges) + 1} bands and the scorecard “{beside.name}” has "
            f"{len(beside.bands)}. Name the one that it was trained to stand beside."
        )
    found = [Band(lowest.name, 0, lowest.meaning)]
    for band, edge in zip(others, model.band_edges, strict=True):
        reached = ceil((log(edge / (1 - edge)) - start) / unit) if edge < 1 and unit else most + 1
        found.append(Band(band.name, max(reached, found[-1].at_least + 1), band.meaning))
    return found


def _shift(lowest: int) -> str:
    return (
        f"The lowest points of each field were made 0: of a pupil whose facts are all known, the sum is {lowest} lower "
        "than the classifier’s."
    )


def _band(band: Band) -> Iterator[str]:
    yield from ("", "[[band]]", f"name = {_text(band.name)}", f"at_least = {band.at_least}")
    yield f"meaning = {_text(band.meaning)}"


def _indicator(row: Mapping[str, Any], fields: Dictionary, source: str) -> Iterator[str]:
    item = _field(row, fields)
    tiers = _tiers(row, item, _lowest(row, fields))
    if not tiers:
        return
    yield from ("", "[[indicator]]", f"name = {_text(item.name)}", f"label = {_text(item.label)}")
    yield from (f"family = {_text(item.family)}", f"source = {_text(source)}")
    if item.needs_justification:
        yield f"justification = {_text(f'{item.use} {AGREE}'.strip())}"
    for points, when in tiers:
        yield from ("", "[[indicator.tier]]", f"points = {points}", f"when = {when}")


def _field(row: Mapping[str, Any], fields: Dictionary) -> Field:
    if row["name"] not in fields:
        raise ScorecardError(f"“{row['name']}” is not a field, so no scorecard can give points for it.")
    return fields[row["name"]]


def _lowest(row: Mapping[str, Any], fields: Dictionary) -> int:
    """The fewest points that a known value has; values that no tier names have 0."""
    item = _field(row, fields)
    if row["kind"] == "number":
        return min(points for _, _, points in _runs(row["tiers"], item))
    named = sum(len(tier.get("one_of", (1,))) for tier in row["tiers"])
    whole = named == (2 if row["kind"] == "flag" else len(item.codes))
    return min((tier["points"] for tier in row["tiers"]), default=0) if whole else 0


def _tiers(row: Mapping[str, Any], item: Field, lowest: int) -> list[Tier]:
    """Highest points first, each number of points once."""
    if row["kind"] == "number":
        return _of_number([(low, high, points - lowest) for low, high, points in _runs(row["tiers"], item)], item)
    each = ((tier["points"] - lowest, _condition(tier, item)) for tier in row["tiers"])
    return sorted((tier for tier in each if tier[0]), reverse=True)


def _condition(tier: Mapping[str, Any], item: Field) -> str:
    if "one_of" in tier:
        return f"{{ field = {_text(item.name)}, one_of = {_text(tier['one_of'])} }}"
    true = f"{{ field = {_text(item.name)}, is_true = true }}"
    return true if tier["is"] else f"{{ not = {true} }}"


def _runs(tiers: Sequence[Mapping[str, Any]], item: Field) -> list[Run]:
    """The whole line, run by run; what no tier names has 0 points."""
    named = {
        (_edge(tier["at_least"], -inf, item), _edge(tier["below"], inf, item)): int(tier["points"]) for tier in tiers
    }
    edges = sorted({-inf, inf, *(edge for pair in named for edge in pair)})
    return [(low, high, named.get((low, high), 0)) for low, high in pairwise(edges)]


def _edge(edge: float | None, end: float, item: Field) -> float:
    """The first value of the field's grid that is not below the edge: no value of the grid changes sides."""
    if edge is None:
        return end
    grid = item.grid or (1 if item.type == "count" else None)
    return round(ceil(edge / grid - 1e-9) * grid, 10) if grid else edge


def _of_number(runs: Sequence[Run], item: Field) -> list[Tier]:
    """One condition for each number of points. A bound is left out where whoever is beyond it has more points."""
    tiers = []
    for points in sorted({points for _, _, points in runs if points}, reverse=True):
        open_below = [all(run[2] >= points for run in runs[:place]) for place in range(len(runs))]
        open_above = [all(run[2] >= points for run in runs[place + 1 :]) for place in range(len(runs))]
        each = dict.fromkeys(
            _between(-inf if open_below[place] else low, inf if open_above[place] else high, item)
            for place, (low, high, reached) in enumerate(runs)
            if reached == points
        )
        tiers.append((points, next(iter(each)) if len(each) == 1 else f"{{ any_of = [{', '.join(each)}] }}"))
    return tiers


def _between(low: float, high: float, item: Field) -> str:
    """From `low` up to `high`, one of which has an end."""
    bounds = [("at_least", low)] * (low > -inf) + [("below", high)] * (high < inf)
    parts = [f"{{ field = {_text(item.name)}, {key} = {edge:.10g} }}" for key, edge in bounds]
    return parts[0] if len(parts) == 1 else f"{{ all_of = [{', '.join(parts)}] }}"


def _text(value: Any) -> str:
    """A text or a list as TOML writes it, which is as JSON does."""
    return json.dumps(value, ensure_ascii=False)
