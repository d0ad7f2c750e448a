"""The lines of a register: what a list shows of each pupil, ready made as JSON, and the columns that filters use."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from roni import Register
from service.caseload.standing import NONE, Standing
from service.registers.cells import cells, said
from service.registers.cohorts import Place
from service.registers.order import LEFT, RANKED, RESTRICTED, TAKEN_OFF, sort_text
from service.registers.reasons import reasons_of

# What a line shows of a pupil beside the score.
SHOWN = (
    "surname", "forename", "preferred_name", "year_group", "registration_group", "ehcp", "intended_destination",
    "offer_status", "named_adviser", "other_workers", "school_contact",
)  # fmt: skip
WORKERS = ("named_adviser", "other_workers", "school_contact")
BEYOND_WHO = ("ehcp", "intended_destination", "offer_status", *WORKERS)
# Flags by which a list may be filtered beside the card's own indicators: the families of vulnerable groups.
GROUP_FAMILIES = ("wider vulnerability", "provision", "special educational needs", "behaviour")
MARKS = ("leaving_date", "leaving_destination", "also_registered_at")
NOT_SCORED = "not scored: information restricted"


@dataclass(frozen=True)
class Known:
    """What stands beside a register's own figures: schools, moderation in force, change since the earlier check."""

    schools: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)  # id -> ref, name, urn
    moderated: Mapping[int, Standing] = field(default_factory=dict)  # by pupil id, of whom there is any
    change: Sequence[dict[str, Any] | None] = ()  # of each pupil of the register's cohort
    home: frozenset[str] = frozenset()  # names by which the council is a home authority


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


