"""What the API takes and gives about models, scorecards, what is tried beside a check, and extracts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", examples=["demo"])]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the model, as you saw it.")]
Ref = Annotated[str, Field(max_length=64)]
Note = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S", description="Why, for those who ask later.")]


class Sent(BaseModel):
    """What a caller sends: nothing that is not named here."""

    model_config = ConfigDict(extra="forbid")


class CheckName(BaseModel):
    """Which check."""

    ref: str
    label: str


class ModelLine(BaseModel):
    """A model on the shelf; `refused` says why it cannot be used."""

    name: str
    own: bool
    refused: str | None
    digest: str | None
    what: str | None
    trained_at: str | None
    meant_for: str | None
    invented: bool | None
    promoted: bool
    used_by: list[CheckName]
    evaluation: Annotated[str | None, Field(description="Address of the report of its evaluation.")]
    figures: bool


class Models(BaseModel):
    """The shelf, by name."""

    items: list[ModelLine]
    next: None = None


class Measured(BaseModel):
    """One measured figure; without a value where the data cannot bear it, and `note` says why."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    of: str
    pupils: int
    events: int
    split: str
    note: str
    text: str


class Card(BaseModel):
    """What a person must know before using a model."""

    what: str
    trained_on: str
    trained_at: str
    outcome: str
    not_known: str
    missing: list[str]
    not_for: list[str]
    invented: bool
    notices: Annotated[list[str], Field(description="To be said wherever its probabilities appear.")]
    library: str
    pupils: int
    events: int
    measured: list[Measured]
    notes: list[str]
    versions: dict[str, str]
    check: str
    years: list[int]


class FieldLine(BaseModel):
    """What a field of a model adds to the log-odds, from the least to the most."""

    name: str
    label: str
    least: float
    most: float
    not_known: float
    known_at_training: float | None
    special_category: bool


class PromotionLine(BaseModel):
    """A model put to use, or taken back."""

    model: str
    digest: str
    action: Literal["promote", "rollback"]
    note: str
    by: str
    at: datetime
    check: str | None
    check_label: str | None


class ModelShape(ModelLine):
    """A model with its card, its tables in short, and the record of its promotions."""

    card: Card | None
    fields: list[FieldLine]
    starts_from: float | None
    band_edges: list[float]
    promotions: list[PromotionLine]


class NewPromotion(Sent):
    """Put a model to use; with no check it may only be chosen."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"note": "Measured on the leavers of 2026", "check": None, "digest": "0" * 64}]
        },
    )

    note: Note
    check: Annotated[Ref | None, Field(description="The first check that it scores; none: it may be chosen.")] = None
    digest: Digest


class TakenBack(Sent):
    """Take a model back."""

    note: Note
    digest: Digest


class Promoted(BaseModel):
    """What a promotion changed: the checks whose register was worked out again."""

    model: str
    digest: str
    checks: list[str]


class Pair(BaseModel):
    """How many pupils have one band by the first and one by the second."""

    first: str
    second: str
    pupils: int


class AtCapacity(BaseModel):
    """Of lists as long as there is time for, how many pupils are in both, or in one."""

    length: int
    both: int
    only_first: int
    only_second: int


class SchoolMoves(BaseModel):
    """How many of a school's pupils go up or down a band."""

    school: str | None
    pupils: int
    up: int
    down: int


class Compared(BaseModel):
    """One of two models."""

    name: str
    digest: str
    notices: list[str]


class Comparison(BaseModel):
    """How a check's list would differ from the first model to the second. Nothing is stored."""

    check: CheckName
    scorecard: str
    models: list[Compared]
    pupils: int
    up: int
    down: int
    same: int
    band_names: Annotated[list[str], Field(description="The most urgent first.")]
    bands: list[Pair]
    rank_correlation: Annotated[float | None, Field(description="Spearman’s; 1 is the same order.")]
    capacity: AtCapacity | None
    schools: list[SchoolMoves]


