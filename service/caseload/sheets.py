"""A list that goes out to a team as a spreadsheet, to be filled in and merged when it comes back.

No reasons stand in it: it travels. Each row carries what its next action was when it was sent, so that the merge can
tell what a person changed from what the service knows already, and loses nobody's update.
"""

from __future__ import annotations

import hashlib
import io
import json
from datetime import date
from typing import Any

from sqlalchemy import Connection

from roni import Page, Sheet, write_csv, write_xlsx
from service.access import Access
from service.caseload.contact_schemas import KINDS, NOT_SAFEGUARDING, OUTCOMES
from service.caseload.contacts import due_actions
from service.caseload.my_list import Asked, caseload
from service.caseload.sheet_reading import (
    ACTION,
    ACTION_BY,
    AS_SENT,
    CONTACTED,
    DONE,
    HOW,
    NOTE,
    OUTCOME,
    REFERENCE,
)

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDTHS = {
    "Name": 24.0, "School": 24.0, "School contact": 30.0, ACTION: 34.0, ACTION_BY: 12.0, CONTACTED: 12.0, HOW: 14.0,
    OUTCOME: 18.0, NOTE: 40.0,
}  # fmt: skip
WRAPPED = ("School contact", ACTION, NOTE)
DAYS = dict.fromkeys(("Last contact", ACTION_BY, CONTACTED), "dd/mm/yyyy")
HOW_TO = [
    ("How to fill this in", ""),
    ("A contact", f"Fill in “{CONTACTED}”, “{HOW}” and “{OUTCOME}”; “{NOTE}” if there is more to say."),
    ("The next action", f"Change “{ACTION}” and “{ACTION_BY}”, or write yes under “{DONE}”."),
    (HOW, ", ".join(KINDS.values())),
    (OUTCOME, ", ".join(OUTCOMES.values())),
    ("What to leave", f"“{REFERENCE}” and “{AS_SENT}” say whose row it is. Rows may be sorted and left out."),
    ("What this is not", NOT_SAFEGUARDING),
    ("What is not in it", "No reasons and no facts about health, care or offending: this list travels."),
]


def make(connection: Connection, access: Access, asked: Asked, media: str) -> tuple[bytes, list[int]]:
    """The sheet of a list as CSV or XLSX, and the ids of the pupils on it."""
    found, pupils = caseload(connection, access, asked)
    due = due_actions(connection, pupils)
    rows = [_row(item, due.get(pupil)) for item, pupil in zip(found["items"], pupils, strict=True)]
    table, out = _table(rows), io.BytesIO()
    if media == CSV:
        write_csv(table, out)
    else:
        mine = Sheet("My list", table, WIDTHS, wrapped=WRAPPED, hidden=(AS_SENT,), formats=DAYS)
        write_xlsx([mine, Page("How to", HOW_TO)], out)
    return out.getvalue(), pupils


def _row(item: dict[str, Any], due: Any | None) -> dict[str, Any]:
    line, last = item["line"] or {}, item["last_contact"]
    school = line.get("school") or {}
    return {
        REFERENCE: item["pupil"]["ref"],
        AS_SENT: as_sent(due),
        "Name": line.get("name") or item["pupil"]["name"],
        "Year": line.get("year_group"),
        "Form": line.get("form"),
        "School": school.get("name"),
        "School contact": school.get("contact"),
        "Band": line.get("band"),
        "Coach": item["coach"] and item["coach"]["name"],
        "Last contact": last and date.fromisoformat(last["on"]),
        ACTION: due.next_action if due is not None else None,
        ACTION_BY: due.next_on if due is not None else None,
        DONE: None,
        CONTACTED: None,
        HOW: None,
        OUTCOME: None,
        NOTE: None,
    }


def _table(rows: list[dict[str, Any]]) -> Any:
    import pyarrow as pa

    kinds = {"Year": pa.int32(), "Last contact": pa.date32(), ACTION_BY: pa.date32(), CONTACTED: pa.date32()}
    names = list(_row({"line": None, "last_contact": None, "coach": None, "pupil": {"ref": "", "name": ""}}, None))
    return pa.table({name: pa.array([row[name] for row in rows], kinds.get(name, pa.string())) for name in names})


def as_sent(due: Any | None) -> str:
    """What a row carries of its next action: of its words, and of the very version of the record."""
    return (
        f"{digest(None, None)}." if due is None else f"{digest(due.next_action, due.next_on)}.{due.ref}:{due.version}"
    )


def digest(action: str | None, on: date | None) -> str:
    """Of the words of a next action, to see whether a person changed them."""
    words = json.dumps([action and " ".join(action.split()), on and on.isoformat()])
    return hashlib.sha256(words.encode()).hexdigest()[:12]
