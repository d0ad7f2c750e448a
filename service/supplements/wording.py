"""Words of council lists and of what is to be resolved, for pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from roni import national
from service.access import TEAMS, Access
from service.phrases import day, listed
from service.supplements.said import KEPT, WHO, allowed_fields

STATES = {
    "staged": ("Not confirmed yet", "yellow"), "live": ("In use", "green"), "superseded": ("Replaced", "grey"),
}  # fmt: skip
ROW_STATES = {
    "proposed": ("May be somebody", "yellow"), "several": ("May be several", "yellow"), "unmatched": ("Nobody", "red"),
    "matched": ("Matched", "green"), "own_roll": ("Council’s own roll", "green"), "dismissed": ("Left out", "grey"),
    "restricted": ("Restricted", "grey"),
}  # fmt: skip
ROW_MEANS = {
    "matched": "matched to a pupil",
    "proposed": "with the names and birth date of a pupil, and no identifier that matches",
    "several": "that may be about more than one pupil",
    "unmatched": "that match nobody on any roll",
    "own_roll": "put on the council’s own roll",
    "dismissed": "left out by a person",
    "restricted": "about pupils whose information is restricted: nothing of them is kept",
}
CHANGES = {"came_on": "Came on", "fell_off": "Fell off", "changed": "Says otherwise"}
KINDS = {
    "two_schools": "Two schools claim a pupil", "moved_unlisted": "Moved, and not listed there",
    "list_row": "Row of a list without its pupil", "sources_disagree": "School and list disagree",
    "alert": "Left, and must be looked into", "died_on_roll": "On roll, and said to have died",
}  # fmt: skip
YEARS = tuple((str(year), f"Year {year}") for year in range(7, 14))


def label(name: str) -> str:
    """What a field is called, as the beginning of a line."""
    said = national()[name].label if name in national() else name.replace("_", " ")
    return said[:1].upper() + said[1:]


def value(said: Any) -> str:
    """What a list says of a fact."""
    if isinstance(said, bool):
        return "yes" if said else "no"
    try:
        return day(date.fromisoformat(said)) if isinstance(said, str) else str(said)
    except ValueError:
        return str(said)


def values(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a row says, who it is about first."""
    ordered = [*(name for name in KEPT if name in said), *(name for name in said if name not in KEPT)]
    return [(label(name), value(said[name])) for name in ordered if name != "birth_precision"]


def person(said: Mapping[str, Any]) -> str:
    """Who a row is about, as the list has it."""
    names = ", ".join(said[name] for name in ("surname", "forename") if said.get(name))
    known = next((f"{label(name)} {said[name]}" for name in WHO if name.endswith("upn") and said.get(name)), "")
    return names or known or "no name"


def years_words(years: Iterable[int]) -> str:
    found = [str(year) for year in years]
    return f"Year{'s' if len(found) > 1 else ''} {listed(found)}" if found else "every year group"


def complete_words(item: Mapping[str, Any]) -> str:
    """Whether being left out of a list says something too."""
    if not item["complete"]:
        return "No: it says nothing of pupils who are not on it"
    return f"Yes, for {years_words(item['years'])}: whoever is not on it is not"


def flags(access: Access, team: str) -> list[tuple[str, str]]:
    """What being on a list of a team may mean."""
    words = national()
    found = [(name, label(name)) for name in allowed_fields(access, team) if words[name].type == "flag"]
    return sorted(found, key=lambda pair: pair[1].casefold())


WHO_COLUMNS = (
    ("UPN", "needed, so that each row finds its pupil"),
    ("ULN", "instead, where there is no UPN"),
    ("Surname", "with the next two: proposes a pupil where there is no identifier, for you to accept"),
    ("Forename", ""),
    ("Date of birth", ""),
    ("Year group", "for pupils with no school, so that they can be put on the council’s own roll"),
)


def fact_columns(team: str) -> list[tuple[str, str]]:
    """Headings of the facts that a team's list may state, and what each means."""
    words = national()
    return [(words[name].headings[0], words[name].definition) for name in TEAMS[team][1]]
