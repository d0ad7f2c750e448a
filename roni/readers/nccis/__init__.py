"""The client caseload (NCCIS) return, XML or flat CSV: a table of persons, and what each was doing and when.

The flat CSV repeats a person once for each characteristic: what any of the rows says is said of the person, and the
rows that are then alike are left for the account of rows to name as duplicates.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from roni.errors import FileRefusedError, ProblemBlock
from roni.identity import PERMANENT, TEMPORARY, read_ulns, read_upns
from roni.outcomes import NEET, NO_CODE, NO_DAY, Days, Spells, activities, unread
from roni.readers.extract import days, each_distinct, headings_of, read_extract
from roni.readers.nccis.xml import CHARACTERISTIC, HEADER, read_xml
from roni.readers.raw import RawTable

Columns = dict[str, Any]
PEEK_BYTES = 1 << 16
# Plain names of the return -> fields. Renames between years stand side by side.
PERSON_FIELDS = {
    "uniquepupilnumber": "upn",
    "upn": "upn",
    "uniquelearnerno": "uln",
    "uniquelearnernumber": "uln",
    "givenname": "forename",
    "middlename": "middle_names",
    "familyname": "surname",
    "surname": "surname",
    "gender": "sex",
    "dob": "date_of_birth",
    "dateofbirth": "date_of_birth",
    "monthyearofbirth": "birth_month",
    "mothyearofbirth": "birth_month",  # so written in a council's extract
    "ethnicity": "ethnicity",
    "postcode": "postcode",
    "leadlea": "home_authority",
    "sendflag": "ehcp",
    "sensupportflag": "sen_support",
    "intendeddestinationyr11": "intended_destination",
    # The guarantee of Year 12 is the later one.
    "guaranteestatusyear12": "offer_status",
    "guaranteestatusyear11": "offer_status",
    "guaranteestatus": "offer_status",
}
ADDRESS = ("addressline1", "addressline2", "addressline3", "addressline4", "town", "county")
PERSON_ID = "youngpersonsid"
PERSON_NAMES = (*PERSON_FIELDS, *ADDRESS, PERSON_ID, CHARACTERISTIC)
ACTIVITY_NAMES = (
    "activitycode", "startdate", "dateascertained", "dateverified", "duetolapsedate", "currencylapsed", "neetstartdate",
)  # fmt: skip
FLAT_NAMES = {*PERSON_NAMES, *ACTIVITY_NAMES, *HEADER}


@dataclass(frozen=True)
class CaseloadReturn:
    """`table`: persons, its headings the names of fields; `spells`: their activities, by UPN, else ULN, else the
    return's own number of the person."""

    table: RawTable
    spells: Spells


@cache
def characteristics() -> Mapping[str, str]:
    """Characteristic code -> the field that it states as true."""
    text = (resources.files("roni") / "codes" / "nccis_characteristics.toml").read_text("utf-8")
    return {code: row["field"] for code, row in tomllib.loads(text).items()}


def is_nccis(path: str | Path) -> bool:
    """Whether a file is such a return, by its first bytes."""
    place = Path(path)
    if not place.is_file():
        return False
    if _is_xml(place):
        with place.open("rb") as file:
            return re.search(rb"<(?:\w+:)?NCCIS[\s/>]", file.read(PEEK_BYTES).replace(b"\0", b"")) is not None
    headings = set(headings_of(place))
    return PERSON_ID in headings and bool(headings & {"activitycode", CHARACTERISTIC, "uniquepupilnumber"})


