"""The lines of a register: what a list shows of each pupil, ready made as JSON, and the columns that filters use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from pydantic_core import to_json

from roni import Register
from service.caseload.standing import NONE, Standing
from service.registers.figures import WORKERS, Figures, Shown, figures_of, shown_of
from service.registers.gathering import Place
from service.registers.order import LEFT, RANKED, RESTRICTED, TAKEN_OFF, sort_text
from service.registers.reasons import reasons_of

BEYOND_WHO = ("ehcp", "intended_destination", "offer_status", *WORKERS)
# Flags by which a list may be filtered beside the card's own indicators: the families of vulnerable groups.
GROUP_FAMILIES = ("wider vulnerability", "provision", "special educational needs", "behaviour")
MARKS = ("leaving_date", "leaving_destination", "also_registered_at")
NOT_SCORED = "not scored: information restricted"


@dataclass(frozen=True)
class Known:
    """What stands beside a register's own figures: schools, moderation in force, change since the earlier check."""

    schools: Mapping[int | None, Mapping[str, Any]] = field(default_factory=dict)  # id -> ref, name, urn
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


class Row(NamedTuple):
    """A row of `register_rows` without its number and its register, in the order of the table's columns."""

    pupil_id: int
    school_id: int | None
    sort: str
    section: str
    automatic: bool
    band: int
    rules_band: int
    model_band: int | None
    band_max: int
    points: int | None
    points_max: int | None
    probability: float | None
    year_group: int | None
    district: str | None
    home_authority: str | None
    resident: bool | None
    change: str | None
    moderated: str | None
    indicators: str
    line: str


def rows_of(register: Register, places: Sequence[Place], known: Known) -> list[Row]:
    """One row for each pupil of the cohort, in the cohort's order.

    `places[i]` is the pupil's place; the cohort may hold several views of the same pupils, one after the other.
    """
    maker = _Maker(register, places, known)
    return [maker.row(index) for index in range(len(register))]


NOBODY_BEYOND: Mapping[str, Any] = dict.fromkeys(BEYOND_WHO)


