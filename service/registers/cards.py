"""The scorecards and models that registers rest on: found by digest, so that a register can be worked out again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from roni import (
    Model,
    ModelError,
    RoniError,
    Scorecard,
    list_models,
    load_scorecard,
    national,
    open_model,
    parse_scorecard,
    scorecard_names,
)
from service import tables as t
from service.settings import Settings


def card_of(connection: Connection, digest: str) -> Scorecard:
    """The scorecard of a digest: a shipped one, else one that was stored. Raises RoniError where it is gone."""
    card = shipped_cards().get(digest) or _stored(connection, digest)
    if card is None or card.digest != digest:
        raise RoniError("The scorecard of this check is not stored as it was. Restore it, or choose another one.")
    return card


def _stored(connection: Connection, digest: str) -> Scorecard | None:
    row = connection.execute(
        select(t.scorecards.c.name, t.scorecards.c.content).where(t.scorecards.c.digest == digest)
    ).one_or_none()
    return None if row is None else _parsed(row.content, row.name)


@lru_cache(maxsize=1)
def shipped_cards() -> Mapping[str, Scorecard]:
    """The scorecards that come with the library, by digest."""
    return {card.digest: card for card in map(load_scorecard, scorecard_names())}


@lru_cache(maxsize=32)
def _parsed(content: str, name: str) -> Scorecard:
    return parse_scorecard(content, name)


def model_of(connection: Connection, settings: Settings, digest: str | None) -> Model | None:
    """The model of a digest, only where that digest is promoted and stands on the shelf as it was."""
    if digest is None or not is_promoted(connection, digest):
        return None
    return _on_shelf(settings.models, digest)


def is_promoted(connection: Connection, digest: str) -> bool:
    """Whether a person has promoted exactly this model."""
    found = select(t.promotions.c.id).where(t.promotions.c.digest == digest).limit(1)
    return connection.execute(found).one_or_none() is not None


_loaded: dict[tuple[str, str], Model] = {}


def _on_shelf(shelf: str, digest: str) -> Model | None:
    """Only what is found is remembered: a model may come to the shelf later."""
    if (shelf, digest) not in _loaded:
        found = next((model for model in _models(shelf) if model.digest == digest), None)
        if found is None:
            return None
        _loaded[shelf, digest] = found
    return _loaded[shelf, digest]


def _models(shelf: str) -> Iterator[Model]:
    for folder in sorted(Path(shelf).glob("*/model.json")):
        try:
            yield open_model(folder.parent, national())
        except ModelError:
            continue  # the page of the shelf says why
    for entry in list_models(national()):
        if entry.model is not None:
            yield entry.model


def fields_hidden(card: Scorecard, model: Model | None, audiences: frozenset[str]) -> list[str]:
    """The fields that the card and the model read and these audiences do not see, in card order."""
    fields: list[Any] = [*card.fields, *([] if model is None else model.tables)]
    return [name for name in dict.fromkeys(fields) if national()[name].audience not in audiences]
