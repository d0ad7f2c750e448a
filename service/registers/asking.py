"""Filters of a page's address: what an empty choice of a form leaves out, in words, and the address without each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import Request
from pydantic import BaseModel, ValidationError

from service.problems import Refusal

Model = TypeVar("Model", bound=BaseModel)
WRONG = "One of the filters in this address cannot be used. Open the list again, and choose the filters there."
YES_NO = (("yes", "Yes"), ("no", "Not yet"))
CHANGED = (
    ("any", "Anything changed"), ("up", "Up"), ("new", "New"), ("down", "Down"), ("left", "Left"),
    ("unchanged", "Same band"),
)  # fmt: skip


def asked_of(request: Request, model: type[Model], leave: Iterable[str] = ("done",)) -> Model:
    """What an address asks for; a choice that was left empty asks for nothing."""
    given = {name: value for name, value in request.query_params.items() if value and name not in set(leave)}
    try:
        return model(**given)
    except ValidationError:
        raise Refusal(422, "filters", WRONG) from None


def address(path: str, said: Mapping[str, Any], **other: Any) -> str:
    """The address of a list with these filters; `other` stands in their place, None takes one away."""
    query = {name: value for name, value in {**said, **other}.items() if value is not None}
    return f"{path}?{urlencode(query)}" if query else path


@dataclass(frozen=True, slots=True)
class Choice:
    """One filter: its name in the address, its label, what may be chosen, and the words of no choice."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    first: str

    def words(self, value: Any) -> str:
        """What was chosen, in words."""
        return f"{self.label}: {dict(self.options).get(str(value), str(value))}"


def chosen(choices: Iterable[Choice], path: str, said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The filters in use, each with the address of the list without it."""
    return [
        (choice.words(said[choice.name]), address(path, said, **{choice.name: None}))
        for choice in choices
        if choice.name in said
    ]


def choices_of(check: Any, register: Any, schools: Sequence[tuple[str, str]]) -> list[Choice]:
    """The filters that every list has."""
    bands = [(band["name"], band["name"].capitalize()) for band in reversed(register.card["bands"])]
    indicators = [(item["name"], _label(item["label"])) for item in register.card["indicators"]]
    years = [(str(year), f"Year {year}") for year in check.accepted_years]
    found = [Choice("school", "School", schools, "All schools")] if len(schools) > 1 else []
    found += [
        Choice("year", "Year group", years, "All years"),
        Choice("band", "Band", bands, "All bands"),
        Choice("indicator", "Why", indicators, "Any reason"),
    ]
    if check.earlier_id is not None:
        found.append(Choice("changed", "Changed", CHANGED, "Changed or not"))
    return [*found, Choice("contacted", "Contacted for this check", YES_NO, "Contacted or not")]


def _label(text: str) -> str:
    return text[:1].upper() + text[1:]