class BandLine(BaseModel):
    """A band of a card."""

    name: str
    at_least: int
    meaning: str


class TierLine(BaseModel):
    """How many points, and when."""

    points: int
    when: str


class IndicatorLine(BaseModel):
    """An indicator of a card; `justification` says why a protected or special field may be used."""

    label: str
    family: str
    tiers: list[TierLine]
    source: str
    justification: str


class InclusionLine(BaseModel):
    """Who is always included, in at least which band."""

    label: str
    band: str
    when: str
    source: str


class ScorecardLine(BaseModel):
    """One version of a scorecard; `ref` is what a check takes."""

    ref: str
    name: str
    title: str
    version: str
    date: date
    digest: str
    shipped: bool
    most_points: int
    bands: list[BandLine]
    used_by: list[CheckName]
    added_at: datetime | None


class Scorecards(BaseModel):
    """Scorecards, shipped ones first."""

    items: list[ScorecardLine]
    next: None = None


class ScorecardShape(ScorecardLine):
    """One version with its text, and the same in words."""

    content: str | None
    in_words: str
    indicators: list[IndicatorLine]
    inclusions: list[InclusionLine]
    sources: list[str]


class NewTrial(Sent):
    """What to try beside a check: another card, another promoted model, or (null) no model."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"scorecard": "oxfordshire"}]})

    scorecard: Annotated[str | None, Field(max_length=64, description="Name or reference.")] = None
    model: Annotated[Digest | None, Field(description="Digest of a promoted model; null: no model.")] = None


class TrialLine(BaseModel):
    """A register tried beside the live one, or the live one."""

    ref: str
    title: str
    scorecard: str
    scorecard_digest: str
    model: str | None
    model_digest: str | None
    library_version: str
    created_at: datetime
    made_by: str | None


class Trials(BaseModel):
    """What was tried beside a check."""

    items: list[TrialLine]
    next: None = None


class CheckCapacity(CheckName):
    """A check, and how many pupils its coaches can see."""

    capacity: int | None


class Move(BaseModel):
    """A pupil who changes band, or comes into or falls out of what the coaches can see."""

    pupil: str
    name: str
    school: str | None
    change: Literal["up", "down", "same"]
    capacity: Literal["in", "out"] | None
    band_before: str
    band_after: str
    points_before: int | None
    points_after: int | None
    rank_before: int
    rank_after: int
    why_before: Annotated[str, Field(description="The reasons under the live card and model.")]
    why_after: Annotated[str, Field(description="The reasons under those tried.")]


class Trial(BaseModel):
    """What was tried against the live register."""

    check: CheckCapacity
    live: TrialLine
    tried: TrialLine
    up: int
    down: int
    same: int
    not_in_both: int
    band_names: Annotated[list[str], Field(description="The most urgent first; none where the two lists’ differ.")]
    bands: Annotated[list[Pair], Field(description="First the band in the live list, then in the one tried.")]
    bands_differ: bool
    capacity: AtCapacity | None
    schools: list[SchoolMoves]
    items: Annotated[list[Move], Field(description="In the order of the list tried.")]
    next: str | None


class NewExtract(Sent):
    """Which fields, and in which kind of file."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"fields": ["attendance", "sen_support"], "format": "csv"}]}
    )

    fields: Annotated[
        list[Annotated[str, Field(max_length=64)]] | None, Field(min_length=1, max_length=500, description="None: all.")
    ] = None
    format: Literal["parquet", "csv"] = "parquet"


class ExtractLine(BaseModel):
    """An extract that was taken. The file itself is not kept."""

    ref: str
    pupils: int
    fields: list[str]
    digest: str
    by: str
    created_at: datetime


class Extracts(BaseModel):
    """Extracts of a check, the latest first."""

    items: list[ExtractLine]
    next: None = None


FILE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"application/octet-stream": {"schema": {"format": "binary"}}}}
}
