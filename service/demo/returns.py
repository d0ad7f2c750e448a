"""What the demo's schools and teams send: files uploaded, questions answered, rolls and lists confirmed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from roni import RoniError
from service.demo.calling import Callers
from service.demo.council import Council, SignIn

PATIENCE = 60  # seconds for a file to be read
BEGINNING_OF_NAME = {  # of a list's file -> whose list it is
    "virtual_school": "virtual_school",
    "youth_justice": "youth_justice",
    "send_team": "send",
    "exclusions": "exclusions",
    "ehe_and_missing": "ehe_cme",
    "early_help": "early_help",
}
GONE = {"to": "not_known", "date": "not known", "confirmed_by": "the school office"}


def sender(council: Council, urn: str) -> str:
    """Who uploads for a school: its own data manager where it has one here, else the analyst."""
    return next((person.who for person in council.people() if is_manager(person, urn)), "analyst")


def is_manager(person: SignIn, urn: str) -> bool:
    return person.grant == {"role": "returns", "school": urn}


def upload(call: Callers, who: str, check: str, urn: str, file: Path) -> dict[str, Any]:
    """A school's file, read; the upload as it stands."""
    content = {"file": (file.name, file.read_bytes())}
    answer = call(who, "POST", f"/v1/checks/{check}/uploads", files=content, data={"school": urn})
    shown: dict[str, Any] = answer.json()
    limit = time.monotonic() + PATIENCE
    while shown["state"] == "reading":
        if time.monotonic() > limit:
            raise RoniError(f"{file.name} was not read within {PATIENCE} seconds.")
        time.sleep(0.05)
        shown = call(who, "GET", f"/v1/uploads/{shown['ref']}").json()
    return shown


def confirm(call: Callers, who: str, upload: dict[str, Any]) -> None:
    """Answer what can be answered at once, say of every leaver that it is not known where to, and confirm."""
    path, version = f"/v1/uploads/{upload['ref']}", upload["version"]
    answers = {asked["id"]: asked["options"][0]["value"] for asked in upload["questions"] if asked["kind"] == "choice"}
    change: dict[str, Any] = {"answers": answers} if answers else {}
    if upload["leavers"]["unanswered"]:
        change["leavers"] = {"*": GONE}
    if change:
        changed = call(who, "PATCH", path, json=change, headers={"if-match": f'"{version}"'}).json()
        version = changed["version"]
    said = {"registrations_confirmed": True}
    call(who, "POST", f"{path}/confirmation", json=said, headers={"if-match": f'"{version}"'})


def send_lists(council: Council, call: Callers) -> None:
    """Every council team's list of November, confirmed."""
    for file in sorted(council.lists.glob("*.csv")):
        name, _, day = file.stem.rpartition("_")
        team = BEGINNING_OF_NAME[name]
        about = {"team": team, "as_at": day, "complete": "true" if team != "early_help" else "false"}
        sent = call("analyst", "POST", "/v1/supplements", files={"file": (file.name, file.read_bytes())}, data=about)
        path, version = f"/v1/supplements/{sent.json()['ref']}", sent.json()["version"]
        call("analyst", "POST", f"{path}/confirmation", headers={"if-match": f'"{version}"'})
