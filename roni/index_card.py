"""A model as an index card: field by field, which value adds how much; and two models side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from roni.chance import one_in
from roni.model.card import TRAINED_ON_INVENTED
from roni.model.reasons import effect
from roni.tables import probability_of

if TYPE_CHECKING:
    from roni.assessment import Card
    from roni.cohort import Cohort
    from roni.fields import Dictionary, Field
    from roni.model import Model
    from roni.tables import Table

LIST = re.compile(r"\ba list of ([\d,]*\d)")  # in a figure's name: “recall of a list of 420, difference”


def index_card(model: Model, fields: Dictionary) -> str:
    """The whole model in words and numbers, as a person would check it."""
    return "\n".join(_lines(model, fields)) + "\n"


def bin_labels(table: Table, item: Field) -> list[str]:
    """What each bin of a field is called, the last one for not known."""
    named = [item.codes.get(label, label) for label in table.labels] if table.kind == "category" else table.labels
    unit = f" {item.unit}" if item.unit and table.edges else ""
    return [*(f"{label}{unit}" for label in named), "not known"]


def compared(first: Model, second: Model) -> Iterator[tuple[str, str, str]]:
    """Fields, events and measured figures of two models, line by line: what, in the first, in the second."""
    yield "digest", first.digest[:12], second.digest[:12]
    yield "trained at", first.card.trained_at, second.card.trained_at
    yield "invented pupils", _yes(first.card.synthetic), _yes(second.card.synthetic)
    yield "pupils", f"{first.card.pupils:,}", f"{second.card.pupils:,}"
    yield "events", f"{first.card.events:,}", f"{second.card.events:,}"
    yield "starts from", _start(first), _start(second)
    for name in dict.fromkeys([*first.tables, *second.tables]):
        yield f"field {name}", _reach(first, name), _reach(second, name)
    one, other = _figures(first), _figures(second)
    for kind in dict.fromkeys([*one, *other]):
        yield kind, one.get(kind, ""), other.get(kind, "")


def bands_between(first: Model, second: Model, cohort: Cohort, card: Card) -> dict[tuple[str, str], int]:
    """How many pupils of a cohort each pair of bands has, by the models alone; “not scored” where one could not."""
    names = [*(band.name for band in card.bands), "not scored"]
    pair = [model.band(model.probability(cohort), card).astype(np.int64) for model in (first, second)]
    counts = np.zeros((len(names), len(names)), np.int64)
    np.add.at(counts, (pair[0], pair[1]), 1)  # place -1 is the last name
    places = [(int(one), int(other)) for one, other in np.argwhere(counts)]
    return {(names[one], names[other]): int(counts[one, other]) for one, other in places}


def _lines(model: Model, fields: Dictionary) -> Iterator[str]:
    card = model.card
    yield f"{model.name} (digest {model.digest[:12]}, trained {card.trained_at})"
    if card.synthetic:
        yield TRAINED_ON_INVENTED
    yield card.what
    yield f"It estimates: {card.outcome}"
    yield from ("", f"It starts from {_start(model)}. Each field then adds (“80 to 90” ends under 90):")
    for table in model.tables.tables:
        item = fields[table.name]
        yield from ("", item.label.upper())
        entries = (*table.values, table.missing)
        yield from _ladder(bin_labels(table, item), entries)
    yield from ("", "BANDS, by rank, the lowest first")
    for rank, edge in enumerate(model.band_edges, 1):
        yield f"  band {rank} of {len(model.band_edges)}: from {edge:.3f}, {one_in(edge)}"


def _ladder(labels: Sequence[str], entries: Sequence[float]) -> Iterator[str]:
    width = max(map(len, labels))
    for label, value in zip(labels, entries, strict=True):
        yield f"  {label:<{width}}  {value:+.2f}  {effect(value) if round(value, 2) else ''}".rstrip()


def _start(model: Model) -> str:
    base = model.tables.base
    return f"{one_in(float(probability_of(np.array(base))))} (log-odds {base:+.2f})"


def _reach(model: Model, name: str) -> str:
    """From the lowest to the highest that a field adds."""
    if name not in model.tables:
        return "not in it"
    table = model.tables[name]
    entries = (*table.values, table.missing)
    return f"{min(entries):+.2f} to {max(entries):+.2f}"


def _figures(model: Model) -> dict[str, str]:
    """Measured figures by their kind: the model is “model” whatever its name, and a list's length stands behind."""
    found: dict[str, list[str]] = {}
    for item in model.card.measured:
        length = LIST.search(item.name)
        of = re.sub(rf"(?<![\w-])model {re.escape(model.name)}(?![\w-])", "model", item.of)
        kind = ", ".join(filter(None, (LIST.sub("a list", item.name), of)))
        found.setdefault(kind, []).append(item.text + (f", list of {length[1]}" if length else ""))
    return {kind: "; ".join(texts) for kind, texts in found.items()}


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