class _Maker:
    """Takes a register apart into columns once, and makes the rows from them."""

    def __init__(self, register: Register, known: Known) -> None:
        cohort, made, order = register.cohort, register.assessment, register.order.tolist()
        self.register, self.known = register, known
        self.bands = [band.name for band in register.card.bands]
        table = register.to_table()
        self.texts = {
            name: _back(table.column(name).to_pylist(), order)
            for name in ("reasons", "not_known", "marks", "chance", "probability", "section")
        }
        self.reasons = reasons_of(register, self.texts["reasons"])
        self.numbers = {
            "band": register.band.tolist(),
            "band_max": register.band_max.tolist(),
            "rules_band": register.rules_band.tolist(),
            "points": made.points.tolist(),
            "points_max": made.points_max.tolist(),
            "could_be_band": register.could_be.band.tolist(),
            "could_be_points": register.could_be.points.tolist(),
            "ask": made.ask_first.tolist(),
        }
        model_band = register.model_band
        self.model_band = [-1] * len(register) if model_band is None else model_band.tolist()
        self.cells = {name: cells(cohort, name) for name in SHOWN}
        self.cells |= {name: said(cohort, name) for name in ("intended_destination", "offer_status")}
        self.asks = [_ask(cohort.fields[name]) for name in made.ask_fields]
        self.tokens = self._tokens()

    def _tokens(self) -> list[list[str]]:
        """The indicators, inclusions and groups that a filter may ask for."""
        found = [[reason["indicator"] for reason in each if "indicator" in reason] for each in self.reasons]
        for name in group_fields(self.register):
            for tokens, value in zip(found, cells(self.register.cohort, name), strict=True):
                if value and name not in tokens:
                    tokens.append(name)
        return found

    def row(self, index: int, place: Place) -> dict[str, Any]:
        """The row of the pupil at a place of the cohort."""
        moderated = self.known.moderated.get(place.pupil_id, NONE)
        automatic = any("at_least" in reason for reason in self.reasons[index])
        section = self._section(index, place, moderated is not NONE and moderated.removed(automatic))
        scored = section != RESTRICTED
        number = {name: values[index] for name, values in self.numbers.items()}
        band = number["band"]
        if scored and moderated is not NONE:
            band = moderated.place(band, self.bands)
        probability = self.texts["probability"][index] if scored else None
        resident = _resident(place.home_authority, self.known.home)
        change = self._change(index) if section != LEFT else self._gone(index)
        decided = NOTHING_DECIDED if moderated is NONE else _decided(moderated, automatic)
        return {
            "pupil_id": place.pupil_id,
            "school_id": place.school_id,
            "section": section,
            "sort": sort_text(
                section, band, number["points"], number["points_max"], place.key, probability, moderated.added
            ),
            "automatic": automatic,
            "band": band,
            "rules_band": number["rules_band"],
            "model_band": self.model_band[index] if self.model_band[index] >= 0 else None,
            "band_max": max(band, number["band_max"]),
            "points": number["points"] if scored else None,
            "points_max": number["points_max"] if scored else None,
            "probability": probability,
            "year_group": self.cells["year_group"][index],
            "district": place.district,
            "home_authority": place.home_authority,
            "resident": resident,
            "change": change["kind"] if change else None,
            "moderated": decided["moderated"],
            "indicators": f" {' '.join(self.tokens[index])} " if scored and self.tokens[index] else "",
            "line": to_json(self._line(index, place, section, band, decided, change, resident)).decode(),
        }

    def _change(self, index: int) -> dict[str, Any] | None:
        return self.known.change[index] if self.known.change else None

    def _gone(self, index: int) -> dict[str, Any] | None:
        """Who has left has moved in no other way that matters more."""
        change = self._change(index)
        mark = next((part for part in _parts(self.texts["marks"][index]) if part.startswith("left")), "left")
        return change and {**change, "kind": "left", "why": mark}

    def _section(self, index: int, place: Place, taken_off: bool) -> str:
        if self.texts["section"][index] == "restricted":
            return RESTRICTED
        if taken_off:
            return TAKEN_OFF
        return LEFT if place.left else RANKED

    def _line(
        self,
        index: int,
        place: Place,
        section: str,
        band: int,
        decided: Mapping[str, Any],
        change: dict[str, Any] | None,
        resident: bool | None,
    ) -> dict[str, Any]:
        shown = {name: values[index] for name, values in self.cells.items()}
        if section == RESTRICTED:  # no more than who it is (Education and Skills Act 2008 s.72)
            shown |= dict.fromkeys(BEYOND_WHO)
        given = shown["preferred_name"] or shown["forename"]
        return {
            "pupil": place.ref,
            "section": section,
            "name": " ".join(part for part in (given, shown["surname"]) if part),
            "surname": shown["surname"],
            "forename": shown["forename"],
            "preferred_name": shown["preferred_name"],
            "year_group": shown["year_group"],
            "form": shown["registration_group"],
            "school": self.known.schools.get(place.school_id) if place.school_id is not None else None,
            **(self._scored(index, band) if section != RESTRICTED else {"status": NOT_SCORED}),
            "ehcp": shown["ehcp"],
            "intended_destination": shown["intended_destination"],
            "offer": shown["offer_status"],
            "workers": {name: shown[name] for name in WORKERS if shown[name]},
            "population": [*(["educated"] if place.school_id is not None else []), *(["resident"] if resident else [])],
            "change": change,
            **decided,
        }

    def _scored(self, index: int, band: int) -> dict[str, Any]:
        number = {name: values[index] for name, values in self.numbers.items()}
        probability, ask = self.texts["probability"][index], number["ask"]
        higher = number["could_be_band"] > band or number["could_be_points"] > number["points"]
        could_be = {"band": self.bands[max(band, number["could_be_band"])], "points": number["could_be_points"]}
        return {
            "band": self.bands[band],
            "band_max": self.bands[max(band, number["band_max"])],
            "rules_band": self.bands[number["rules_band"]],
            "model_band": self.bands[self.model_band[index]] if self.model_band[index] >= 0 else None,
            "points": number["points"],
            "points_max": number["points_max"],
            "could_be": could_be if higher else None,
            "probability": None if probability is None or math.isnan(probability) else probability,
            "chance": self.texts["chance"][index],
            "why": self.texts["reasons"][index],
            "reasons": self.reasons[index],
            "not_known": _parts(self.texts["not_known"][index]),
            "ask_first": self.asks[ask] if ask >= 0 else None,
            "marks": _parts(self.texts["marks"][index]),
        }


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
