"""A client caseload (NCCIS) return of invented leavers: the flat CSV, one line for each person and characteristic."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from roni.outcomes import activities
from roni.readers.nccis import characteristics
from roni.synthetic.authority import Authority

HEADINGS = (
    "DatabaseId", "LEACode", "DateOfSend", "PeriodEnd", "YoungPersonsID", "CohortStatus", "GivenName", "FamilyName",
    "Gender", "DOB", "UniquePupilNumber", "SENDFlag", "SENSupportFlag", "CharacteristicCode", "ActivityCode",
    "StartDate", "DateAscertained", "DateVerified", "NEETStartDate",
)  # fmt: skip


def write_caseload_return(authority: Authority, leavers: int, on: date, path: str | Path) -> Path:
    """Write what the caseload system says on a day about one leaving cohort; the path.

    Each person stands with the activity of that day. `on` lies from September to August after Year 11. Raises
    CalendarError for a summer in which nobody left.
    """
    target = Path(path)
    with target.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADINGS)
        out.writerows(_lines(authority, leavers, on))
    return target


def _lines(authority: Authority, leavers: int, on: date) -> Iterator[list[str]]:
    spells = authority.destinations(leavers).to_pydict()
    current = {
        key: (code, start, verified)
        for key, code, start, end, verified in zip(*spells.values(), strict=True)
        if start <= on and (end is None or on <= end)
    }
    people = authority.pupils
    born = dict(zip(people["upn"], authority.person["date_of_birth"].astype("datetime64[D]").tolist(), strict=True))
    for number, (upn, person) in enumerate(people[people["leavers"] == leavers].iterrows(), start=1):
        code, start, verified = current[str(upn)]
        neet = activities()[code].counts_as == "NEET"
        day = f"{start:%d/%m/%Y}"
        who = [str(number), "P", str(person["forename"]), str(person["surname"]), "F" if person["girl"] else "M"]
        flags = ["Y" if person["ehcp"] else "N", "Y" if person["sen_support"] else "N"]
        activity = [str(code), day, f"{verified:%d/%m/%Y}", f"{verified:%d/%m/%Y}", day if neet else ""]
        sent = ["1", str(authority.code), f"{on:%d/%m/%Y}", f"{on:%d/%m/%Y}"]
        for mark in [mark for mark, field in characteristics().items() if person.get(field) is True] or [""]:
            yield [*sent, *who, f"{born[str(upn)]:%d/%m/%Y}", str(upn), *flags, mark, *activity]
