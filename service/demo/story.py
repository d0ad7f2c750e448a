"""What has happened at the invented council: a November check, what came of it, and a January check under way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from service.clock import today
from service.demo.calling import Callers
from service.demo.council import YEAR, Council
from service.demo.returns import confirm, send_lists, sender, upload

CAPACITY = 40
IN_PROGRESS, NOT_RETURNED = 4, 5  # places of schools in November
DONE_IN_JANUARY = (1, 2)
CASELOAD = 12
CONTACTS = (
    ("phone", "reached", "Spoke to her and her mum. Wants to do hairdressing.", "Ask the college about a visit", 9),
    ("meeting", "asked_for_support", "Met in school. Not sure about sixth form.", "Send the apprenticeship list", 4),
    ("phone", "no_answer", None, "Ring again", -2),
    ("visit", "reached", "Visited at home with the school’s attendance officer.", None, 0),
    ("text", "message_left", None, "Ring if no answer", 2),
)


def tell(council: Council, call: Callers) -> None:
    """The whole story, from the promotion of a model to a January check that some schools have returned."""
    digest = promote(call)
    november = open_check(call, "november", model=digest)
    send_rolls(council, call, november)
    send_lists(council, call)
    moderate(call, november)
    publish(call, november)
    work(call, november)
    january = open_check(call, "january", model=digest)
    for place in DONE_IN_JANUARY:
        send_roll(council, call, january, place, council.january)


def promote(call: Callers) -> str:
    """The invented model, put to use: its digest."""
    digest: str = call("analyst", "GET", "/v1/models/demo").json()["digest"]
    note = "Trained on invented pupils, for the demo only."
    call("analyst", "POST", "/v1/models/demo/promotion", json={"digest": digest, "note": note})
    return digest


def open_check(call: Callers, name: str, **more: Any) -> str:
    """Open a check of the invented year: its reference."""
    asked = {"academic_year": str(YEAR), "name": name, "capacity": CAPACITY, **more}
    ref: str = call("analyst", "POST", "/v1/checks", json=asked).json()["ref"]
    return ref


def send_rolls(council: Council, call: Callers, check: str) -> None:
    """Most schools confirm; one is still looking at its problems, one has sent nothing."""
    for place in range(len(council.schools)):
        if place == IN_PROGRESS:
            urn = council.schools[place].urn
            upload(call, sender(council, urn), check, urn, council.november[urn])
        elif place != NOT_RETURNED:
            send_roll(council, call, check, place, council.november)


def send_roll(council: Council, call: Callers, check: str, place: int, files: Any) -> None:
    urn = council.schools[place].urn
    who = sender(council, urn)
    confirm(call, who, upload(call, who, check, urn, files[urn]))


def register(call: Callers, who: str, check: str) -> list[dict[str, Any]]:
    """The ranked pupils of a check that somebody may see."""
    items: list[dict[str, Any]] = call(who, "GET", f"/v1/checks/{check}/register?limit=200").json()["items"]
    return [line for line in items if line["section"] == "ranked"]


def moderate(call: Callers, check: str) -> None:
    """The school adds somebody it is worried about, and asks to take somebody off."""
    lines = register(call, "careers", check)
    for line, kind, why, reason in (
        (lines[-1], "add", "knows_more", "Her mother is ill; she has stopped coming to form time."),
        (lines[2], "remove", "plan_firm", "Has a signed apprenticeship and starts in July."),
    ):
        about = {"kind": kind, "why": why, "reason": reason}
        if kind == "add":
            about["band"] = lines[0]["band"]
        call("careers", "POST", f"/v1/checks/{check}/pupils/{line['pupil']}/moderations", json=about)


def publish(call: Callers, check: str) -> None:
    """The register goes from draft to moderated to published."""
    for stage in ("moderated", "published"):
        call("analyst", "PATCH", f"/v1/checks/{check}", json={"stage": stage})


def work(call: Callers, check: str) -> None:
    """The coach takes on the first pupils of the list and has been in touch with some."""
    me, day = call("coach", "GET", "/v1/me").json()["ref"], today()
    lines = register(call, "coach", check)[:CASELOAD]
    for line in lines:
        asked = {"coach": me, "reason": "First on the November list."}
        call("coach", "PUT", f"/v1/pupils/{line['pupil']}/coach", json=asked)
    for number, (line, (kind, outcome, note, action, within)) in enumerate(zip(lines, CONTACTS, strict=False)):
        said = {"on": str(day - timedelta(days=3 + number)), "kind": kind, "outcome": outcome, "note": note}
        if action:
            said |= {"next_action": action, "next_on": str(day + timedelta(days=within))}
        call("coach", "POST", f"/v1/pupils/{line['pupil']}/contacts", json=said)
