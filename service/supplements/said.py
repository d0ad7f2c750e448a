"""What a council list may state: identity for matching, and the fields that are its team's; the rest is not kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from roni import national
from service.access import TEAMS, Access
from service.problems import Refusal

WHO = (
    "upn", "former_upn", "temporary_upn", "uln", "surname", "forename", "preferred_name", "date_of_birth",
    "birth_precision",
)  # fmt: skip
WHERE = ("year_group", "home_authority", "district")  # of a pupil with no school: for the council's own roll
RESTRICTED = "restricted_sharing"
KEPT = (*WHO, *WHERE)


def team_of(access: Access, asked: str | None) -> str:
    """The team whose list it is: one's own; the council's analysts say which."""
    if access.team is not None and asked not in (None, access.team):
        raise Refusal(403, "another_team", "You can only send lists of your own team.")
    team = access.team or asked
    if team is None or team not in TEAMS:
        raise Refusal(422, "team_needed", f"Say whose list it is: one of {', '.join(TEAMS)}.")
    return team


def allowed_fields(access: Access, team: str) -> frozenset[str]:
    """The fields that the caller's list may state: the team's; an analyst's list may state any fact of a pupil."""
    if access.team is not None:
        return frozenset(TEAMS[team][1])
    return frozenset(
        item.name for item in national().values() if item.family not in ("identity", "contact", "registration")
    )


def require_field(field: str | None, allowed: frozenset[str]) -> None:
    """Refuse a flag that the list may not state."""
    flags = sorted(name for name in allowed if national()[name].type == "flag")
    if field is not None and field not in flags:
        raise Refusal(
            422, "field_not_allowed", f"Being on this list cannot mean that. It may be one of: {', '.join(flags)}."
        )


def only_allowed(listed: Mapping[str, Any], allowed: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """A list (`ListedPupils.to_dict()`) without the columns it may not state, and the headings that were left out."""
    keep = {*KEPT, RESTRICTED, *allowed}
    gone = [name for name in listed["columns"] if name not in keep]
    headings = [heading for named in listed["headings"] for name, heading in named.items() if name in gone]
    kept = {
        **listed,
        "columns": [name for name in listed["columns"] if name in keep],
        "headings": [{name: text for name, text in named.items() if name in keep} for named in listed["headings"]],
        "readings": [item for item in listed["readings"] if item["field"] not in gone],
        "problems": [block for block in listed["problems"] if block["column"] not in headings],
        "rows": [
            {**row, "values": {name: value for name, value in row["values"].items() if name in keep}}
            for row in listed["rows"]
        ],
    }
    return kept, list(dict.fromkeys(headings))


def stated_fields(listed: Mapping[str, Any]) -> list[str]:
    """What a list says of pupils: its own columns, and the flag that being on it means."""
    own = [name for name in listed["columns"] if name not in (*KEPT, RESTRICTED)]
    return list(dict.fromkeys([*own, *([listed["field"]] if listed["field"] else [])]))
