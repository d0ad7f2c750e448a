"""What a register says of each pupil, and who the pupil is: plain values in the cohort's order, ready for a line."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from roni import Register
from service.registers.cells import cells, said

WORKERS = ("named_adviser", "other_workers", "school_contact")
SAID = ("section", "probability", "chance", "reasons", "not_known", "marks")  # columns of the list
IN_WORDS = ("intended_destination", "offer_status")


class Figures(NamedTuple):
    """What a register says of one pupil; bands are places in the card's bands, -1 none."""

    section: str
    band: int
    band_max: int
    rules_band: int
    model_band: int
    points: int
    points_max: int
    could_be_band: int
    could_be_points: int
    probability: float | None
    chance: str | None
    why: str
    not_known: str
    ask: int
    marks: str


class Shown(NamedTuple):
    """What a line shows of a pupil beside the score."""

    surname: str | None
    forename: str | None
    preferred_name: str | None
    year_group: int | None
    registration_group: str | None
    ehcp: bool | None
    intended_destination: str | None
    offer_status: str | None
    named_adviser: str | None
    other_workers: str | None
    school_contact: str | None

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.preferred_name or self.forename, self.surname) if part)

    @property
    def workers(self) -> dict[str, str]:
        said = (self.named_adviser, self.other_workers, self.school_contact)
        return {name: text for name, text in zip(WORKERS, said, strict=True) if text}


SHOWN = Shown._fields


def figures_of(register: Register) -> list[Figures]:
    """The figures of each pupil of the cohort, in its order."""
    table, made, order = register.to_table(SAID), register.assessment, register.order.tolist()
    texts = {name: _back(table.column(name).to_pylist(), order) for name in SAID}
    model_band = np.full(len(register), -1) if register.model_band is None else register.model_band
    could_be = register.could_be
    return list(
        map(
            Figures,
            texts["section"],
            *(values.tolist() for values in (register.band, register.band_max, register.rules_band, model_band)),
            *(values.tolist() for values in (made.points, made.points_max, could_be.band, could_be.points)),
            *(texts[name] for name in ("probability", "chance", "reasons", "not_known")),
            made.ask_first.tolist(),
            texts["marks"],
        )
    )


def shown_of(register: Register, size: int) -> list[Shown]:
    """Who the pupils of the cohort are, in its order; `size` pupils of one view stand after those of another."""
    cohort = register.cohort
    for_all = all(name not in cohort.columns or cohort.fields[name].audience == "everyone" for name in SHOWN)
    first = size if for_all else None  # where every view shows all of it, who they are is said once
    shown = map(Shown, *((said if name in IN_WORDS else cells)(cohort, name, first) for name in SHOWN))
    return list(shown) * (len(cohort) // size if for_all else 1)


def _back(values: list[Any], order: list[int]) -> list[Any]:
    """Values in the order of the list, put back into the cohort's."""
    found: list[Any] = [None] * len(values)
    for value, index in zip(values, order, strict=True):
        found[index] = value
    return found
