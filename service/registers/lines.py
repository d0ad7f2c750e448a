"""The lines of a register: what a list shows of each pupil, ready made as JSON, and the columns that filters use."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from pydantic_core import to_json

from roni import Register
from service.caseload.standing import NONE, Standing
from service.registers.cells import cells, said
from service.registers.cohorts import Place
from service.registers.order import LEFT, RANKED, RESTRICTED, TAKEN_OFF, sort_text
from service.registers.reasons import reasons_of

WORKERS = ("named_adviser", "other_workers", "school_contact")
BEYOND_WHO = ("ehcp", "intended_destination", "offer_status", *WORKERS)
# Flags by which a list may be filtered beside the card's own indicators: the families of vulnerable groups.
GROUP_FAMILIES = ("wider vulnerability", "provision", "special educational needs", "behaviour")
MARKS = ("leaving_date", "leaving_destination", "also_registered_at")
SAID = ("section", "probability", "chance", "reasons", "not_known", "marks")  # columns of the list
IN_WORDS = ("intended_destination", "offer_status")
NOT_SCORED = "not scored: information restricted"


@dataclass(frozen=True)
class Known:
    """What stands beside a register's own figures: schools, moderation in force, change since the earlier check."""

    schools: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)  # id -> ref, name, urn
    moderated: Mapping[int, Standing] = field(default_factory=dict)  # by pupil id, of whom there is any
    change: Sequence[dict[str, Any] | None] = ()  # of each pupil of the register's cohort
    home: frozenset[str] = frozenset()  # names by which the council is a home authority
    unseen: Sequence[Collection[str]] = ((),)  # of each view in the register, the fields that it does not see


def group_fields(register: Register) -> list[str]:
    """The flags of the cohort that name a vulnerable group."""
    fields = register.cohort.fields
    return [
        name
        for name in register.cohort.columns
        if fields[name].type == "flag" and fields[name].family in GROUP_FAMILIES
    ]


def rows_of(register: Register, places: Sequence[Place], known: Known) -> list[dict[str, Any]]:
    """One row of `register_rows` for each pupil of the cohort, in the cohort's order, without its register.

    `places[i]` is the pupil's place; the cohort may hold several views of the same pupils, one after the other.
    """
    maker = _Maker(register, known)
    return [maker.row(index, places[index % len(places)]) for index in range(len(register))]


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
NOBODY_BEYOND: Mapping[str, Any] = dict.fromkeys(BEYOND_WHO)