def _is_xml(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(64)
    return start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").startswith(b"<")


def read_nccis(path: str | Path) -> CaseloadReturn:
    """Read a return whole. Raises FileRefusedError, naming the file."""
    place = Path(path)
    if not is_nccis(place):
        raise FileRefusedError("no_nccis", place.name, "this is not a client caseload (NCCIS) return.")
    return _from_xml(place) if _is_xml(place) else _from_csv(place)


def _from_xml(path: Path) -> CaseloadReturn:
    found = read_xml(path, PERSON_NAMES, ACTIVITY_NAMES)
    size = len(found.persons[PERSON_ID])
    if not size:
        raise FileRefusedError("no_rows", path.name, "the return holds no record of a young person.")
    sent = next((found.header[name] for name in HEADER if name in found.header), None)
    as_at = np.repeat(days(pa.array([sent], pa.string())), len(found.owners))
    how = {"format": "NCCIS XML", "rows": "numbered by record", "as at": sent or "not stated"}
    columns = _person_columns(found.persons, np.arange(size))
    columns |= _told(found.activities["activitycode"], found.owners, size)
    owners = pa.array(found.owners)
    rows = np.arange(1, size + 1)
    spells = _spells(found.activities, _keys(found.persons).take(owners), as_at, path.name, rows[found.owners])
    table = RawTable(path.name, tuple(columns), tuple(columns.values()), rows, _digest(path), how, spells.problems)
    return CaseloadReturn(table, spells)


def _from_csv(path: Path) -> CaseloadReturn:
    extract = read_extract(path, FLAT_NAMES)
    cells = {name: extract.column(name) for name in FLAT_NAMES}
    cells[CHARACTERISTIC] = _side_by_side(extract.all(CHARACTERISTIC), len(extract))
    person = _persons(pc.coalesce(cells[PERSON_ID], cells["uniquepupilnumber"], cells["upn"]))
    columns = _person_columns(cells, person)
    columns |= _told(cells["activitycode"], person, len(extract), person)
    sent = pc.coalesce(*(cells[name] for name in HEADER))
    stated = np.asarray(cells["activitycode"].is_valid())
    some = pa.array(stated)
    acts = {name: cells[name].filter(some) for name in ACTIVITY_NAMES}
    spells = _spells(acts, _keys(cells).filter(some), days(sent)[stated], path.name, extract.rows[stated])
    how = {"format": "NCCIS flat CSV", "as at": ", ".join(pc.unique(sent.drop_null()).to_pylist()) or "not stated"}
    how["persons"] = f"{len(np.unique(person))} on {len(extract)} rows, one for each characteristic"
    problems = (*extract.problems, *spells.problems)
    table = RawTable(path.name, tuple(columns), tuple(columns.values()), extract.rows, extract.digest, how, problems)
    return CaseloadReturn(table, spells)


def _persons(identifiers: Any) -> NDArray[np.int64]:
    """A number for each row's person; a row without an identifier is a person of its own."""
    codes = np.asarray(identifiers.dictionary_encode().indices.fill_null(-1)).astype(np.int64)
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
    return codes


def _side_by_side(columns: list[Any], size: int) -> Any:
    """The cells of a row, those that are filled, with a space between; null where none is."""
    if not columns:
        return pa.nulls(size, pa.string())
    # Empty texts, not skipped nulls: of a single column pyarrow drops the rows that it is told to skip.
    joined = pc.binary_join_element_wise(*(column.fill_null("") for column in columns), " ")
    joined = pc.utf8_trim_whitespace(pc.replace_substring_regex(joined, " +", " "))
    return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), joined)


def _person_columns(cells: Columns, person: NDArray[np.int64]) -> Columns:
    """The columns that are fields; a column with nothing in it is left out."""
    columns: Columns = {}
    for name, known in PERSON_FIELDS.items():
        columns[known] = pc.coalesce(columns[known], cells[name]) if known in columns else cells[name]
    columns["address"] = _side_by_side([cells[name] for name in ADDRESS], len(person))
    columns["intended_destination"] = _intended(columns["intended_destination"])
    columns |= _characteristic_flags(cells[CHARACTERISTIC], person)
    return {name: texts for name, texts in columns.items() if texts.null_count < len(texts)}


