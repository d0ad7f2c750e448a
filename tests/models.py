"""Small invented models: one that is the same in every test, or drawn by Hypothesis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import strategies as st

from roni.fields import Dictionary, national
from roni.model import Model
from roni.model.card import Figure, ModelCard
from roni.tables import Table, Tables

FIELDS = ("attendance", "suspensions", "young_carer", "sen_provision")
CARD = ModelCard(
    what="A model for tests.",
    trained_on="Invented leavers of 2025.",
    trained_at="2026-10-01",
    outcome="NEET in the March after Year 11.",
    not_known="excluded",
    missing=("pupils educated at home",),
    not_for=("deciding who gets no support",),
    synthetic=False,
    library="0.1.0",
    pupils=900,
    events=45,
    measured=(Figure("AUC", 0.84, 0.8, 0.87, pupils=300, events=15, split="a later year"),),
    versions={"scikit-learn": "1.9"},
)
INVENTED = replace(CARD, synthetic=True)
ATTENDANCE = Table("attendance", "number", edges=(80.0, 90.0), values=(1.5, 0.5, -0.5), missing=0.25)
SUSPENSIONS = Table("suspensions", "number", edges=(1.0, 3.0), values=(-0.25, 0.5, 1.0))
YOUNG_CARER = Table("young_carer", "flag", values=(-0.125, 0.75))
SEN = Table("sen_provision", "category", categories=tuple(national()["sen_provision"].codes), values=(-0.1, 0.3, 0.6))
TABLES = Tables(-2.0, (ATTENDANCE, SUSPENSIONS, YOUNG_CARER, SEN))
EDGES = (0.05, 0.1, 0.3)


def model_of(
    *tables: Table,
    name: str = "trial",
    base: float = -2.0,
    edges: tuple[float, ...] = EDGES,
    card: ModelCard = CARD,
    fields: Dictionary | None = None,
    bags: tuple[Tables, ...] = (),
    known: Mapping[str, float] | None = None,
) -> Model:
    """A model of these tables, or of four usual ones."""
    whole = Tables(base, tables or TABLES.tables)
    return Model.of(name, whole, fields or national(), edges, card, bags, 2.0, known)


def log_odds() -> st.SearchStrategy[float]:
    return st.floats(-6, 6)


@st.composite
def models(draw: st.DrawFn, bags: bool = False) -> Model:
    """A model of the four usual fields, every number of it drawn; an edge may stand at any point of the grid."""
    steps = draw(st.lists(st.integers(0, 1000), unique=True, max_size=6))
    counts = draw(st.lists(st.integers(0, 9), unique=True, max_size=4))
    shapes = (
        Table(
            "attendance", "number", edges=tuple(step / 10 for step in sorted(steps)), values=(0.0,) * (len(steps) + 1)
        ),
        Table("suspensions", "number", edges=tuple(map(float, sorted(counts))), values=(0.0,) * (len(counts) + 1)),
        YOUNG_CARER,
        SEN,
    )
    drawn = [draw(filled(shapes)) for _ in range(3 if bags else 1)]
    edges = sorted(draw(st.sets(st.floats(0.001, 1), min_size=3, max_size=3)))
    known = draw(st.dictionaries(st.sampled_from(FIELDS), st.floats(0, 1)))
    return Model.of("drawn", drawn[0], national(), tuple(edges), CARD, tuple(drawn[1:]), 2.0, known)


@st.composite
def filled(draw: st.DrawFn, shapes: tuple[Table, ...]) -> Tables:
    def table(shape: Table) -> Table:
        values = draw(st.lists(log_odds(), min_size=shape.size, max_size=shape.size))
        return replace(shape, values=tuple(values), missing=draw(log_odds()))

    return Tables(draw(log_odds()), tuple(map(table, shapes)))
