"""A register's line as people read it: the same words on every list, on a screen and on paper.

On paper special-category and youth-justice reasons are counted and not named, unless that was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from service.caseload.contact_schemas import KINDS, OUTCOMES
from service.phrases import counted, short_day
from service.registers.exports import CUSTODY, why_without
from service.registers.order import CLAIMED, LEFT, RANKED, RESTRICTED, TAKEN_OFF
from service.registers.row import Row as Row

CHANGES = {
    "up": "Up", "down": "Down", "new": "New", "unchanged": "Same band", "left": "Left",
    "no earlier return": "School made no earlier return", "not returned yet": "School has not returned yet",
}  # fmt: skip
SAID_ALREADY = ("new", "unchanged")  # the reasons themselves say why
WORKERS = {"named_adviser": "Careers adviser", "other_workers": "Others", "school_contact": "School contact"}
MODERATED = {
    "added": "added by a person", "priority": "priority stated by a person", "removal_asked": "asked to take off",
    "taken_off": "taken off",
}  # fmt: skip
SECTION_TITLES = {
    RANKED: "Pupils, most urgent first",
    LEFT: "Left the school",
    RESTRICTED: "Not scored: information restricted",
    TAKEN_OFF: "Taken off the list",
    CLAIMED: "Also listed by another school",
}
SECTION_NOTES = {
    LEFT: "On the roll before and not now. Their facts are as at the day they were last on a roll.",
    RESTRICTED: "The school may not share more about these pupils, so there is no score. That says nothing about need.",
    TAKEN_OFF: "A person decided that these pupils need not be on the list, with a reason.",
    CLAIMED: "Until the council has settled whose they are, you see of these pupils only what your school sent.",
}
STATUS = {RESTRICTED: "information restricted"}  # shorter than the register has it
UNSHARED = {RESTRICTED: ["all that may not be shared"]}
COLOURS = ("red", "orange", "green", "grey")
NAMED_COLOURS = {"red": "red", "amber": "orange", "green": "green"}
YES_NO = {True: "yes", False: "no", None: "not known"}


class Rows:
    """Makes rows: what is the same for every line of a list is looked up once. `sensitive`: paper names all reasons."""

    def __init__(self, check: str, since: str = "", *, sensitive: bool = False) -> None:
        self.check, self.since, self.sensitive = check, since or "Since the check before", sensitive

    def row(self, line: Mapping[str, Any], **beside: Any) -> Row:
        """The row of a line with coach, last contact and next action, as the API gives them."""
        get = line.get
        reasons, change, workers = get("reasons", ()), get("change"), get("workers") or {}
        could_be, ask, marks = get("could_be"), get("ask_first"), "; ".join(get("marks") or ())
        school = get("school") or {}
        hidden = not self.sensitive and any(reason.get("sensitive") for reason in reasons)
        last, action, band = get("last_contact"), get("next_action"), get("band") or ""
        return Row(
            rank=get("rank"),
            scored="points" in line,
            overdue=bool(action and action["overdue"]),
            named=self.sensitive,
            marks_differ=CUSTODY in marks and not self.sensitive,
            tags=[*_tags(line), *beside.get("tags", ())],
            reasons=[_reason(reason) for reason in reasons if not reason.get("model")],
            ref=line["pupil"] or "",
            href=self._page(line["pupil"]),
            name=get("name") or "",
            where=_where(get("year_group"), get("form")),
            school=school.get("name") or "No school",
            contact=_whom(workers.get("school_contact"), school.get("contact")),
            marks=marks,
            paper_marks=marks.replace(CUSTODY, ""),
            band=band.capitalize(),
            colour=NAMED_COLOURS.get(band.lower(), "grey"),
            could_be=f"could be {could_be['band']}" if could_be and could_be["band"] != band else "",
            points=counted(line["points"], "point") if "points" in line else "",
            chance=get("chance") or "",
            model="; ".join(reason["fact"] for reason in reasons if reason.get("model")),
            paper_why=(why_without(reasons) or "reasons not named") if hidden else "",
            since=self.since,
            changed=CHANGES.get(change["kind"], change["kind"].capitalize()) if change else "",
            changed_why=change["why"] or "" if change and change["kind"] not in SAID_ALREADY else "",
            ehcp=YES_NO[get("ehcp")],
            plan=_plan(get("intended_destination"), get("offer")),
            workers="; ".join(
                f"{WORKERS.get(name, name)}: {value}" for name, value in workers.items() if name != "school_contact"
            ),
            not_known=", ".join(get("not_known") or UNSHARED.get(get("section", ""), [])),
            ask_first=f"{ask['label']} ({ask['of']})" if ask else "",
            coach=(get("coach") or {}).get("name", ""),
            support=beside.get("support", ""),
            last_contact=_contact(last) if last else "",
            next_action=_action(action) if action else "",
            planned=action["contact"] if action else "",
            place=beside.get("place", ""),
            status="" if "points" in line else _status(line),
        )

    def _page(self, ref: str | None) -> str:
        """The pupil's page; there is none of whom the reader sees only a line."""
        if ref is None:
            return ""
        return f"/checks/{self.check}/pupils/{ref}" if self.check else f"/pupils/{ref}"


def _status(line: Mapping[str, Any]) -> str:
    """Why there is no score, as the beginning of a line."""
    said: str = STATUS.get(line.get("section", ""), line.get("status") or "")
    return said[:1].upper() + said[1:]


def _whom(named: str | None, school: str | None) -> str:
    """Whom to ask at the school: who is named for the pupil, then whom the council asks there.

    >>> _whom("Ms Sample", "Mr Invented, 01632 960001"), _whom("Ms Sample", "Ms Sample"), _whom(None, None)
    ('Ms Sample; Mr Invented, 01632 960001', 'Ms Sample', '')
    """
    return "; ".join(dict.fromkeys(words for words in (named, school) if words))


def _where(year: int | None, form: str | None) -> str:
    return ", ".join(part for part in (f"Year {year}" if year is not None else "", form or "") if part)


def _plan(destination: str | None, offer: str | None) -> str:
    if not destination and not offer:
        return "not known"
    return f"{destination or 'not known'}; offer: {offer or 'not known'}"


def _reason(reason: Mapping[str, Any]) -> tuple[str, str]:
    if "points" in reason:
        return reason["fact"], f"+{reason['points']}"
    return reason["fact"], f"at least {reason['at_least']}" if "at_least" in reason else ""


def _tags(line: Mapping[str, Any]) -> list[str]:
    """What a person should see first beside the name."""
    found = [MODERATED[line["moderated"]]] if line.get("moderated") in MODERATED else []
    found += [item["review"] for item in line.get("moderation") or () if item.get("review")]
    return found + (["objection open"] if line.get("objection") else [])


def _contact(last: Mapping[str, Any]) -> str:
    kind, outcome = KINDS.get(last["kind"], last["kind"]), OUTCOMES.get(last["outcome"], last["outcome"])
    return f"{_day(last['on'])}. {kind}: {outcome[:1].lower()}{outcome[1:]}"


def _action(action: Mapping[str, Any]) -> str:
    return f"{action['what'] or 'Next action'}, by {_day(action['on'])}"


def _day(on: str | date) -> str:
    return short_day(date.fromisoformat(on) if isinstance(on, str) else on)


def section_rows(rows: Sequence[tuple[str, Row]]) -> list[tuple[str, list[Row]]]:
    """Rows by the part of the list in which they stand, in the order in which they come."""
    found: dict[str, list[Row]] = {}
    for section, row in rows:
        found.setdefault(section, []).append(row)
    return list(found.items())