def _intended(texts: Any) -> Any:
    """Activity codes as the dictionary's groups of destinations; other texts stay."""
    groups = {str(code): activity.intends for code, activity in activities().items() if activity.intends}
    encoded = texts.dictionary_encode()
    said = [groups.get(text, text) for text in encoded.dictionary.to_pylist()]
    return pa.array(said, pa.string()).take(encoded.indices)


def _characteristic_flags(texts: Any, person: NDArray[np.int64]) -> Columns:
    """A flag for each field that a characteristic states; blank where none of the person's rows states it."""
    columns = {}
    for known in dict.fromkeys(characteristics().values()):
        codes = {code for code, named in characteristics().items() if named == known}

        def states(found: list[str], codes: set[str] = codes) -> NDArray[np.bool_]:
            return np.array([not codes.isdisjoint(text.replace(".0", "").split()) for text in found], dtype=bool)

        columns[known] = _flag(each_distinct(texts, states, False), person)
    return columns


def _told(codes: Any, owners: NDArray[np.int64], size: int, person: NDArray[np.int64] | None = None) -> Columns:
    """Fields that an activity states as true, for the rows of `person` (by default one row a person)."""
    columns = {}
    for known in sorted({activity.tells for activity in activities().values() if activity.tells}):
        numbers = {str(code) for code, activity in activities().items() if activity.tells == known}
        said = np.asarray(pc.is_in(codes, value_set=pa.array(sorted(numbers))))
        if said.any():
            rows = np.arange(size) if person is None else person
            stated = np.zeros(max(size, int(rows.max(initial=0)) + 1), dtype=bool)
            stated[owners[said]] = True
            columns[known] = pc.if_else(pa.array(stated[rows]), "yes", pa.scalar(None, pa.string()))
    return columns


def _flag(said: NDArray[np.bool_], person: NDArray[np.int64]) -> Any:
    stated = np.zeros(int(person.max(initial=-1)) + 1, dtype=bool)
    stated[person[said]] = True
    return pc.if_else(pa.array(stated[person]), "yes", pa.scalar(None, pa.string()))


def _keys(cells: Columns) -> Any:
    """How a cohort knows the same person: UPN, else ULN; else the return's own number."""
    upns = read_upns(pc.coalesce(cells["uniquepupilnumber"], cells["upn"]))
    ulns, _ = read_ulns(pc.coalesce(cells["uniquelearnerno"], cells["uniquelearnernumber"]))
    own = pc.binary_join_element_wise("YPID", cells[PERSON_ID], " ")
    return pc.coalesce(upns.where(PERMANENT, TEMPORARY), ulns, own)


def _spells(cells: Columns, keys: Any, as_at: Days, file: str, rows: NDArray[np.int64]) -> Spells:
    """One spell an activity. A NEET spell starts on the earlier of its own and the NEET start date."""
    texts = cells["activitycode"]
    ascertained, lapse = days(cells["dateascertained"]), days(cells["duetolapsedate"])
    lapsed = np.asarray(pc.is_in(pc.utf8_upper(cells["currencylapsed"]), value_set=pa.array(["Y", "YES", "TRUE", "1"])))
    # Lapsed, and the return does not say since when: it was no longer current when the return was made.
    lapse = np.where(lapsed & np.isnat(lapse), as_at - 1, lapse)
    found = Spells.of(
        keys, texts, ascertained=ascertained, verified=days(cells["dateverified"]), lapse=lapse, as_at=as_at
    )
    neet_start = np.where(found.status == NEET, days(cells["neetstartdate"]), NO_DAY)
    start = np.fmin(days(cells["startdate"]), neet_start)
    start = np.where(np.isnat(start), ascertained, start)
    wrong = unread(texts) & (found.code == NO_CODE)
    problems = (ProblemBlock("activity_unknown", file, "ActivityCode", rows[wrong]),) if wrong.any() else ()
    return replace(found, start=start, problems=problems)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
