"""A model as a file: JSON and nothing else, read as if its writer were an enemy, written whole or not at all.

Nothing in a file is ever executed. It is refused with the reason unless every key is known, every number finite and of
sensible size, and the digest fits every byte.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from roni.errors import ModelError
from roni.fields import Dictionary, national
from roni.model import SCHEMA, Model, digest_of, document
from roni.model.card import Figure, ModelCard
from roni.model.model_field import ModelField
from roni.tables import Tables
from roni.writers.destination import replacing

FILE, CARD_FILE = "model.json", "card.md"
MOST_BYTES = 8_000_000  # ten bags of 40 fields with 60 bins take under 1 MB
MOST_DEPTH = 8  # a bag's values stand at depth 6
MOST_NUMBER = 1e9  # of any number in a model: sums of them stay finite

Document = dict[str, Any]

# Pure functions from a document of one schema to the next, by the schema they start from. None is needed yet.
UPGRADES: Mapping[int, Callable[[Document], Document]] = {}

NUMBER, NUMBERS, TEXTS = (int, float), [(int, float)], [str]
# The keys of each object and what stands there: a type, a list of a type, an object by name, or a list of those.
SHAPES: Mapping[str, Mapping[str, Any]] = {
    "model": {
        "schema": int, "name": str, "card": "card", "fields": ["field"], "band_edges": NUMBERS, "tables": "tables",
        "bags": ["tables"], "spread_factor": NUMBER, "digest": str,
    },
    "card": {
        "what": str, "trained_on": str, "trained_at": str, "outcome": str, "not_known": str, "missing": TEXTS,
        "not_for": TEXTS, "synthetic": bool, "library": str, "pupils": int, "events": int, "measured": ["figure"],
        "notes": TEXTS, "versions": dict, "check": str, "years": [int],
    },
    "figure": {
        "name": str, "value": (*NUMBER, type(None)), "low": (*NUMBER, type(None)), "high": (*NUMBER, type(None)),
        "of": str, "pupils": int, "events": int, "split": str, "note": str,
    },
    "field": {"name": str, "type": str, "unit": str, "codes": TEXTS, "known": NUMBER},
    "tables": {"base": NUMBER, "tables": ["table"]},
    "table": {
        "name": str, "kind": str, "edges": NUMBERS, "categories": TEXTS, "values": NUMBERS, "missing": NUMBER,
    },
}  # fmt: skip
# A table has the one that its kind needs; cards and fields of older files do not say.
OPTIONAL = {"edges", "categories", "check", "years", "known"}


def save_model(model: Model, folder: str | Path) -> Path:
    """Write `model.json` and `card.md` into a folder of the model's name inside `folder`; returns that folder.

    An earlier model there is replaced, each file whole. Raises ModelError, RoniError when it cannot be written.
    """
    place = Path(folder) / model.name
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"The folder “{place}” cannot be made ({error.strerror}).") from error
    plain = document(model)
    digest = digest_of(plain)
    content = _written({**plain, "digest": digest})
    read_model(content, FILE)  # what cannot be read again is not written
    with replacing(place / CARD_FILE) as part:
        part.write_bytes(model.card.to_markdown(model.name, digest).encode("utf-8"))
    with replacing(place / FILE) as part:
        part.write_bytes(content)
    return place


def open_model(path: str | Path, fields: Dictionary | None = None, *, digest: str | None = None) -> Model:
    """The model in a folder, or in a file; with a digest only that very model.

    Raises ModelError with the reason where it is refused.
    """
    path = Path(path)
    file = path / FILE if path.is_dir() else path
    try:
        if not file.is_file():
            raise ModelError(f"{path}: there is no model here.")
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise ModelError(f"{path}: it cannot be read ({error.strerror}).") from error
    model = read_model(content, f"{file.parent.name}/{file.name}")
    if digest is not None and model.digest != digest:
        raise ModelError(f"{path}: this is not the model of the digest that was asked for.")
    model.check_fields(national() if fields is None else fields)
    return model


def read_model(content: bytes, file: str) -> Model:
    """The model that these bytes are, to the bit as it was saved. Raises ModelError."""
    try:
        data = _parse(content)
        _check_schema(data)
        digest = data.get("digest")
        _check_unchanged(data, content)
        for schema in range(data["schema"], SCHEMA):
            data = UPGRADES[schema](data)
        _check_shape(data, "model", "")
        model = _model(data)
    except ModelError as error:
        raise ModelError(f"{file}: {error}") from None
    except ValueError as error:
        raise ModelError(f"{file}: this is not a model: {error}") from None
    # An upgraded model stays the one that was promoted: it keeps the digest of its file.
    object.__setattr__(model, "digest", digest)
    return model


def _written(data: Document) -> bytes:
    """The one way in which a model file is written, so that not even a space can change unseen."""
    return (json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def _parse(content: bytes) -> Document:
    """The JSON of a file, held to its limits before and while it is read."""
    if len(content) > MOST_BYTES:
        raise ModelError(f"it is larger than {MOST_BYTES:,} bytes, which no model is.")
    if _depth(content) > MOST_DEPTH:
        raise ModelError(f"it is nested deeper than {MOST_DEPTH} levels, which no model is.")
    try:
        data = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_once_each,
            parse_int=_whole,
            parse_float=_number,
            parse_constant=_no_constant,
        )
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelError("this is not a JSON file.") from error
    if not isinstance(data, dict):
        raise ModelError("this is not a model.")
    return data


def _depth(content: bytes) -> int:
    """How deep brackets are nested outside texts."""
    deepest = depth = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', content, re.DOTALL):
        if token[0][:1] in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in b"]}":
            depth -= 1
    return deepest


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ModelError("a key stands twice in one object.")
    return found


def _whole(text: str) -> int:
    _number(text)
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number) or abs(number) > MOST_NUMBER:
        raise ModelError("it holds a number larger than any in a model.")
    return number


def _no_constant(name: str) -> float:
    raise ModelError(f"it holds {name}, which is no number.")


def _check_schema(data: Document) -> None:
    schema = data.get("schema")
    if type(schema) is not int or not (schema == SCHEMA or schema in UPGRADES):
        raise ModelError(f"its schema is not one that this version of roni reads (it reads {SCHEMA}).")


def _check_unchanged(data: Document, content: bytes) -> None:
    if data.get("digest") != digest_of(data) or content != _written(data):
        raise ModelError("it was changed after it was saved: its digest does not fit. Get it again from its source.")


def _check_shape(value: Any, kind: str, where: str) -> None:
    """Raises ModelError unless an object has its keys, each of its type, and no others."""
    shape = SHAPES[kind]
    if not isinstance(value, dict):
        raise ModelError(f"“{where.removesuffix('.')}” must be an object.")
    if unknown := sorted(set(value) - set(shape)):
        raise ModelError(f"“{where}{unknown[0]}” is not a key of a model.")
    for key, wanted in shape.items():
        if key in value:
            _check_value(value[key], wanted, f"{where}{key}")
        elif key not in OPTIONAL:
            raise ModelError(f"“{where}{key}” is missing.")


def _check_value(value: Any, wanted: Any, where: str) -> None:
    if isinstance(wanted, str):
        _check_shape(value, wanted, f"{where}.")
    elif isinstance(wanted, list):
        if not isinstance(value, list):
            raise ModelError(f"“{where}” must be a list.")
        for place, item in enumerate(value):
            _check_value(item, wanted[0], f"{where}[{place}]")
    elif not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise ModelError(f"“{where}” is not of the right type.")


def _model(data: Document) -> Model:
    return Model(
        name=data["name"],
        tables=Tables.from_json(data["tables"]),
        fields=tuple(ModelField(**{**item, "codes": tuple(item["codes"])}) for item in data["fields"]),
        band_edges=tuple(map(float, data["band_edges"])),
        card=_card(data["card"]),
        bags=tuple(map(Tables.from_json, data["bags"])),
        spread_factor=float(data["spread_factor"]),
    )


def _card(data: Document) -> ModelCard:
    lists = {key: tuple(data.get(key, ())) for key in ("missing", "not_for", "notes", "years")}
    if not all(isinstance(text, str) for text in data["versions"].values()):
        raise ModelError("“card.versions” must hold texts.")
    return ModelCard(**{**data, **lists, "measured": tuple(Figure(**item) for item in data["measured"])})
