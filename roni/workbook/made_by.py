"""What a list was made by, for whoever must say later: scorecard, model, version of roni, and whom it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roni.tally import population
from roni.version import VERSION

if TYPE_CHECKING:
    from roni.register import Register

SHORT = 12  # characters of a digest that people compare
PREFIX = "roni."  # of a key in a file's metadata


def scorecard_words(register: Register) -> str:
    """The scorecard: name, version, digest."""
    card = register.card
    return f"{card.name}, version {card.version}, digest {card.digest[:SHORT]}"


def model_words(register: Register) -> str:
    """The trained model: name, and digest where it has one; "" where there is none."""
    if not register.model_name:
        return ""
    return register.model_name + (f", digest {register.model_digest[:SHORT]}" if register.model_digest else "")


def with_columns(table: Any, register: Register) -> Any:
    """A table with `scorecard` and `model` at its end: a CSV file has no other place for them that moves no heading."""
    import pyarrow as pa

    for name, words in (("scorecard", scorecard_words(register)), ("model", model_words(register) or None)):
        table = table.append_column(name, pa.repeat(pa.scalar(words, pa.string()), len(table)))
    return table


def with_metadata(table: Any, register: Register) -> Any:
    """A table whose schema says it all; what there is none of is left out."""
    card, cohort = register.card, register.cohort
    said = {
        "version": VERSION,
        "scorecard": card.name,
        "scorecard_version": card.version,
        "scorecard_digest": card.digest,
        "model": register.model_name,
        "model_digest": register.model_digest,
        "check": str(cohort.check),
        "population": population(cohort),
    }
    kept = {f"{PREFIX}{key}": text for key, text in said.items() if text}
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **kept})
