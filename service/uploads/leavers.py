"""Where a pupil who left a roll went: what a school must say, and whether it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.problems import Refusal

WHERE_TO: Mapping[str, str] = {
    "school": "a school",
    "pru": "a pupil referral unit",
    "other_authority": "a school in another council",
    "ehe": "elective home education",
    "college_14_16": "a college at 14 to 16",
    "custody": "custody",
    "abroad": "abroad",
    "died": "died",
    "awaiting_place": "waiting for a place",
    "not_known": "not known",
}
BY_URN = frozenset({"school", "pru"})
ALERTS = frozenset({"ehe", "awaiting_place", "not_known"})  # the council must look at once
EVERYBODY = "*"  # one answer for all who have none of their own


def who_is(record: Mapping[str, Any]) -> dict[str, Any]:
    """Of a stored record, what tells a school which pupil it is."""
    values = record["values"]
    return {
        "row": record["row"],
        "surname": values.get("surname"),
        "forename": values.get("forename"),
        "preferred_name": values.get("preferred_name"),
        "year_group": values.get("year_group"),
        "registration_group": values.get("registration_group"),
    }


def name_of(leaver: Mapping[str, Any]) -> str:
    """Surname, and the name that the pupil goes by."""
    return ", ".join(filter(None, (leaver["surname"], leaver["preferred_name"] or leaver["forename"])))


def is_complete(leaver: Mapping[str, Any] | None) -> bool:
    """Whether a leaver's date (or that it is not known), where to, and who confirmed it are said."""
    if not leaver or leaver.get("to") not in WHERE_TO or not leaver.get("confirmed_by") or "date" not in leaver:
        return False
    return leaver["to"] not in BY_URN or bool(leaver.get("school"))


def answer_for(ref: str, said: Mapping[str, Any] | None, answers: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is said of one leaver: by name, else by the file or an earlier check, else by the answer for everybody."""
    if ref in answers:
        return dict(answers[ref])
    return dict(said) if said and is_complete(said) else answers.get(EVERYBODY)


def require_complete(leavers: Iterable[tuple[str, Mapping[str, Any] | None]]) -> None:
    """Refuse while any leaver (reference, what is said) has no complete answer, naming them all by reference."""
    missing = [ref for ref, said in leavers if not is_complete(said)]
    if missing:
        who = "1 leaver has" if len(missing) == 1 else f"{len(missing):,} leavers have"
        raise Refusal(
            422,
            "leavers_unanswered",
            f"{who} no full answer. Say for each when they left (or that it is not known), where to and who confirmed "
            "it; for a school or pupil referral unit also its URN.",
            leavers=missing,
        )


def require_elsewhere(school: Any, leavers: Iterable[Mapping[str, Any]]) -> None:
    """Refuse that anybody moved to the school (its row) that they left."""
    if any(said["to"] in BY_URN and said.get("school") == school.urn for said in leavers):
        raise Refusal(422, "same_school", "A leaver cannot have moved to the school that they left.")