class _Maker:
    """Takes a register apart into columns once, and makes the rows from them."""

    def __init__(self, register: Register, places: Sequence[Place], known: Known) -> None:
        self.register, self.places, self.known = register, places, known
        self.size = len(places)  # pupils of each view
        self.bands = [band.name for band in register.card.bands]
        self.figures, self.shown = figures_of(register), shown_of(register, self.size)
        self.reasons = reasons_of(register, [figures.why for figures in self.figures])
        self.asks = [self._asks(register.assessment.ask_fields, unseen) for unseen in known.unseen]
        self.indicators = self._indicators()
        self.automatic = np.any(register.assessment.inclusions > 0, axis=1).tolist()
        self.residents = [_resident(place.home_authority, known.home) for place in places]
        # Pieces of lines as JSON without braces, each written once for all who share it.
        self.told: dict[tuple[int, str, int], str] = {}
        self.scores: dict[tuple[Any, ...], str] = {}
        self.changes: dict[tuple[Any, ...], str] = {}

    def _asks(self, names: Sequence[str], unseen: Collection[str]) -> list[dict[str, str] | None]:
        """What may be asked about first: nobody is sent to find out what they may not know."""
        fields = self.register.cohort.fields
        return [None if name in unseen else _ask(fields[name]) for name in names]

    def _indicators(self) -> list[str]:
        """Of each pupil the indicators, inclusions and groups that a filter may ask for, between blanks."""
        cohort = self.register.cohort
        more: dict[int, list[str]] = {}
        for name in group_fields(self.register):
            for index in np.flatnonzero(cohort.column(name) > 0).tolist():
                more.setdefault(index, []).append(name)
        named = {id(each): [item["indicator"] for item in each if "indicator" in item] for each in self.reasons}
        usual = {number: _between_blanks(names) for number, names in named.items()}
        return [
            _between_blanks([*named[id(reasons)], *more[index]]) if index in more else usual[id(reasons)]
            for index, reasons in enumerate(self.reasons)
        ]

    def row(self, index: int) -> Row:
        """The row of the pupil at a place of the cohort."""
        at = index % self.size
        said, place, automatic = self.figures[index], self.places[at], self.automatic[index]
        moderated = self.known.moderated.get(place.pupil_id, NONE)
        decided = NOTHING_DECIDED if moderated is NONE else _decided(moderated, automatic)
        section = _section(said, place, decided["moderated"] == TAKEN_OFF)
        scored, band, added = section != RESTRICTED, said.band, False
        if scored and moderated is not NONE:
            band, added = moderated.place(band, self.bands), moderated.added
        probability = said.probability if scored else None
        change = self._change(index, section)
        line = (
            self._who(index, at, section),
            self._score(index, band) if scored else _piece({"status": NOT_SCORED}),
            self._changed(change) if decided is NOTHING_DECIDED else _piece({"change": change, **decided}),
        )
        row = (
            place.pupil_id,
            place.school_id,
            sort_text(section, band, said.points, said.points_max, place.key, probability, added),
            section,
            automatic,
            band,
            said.rules_band,
            said.model_band if said.model_band >= 0 else None,
            max(band, said.band_max),
            said.points if scored else None,
            said.points_max if scored else None,
            probability,
            self.shown[index].year_group,
            place.district,
            place.home_authority,
            self.residents[at],
            change["kind"] if change else None,
            decided["moderated"],
            self.indicators[index] if scored else "",
            f"{{{','.join(line)}}}",
        )
        return Row._make(row)  # which costs a third of naming them

    def _change(self, index: int, section: str) -> dict[str, Any] | None:
        """What changed; who has left has moved in no other way that matters more."""
        change = self.known.change[index] if self.known.change else None
        if section != LEFT or change is None:
            return change
        marks = _parts(self.figures[index].marks)
        return {**change, "kind": "left", "why": next((mark for mark in marks if mark.startswith("left")), "left")}

    def _who(self, index: int, at: int, section: str) -> str:
        """What a line shows of a pupil beside the score: the same in all views that show the same."""
        shown = self.shown[index]
        same = (at, section, id(shown))
        if same not in self.told:
            if section == RESTRICTED:  # no more than who it is (Education and Skills Act 2008 s.72)
                shown = shown._replace(**NOBODY_BEYOND)
            self.told[same] = _piece(self._identity(shown, self.places[at], section, self.residents[at]))
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

    def _score(self, index: int, band: int) -> str:
        """The score of a pupil who stands in this band."""
        said, reasons = self.figures[index], self.reasons[index]
        ask = self.asks[index // self.size][said.ask] if said.ask >= 0 else None
        same = (band, said, id(reasons), ask is None)
        if same not in self.scores:
            self.scores[same] = _piece(_scored(said, self.bands, band, reasons, ask))
        return self.scores[same]

    def _changed(self, change: dict[str, Any] | None) -> str:
        """What changed of a pupil of whom nothing was decided."""
        same = tuple(change.values()) if change else ()
        if same not in self.changes:
            self.changes[same] = _piece({"change": change, **NOTHING_DECIDED})
        return self.changes[same]


def _scored(said: Figures, names: Sequence[str], band: int, reasons: Any, ask: Any) -> dict[str, Any]:
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
        "reasons": reasons,
        "not_known": _parts(said.not_known),
        "ask_first": ask,
        "marks": _parts(said.marks),
    }


def _between_blanks(names: Iterable[str]) -> str:
    """Each name once, so that one of them can be looked for."""
    each = " ".join(dict.fromkeys(names))
    return f" {each} " if each else ""


def _piece(said: Mapping[str, Any]) -> str:
    """JSON without its braces."""
    return to_json(said).decode()[1:-1]


_POPULATIONS = {
    (True, True): ["educated", "resident"], (True, False): ["educated"], (False, True): ["resident"],
    (False, False): [],
}  # fmt: skip


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


def _ask(item: Any) -> dict[str, str]:
    return {"field": item.name, "label": item.label, "of": item.supplier}


def _parts(text: str) -> list[str]:
    return text.split("; ") if text else []


def _resident(home_authority: str | None, home: frozenset[str]) -> bool | None:
    """Whether the pupil lives in the council's area; None where the roll does not say."""
    return None if not home_authority else home_authority.strip().casefold() in home
