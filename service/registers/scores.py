"""Scores of rows that a program sends: read, scored and explained in one answer, and nothing stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import to_json
from sqlalchemy import Connection, select

from roni import VERSION, Cohort, Register, Scorecard, account, national, population, read_rows, score, scorecard_names
from service import tables as t
from service.problems import Refusal
from service.registers.cards import card_of, model_of, shipped_cards
from service.registers.reasons import reasons_of
from service.registers.schemas import CardName, Cutting, ModelName, Reason, Shape
from service.settings import Settings

COLUMNS = (
    "rank", "row", "key", "key_kind", "section", "band", "band_max", "rules_band", "model_band", "points", "points_max",
    "probability", "chance", "reasons", "not_known", "ask_first", "marks",
)  # fmt: skip
DEFAULT_CARD = "roni"

Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class RowsToScore(BaseModel):
    """Rows as a school's file has them: each maps headings, or names of fields, to single values."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "check": "november",
                    "academic_year": "2026/27",
                    "scorecard": "oxfordshire",
                    "rows": [{"UPN": "H801200001001", "Year": 11, "% Attendance": 84.2, "Suspensions": 1, "EHCP": "N"}],
                }
            ]
        },
    )

    check: Name = "november"
    academic_year: Name | None = None
    scorecard: Name = Field(DEFAULT_CARD, description="Shipped, or one of the council’s own, by name")
    model: Name | None = Field(None, description="A promoted model, by name")
    mapping: dict[str, str] | None = Field(None, description="Heading to field, where the heading is not known")
    years: list[int] | None = Field(None, max_length=15, description="Only these year groups")
    capacity: int | None = Field(None, ge=1, strict=True)
    rows: list[dict[str, Any]] = Field(min_length=1)


class ScoredPupil(Shape):
    rank: int | None
    row: int
    section: str
    band: str
    points: int | None
    points_max: int | None
    why: str
    reasons: list[Reason]


class Scores(Shape):
    """Every pupil of the rows once, in order; and what became of every row."""

    scorecard: CardName
    model: ModelName | None
    library_version: str
    population: str
    notes: list[str]
    account: dict[str, Any]
    capacity: Cutting | None = None
    items: list[ScoredPupil]


def scores(connection: Connection, settings: Settings, asked: RowsToScore) -> bytes:
    """The scores as JSON. Refuses more rows than one call may have."""
    if len(asked.rows) > settings.scores_most:
        raise Refusal(422, "too_many_rows", f"Send at most {settings.scores_most:,} rows in one call.")
    card = named_card(connection, asked.scorecard)
    model = None if asked.model is None else named_model(connection, settings, asked.model)
    cohort = read_rows(asked.rows, asked.check, asked.academic_year, mapping=asked.mapping, years=asked.years)
    return to_json(_said(score(cohort, card, model), cohort, asked.capacity))


def named_card(connection: Connection, name: str) -> Scorecard:
    """The shipped card of a name, else the council's latest of that name."""
    found = next((card for card in shipped_cards().values() if card.name == name), None)
    if found is not None:
        return found
    card = t.scorecards.c
    digest = connection.execute(select(card.digest).where(card.name == name).order_by(card.id.desc()).limit(1)).scalar()
    if digest is None:
        raise Refusal(422, "no_such_scorecard", f"Shipped scorecards are: {', '.join(scorecard_names())}.")
    return card_of(connection, digest)


def named_model(connection: Connection, settings: Settings, name: str) -> Any:
    """The model of a name that was promoted last."""
    item = t.promotions.c
    digest = connection.execute(
        select(item.digest).where(item.model == name).order_by(item.id.desc()).limit(1)
    ).scalar()
    model = model_of(connection, settings, digest)
    if model is None:
        raise Refusal(422, "model_not_promoted", "No model of this name is promoted and on the shelf.")
    return model


def _said(register: Register, cohort: Cohort, capacity: int | None) -> dict[str, Any]:
    card, model = register.card, register.trained
    assert isinstance(card, Scorecard)
    return {
        "check": str(cohort.check),
        "scorecard": {
            "name": card.name,
            "title": card.title,
            "version": card.version,
            "digest": card.digest,
            "most": card.most,
        },
        "model": None if model is None else {"name": model.name, "digest": model.digest},
        "library_version": VERSION,
        "population": population(cohort),
        "notes": register.notes,
        "account": account(cohort),
        "capacity": None if capacity is None else _cut(register, capacity),
        "items": list(_items(register)),
    }


def _cut(register: Register, capacity: int) -> dict[str, Any]:
    short = register.top(capacity)
    rows = register.cohort.row[short.displaced].tolist()
    return {
        "asked": capacity,
        "in_list": len(short),
        "tied": short.tied,
        "tied_in": short.tied_in,
        "sentence": short.sentence,
        "displaced_rows": rows,
    }


def _items(register: Register) -> Iterator[dict[str, Any]]:
    """One mapping a pupil, in order."""
    table = register.to_table()
    columns = {name: table.column(name).to_pylist() for name in COLUMNS}
    order = register.order.tolist()
    texts: list[str] = [""] * len(order)
    for place, text in zip(order, columns["reasons"], strict=True):
        texts[place] = text
    reasons = reasons_of(register, texts)
    for at, place in enumerate(order):
        line = {name: values[at] for name, values in columns.items()}
        line["why"], line["reasons"] = line["reasons"], reasons[place]
        line["not_known"] = _parts(line["not_known"])
        line["marks"] = _parts(line["marks"])
        yield line


def _parts(text: str) -> list[str]:
    return text.split("; ") if text else []


def fields() -> Iterator[dict[str, Any]]:
    """The data dictionary, a mapping a field."""
    for item in national().values():
        yield {
            "name": item.name,
            "label": item.label,
            "type": item.type,
            "family": item.family,
            "definition": item.definition,
            "use": item.use,
            "source": item.source,
            "supplier": item.supplier,
            "audience": item.audience,
            "due": item.due,
            "unit": item.unit or None,
            "minimum": item.minimum,
            "maximum": item.maximum,
            "codes": dict(item.codes),
            "expects": item.expects,
            "headings": list(item.headings),
            "since": item.since,
            "breaks": [{"on": each.on, "why": each.why} for each in item.breaks],
            "special_category": item.special_category,
            "protected": item.protected,
            "scored": item.scored,
            "required": item.required,
        }