class _Maker:
    """Takes a register apart into columns once, and makes the rows from them."""

    def __init__(self, register: Register, known: Known) -> None:
        made = register.assessment
        self.register, self.known = register, known
        self.size = len(register) // len(known.unseen)  # pupils of each view
        self.bands = [band.name for band in register.card.bands]
        self.figures = _figures(register)
        self.shown = _shown(register)
        self.reasons = reasons_of(register, [figures.why for figures in self.figures])
        self.asks = [self._asks(made.ask_fields, unseen) for unseen in known.unseen]
        self.tokens = self._tokens()
        self.automatic = np.any(made.inclusions > 0, axis=1).tolist()
        self.told: dict[tuple[int, str, Shown], str] = {}  # who it is as JSON, of all views that show the same

    def _asks(self, names: Sequence[str], unseen: Collection[str]) -> list[dict[str, str] | None]:
        """What may be asked about first: nobody is sent to find out what they may not know."""
        fields = self.register.cohort.fields
        return [None if name in unseen else _ask(fields[name]) for name in names]

    def _tokens(self) -> list[list[str]]:
        """The indicators, inclusions and groups that a filter may ask for."""
        found = [[reason["indicator"] for reason in each if "indicator" in reason] for each in self.reasons]
        cohort = self.register.cohort
        for name in group_fields(self.register):
            for place in np.flatnonzero(cohort.column(name) > 0).tolist():
                if name not in found[place]:
                    found[place].append(name)
        return found

    def row(self, index: int, place: Place) -> dict[str, Any]:
        """The row of the pupil at a place of the cohort."""
        said, automatic = self.figures[index], self.automatic[index]
        moderated = self.known.moderated.get(place.pupil_id, NONE)
        decided = NOTHING_DECIDED if moderated is NONE else _decided(moderated, automatic)
        section = _section(said, place, decided["moderated"] == TAKEN_OFF)
        scored, band, added = section != RESTRICTED, said.band, False
        if scored and moderated is not NONE:
            band, added = moderated.place(band, self.bands), moderated.added
        probability = said.probability if scored else None
        resident = _resident(place.home_authority, self.known.home)
        change = self._change(index, section)
        score = self._scored(index, band) if scored else {"status": NOT_SCORED}
        line = {**score, "change": change, **decided}
        return {
            "pupil_id": place.pupil_id,
            "school_id": place.school_id,
            "section": section,
            "sort": sort_text(section, band, said.points, said.points_max, place.key, probability, added),
            "automatic": automatic,
            "band": band,
            "rules_band": said.rules_band,
            "model_band": said.model_band if said.model_band >= 0 else None,
            "band_max": max(band, said.band_max),
            "points": said.points if scored else None,
            "points_max": said.points_max if scored else None,
            "probability": probability,
            "year_group": self.shown[index].year_group,
            "district": place.district,
            "home_authority": place.home_authority,
            "resident": resident,
            "change": change["kind"] if change else None,
            "moderated": decided["moderated"],
            "indicators": f" {' '.join(self.tokens[index])} " if scored and self.tokens[index] else "",
            "line": f"{self._who(index, place, section, resident)[:-1]},{to_json(line).decode()[1:]}",
        }

    def _change(self, index: int, section: str) -> dict[str, Any] | None:
        """What changed; who has left has moved in no other way that matters more."""
        change = self.known.change[index] if self.known.change else None
        if section != LEFT or change is None:
            return change
        marks = _parts(self.figures[index].marks)
        return {**change, "kind": "left", "why": next((mark for mark in marks if mark.startswith("left")), "left")}

    def _who(self, index: int, place: Place, section: str, resident: bool | None) -> str:
        """What a line shows of a pupil beside the score, as JSON."""
        shown = self.shown[index]
        if section == RESTRICTED:  # no more than who it is (Education and Skills Act 2008 s.72)
            shown = shown._replace(**NOBODY_BEYOND)
        same = (place.pupil_id, section, shown)
        if same not in self.told:
            self.told[same] = to_json(self._identity(shown, place, section, resident)).decode()
        return self.told[same]

    def _identity(self, shown: Shown, place: Place, section: str, resident: bool | None) -> dict[str, Any]:
        school = place.school_id
        return {
            "pupil": place.ref,
            "section": section,
            "name": shown.name,
            "surname": shown.surname,
            "forename": shown.forename,
            "preferred_name": shown.preferred_name,
            "year_group": shown.year_group,
            "form": shown.registration_group,
            "school": self.known.schools.get(school) if school is not None else None,
            "ehcp": shown.ehcp,
            "intended_destination": shown.intended_destination,
            "offer": shown.offer_status,
            "workers": shown.workers,
            "population": _POPULATIONS[school is not None, bool(resident)],
        }

    def _scored(self, index: int, band: int) -> dict[str, Any]:
        said, names = self.figures[index], self.bands
        could_be = None
        if said.could_be_band > band or said.could_be_points > said.points:
            could_be = {"band": names[max(band, said.could_be_band)], "points": said.could_be_points}
        return {
            "band": names[band],
            "band_max": names[max(band, said.band_max)],
            "rules_band": names[said.rules_band],
            "model_band": names[said.model_band] if said.model_band >= 0 else None,
            "points": said.points,
            "points_max": said.points_max,
            "could_be": could_be,
            "probability": said.probability,
            "chance": said.chance,
            "why": said.why,
            "reasons": self.reasons[index],
            "not_known": _parts(said.not_known),
            "ask_first": self.asks[index // self.size][said.ask] if said.ask >= 0 else None,
            "marks": _parts(said.marks),
        }


_POPULATIONS = {
    (True, True): ["educated", "resident"], (True, False): ["educated"], (False, True): ["resident"],
    (False, False): [],
}  # fmt: skip


def _figures(register: Register) -> list[Figures]:
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


def _shown(register: Register) -> list[Shown]:
    cohort = register.cohort
    read = {name: said if name in IN_WORDS else cells for name in SHOWN}
    return list(map(Shown, *(read[name](cohort, name) for name in SHOWN)))


def _section(said: Figures, place: Place, taken_off: bool) -> str:
    if said.section == "restricted":
        return RESTRICTED
    if taken_off:
        return TAKEN_OFF
    return LEFT if place.left else RANKED


NOTHING_DECIDED: Mapping[str, Any] = {"moderated": None, "moderation": [], "objection": False}


def _decided(moderated: Standing, automatic: bool) -> dict[str, Any]:
    return {
        "moderated": moderated.mark(automatic),
        "moderation": moderated.to_list("school"),  # views that are alike share a row: only what all may read
        "objection": moderated.objection,
    }


def _back(values: list[Any], order: list[int]) -> list[Any]:
    """Values in the order of the list, put back into the cohort's."""
    found: list[Any] = [None] * len(values)
    for value, index in zip(values, order, strict=True):
        found[index] = value
    return found


def _ask(item: Any) -> dict[str, str]:
    return {"field": item.name, "label": item.label, "of": item.supplier}


def _parts(text: str) -> list[str]:
    return text.split("; ") if text else []


def _resident(home_authority: str | None, home: frozenset[str]) -> bool | None:
    """Whether the pupil lives in the council's area; None where the roll does not say."""
    return None if not home_authority else home_authority.strip().casefold() in home
