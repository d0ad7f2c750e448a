"""School Census table extracts: pupils on roll, and the tables that hang on them, as one table of pupils.

Tables are known by their heading rows, never by their names; the name of a file only tells which census it is
(`2024_autumn_...`). Tables of different censuses are not mixed: the same identifier returns from one to the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from roni.errors import FileRefusedError, ProblemBlock
from roni.readers.census.facts import attendance, exclusions, free_school_meals, needs, unmatched
from roni.readers.census.tables import (
    NOT_KNOWN,
    PUPIL_ID,
    SCHOOL_ID,
    CensusTable,
    Columns,
    Findings,
    Pupils,
    Texts,
    code_table,
    iso,
)
from roni.readers.census.term import Term, absence_period, census_term
from roni.readers.extract import Extract, days, headings_of, read_extract
from roni.readers.raw import RawTable

# Kind of table -> headings that only it has. The second half of the summer term has session details of its own, and
# pupils no longer on roll have tables of their own with another identifier: neither is used.
KINDS = {
    "pupils": {"upn", "ncyearactual"},
    "sessions": {"attendancereason", "sessions"},
    "exclusions": {"category", "startdate"},
    "free school meals": {"fsmstartdate"},
    "needs": {"sentype"},
}
SECOND_HALF = "summerhalfterm2sessiondetails"
OTHER_IDS = {"pupilnolongeronrolltableid", "pupiloffrolltableid"}
# Columns of the pupil table that are fields as they stand. `parttime` and `hoursatsetting` are about nursery and
# sixth-form attendance, not about a part-time timetable, and are left out.
PUPIL_FIELDS = {
    "upn": "upn",
    "formerupn": "former_upn",
    "uniquelearnernumber": "uln",
    "surname": "surname",
    "forename": "forename",
    "middlenames": "middle_names",
    "preferredsurname": "preferred_surname",
    "sex": "sex",
    "gender": "sex",
    "ethnicity": "ethnicity",
    "postcode": "postcode",
    "ncyearactual": "year_group",
    "enrolstatus": "registration_status",
    "senprovision": "sen_provision",
    "language": "first_language",
    "topupfunding": "high_needs_funding",
    SCHOOL_ID: "school_name",
}
PUPIL_DATES = {"dob": "date_of_birth", "entrydate": "entry_date"}
# GCSE grades held: collected for Years 12 to 14 only.
PRIOR_GRADES = {"englishgcsehighestpriorattainment": "english_grade", "mathsgcsehighestpriorattainment": "maths_grade"}
SIXTH_FORM = ("12", "13", "14")
TABLE_SUFFIXES = (".csv", ".txt", ".tsv")


@dataclass
class CensusSet:
    """The files of one census, by kind of table. `term` is None where the names do not tell."""

    term: Term | None
    tables: dict[str, list[Path]] = field(default_factory=dict)
    unused: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class CensusFiles:
    """What among the files given belongs to census extracts, and what does not."""

    sets: tuple[CensusSet, ...]
    others: tuple[Path, ...]


def census_tables(paths: Iterable[str | Path]) -> CensusFiles | None:
    """Recognise census tables among files and folders by their headings; None where there are none.

    Raises FileRefusedError where there are census tables but no table of pupils on roll.
    """
    kinds = {path: _kind(path) for given in paths for path in _files(Path(given))}
    if not any(kinds.values()):
        return None
    if "pupils" not in kinds.values():
        named = ", ".join(path.name for path, kind in kinds.items() if kind)
        raise FileRefusedError(
            "census_without_pupils",
            named,
            "these are School Census tables without the table of pupils on roll (the one with the UPN and "
            "NCyearActual columns). Put that file beside them.",
        )
    sets: dict[Term | None, CensusSet] = {}
    for path, kind in kinds.items():
        if kind:
            one = sets.setdefault(term := census_term(path.name), CensusSet(term))
            one.unused.append(path) if kind == "other" else one.tables.setdefault(kind, []).append(path)
    return CensusFiles(_joined(sets), tuple(path for path, kind in kinds.items() if kind is None))


def _joined(sets: dict[Term | None, CensusSet]) -> tuple[CensusSet, ...]:
    """Tables whose names tell no census go with the only census there is."""
    if len(sets) == 2 and None in sets:
        nameless = sets.pop(None)
        (named,) = sets.values()
        for kind, paths in nameless.tables.items():
            named.tables.setdefault(kind, []).extend(paths)
        named.unused += nameless.unused
    return tuple(sets.values())


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.is_file() and file.suffix.lower() in TABLE_SUFFIXES)


def _kind(path: Path) -> str | None:
    """One of KINDS, "other" for a census table that is not used, None for a file that is no census table."""
    headings = set(headings_of(path))
    if PUPIL_ID not in headings:
        return "other" if headings & OTHER_IDS else None
    if any(heading.startswith(SECOND_HALF) for heading in headings):
        return "other"
    return next((kind for kind, wanted in KINDS.items() if wanted <= headings), "other")


def read_census(paths: Iterable[str | Path], on: date | None = None) -> list[RawTable]:
    """One table of pupils for each table of pupils on roll, its headings the names of fields.

    `on` is the day as at which free school meals are taken. Raises FileRefusedError where nothing among the files is a
    census table, or a file cannot be read.
    """
    files = census_tables(paths)
    if files is None:
        raise FileRefusedError("no_census", "census", "there is no School Census table among these files.")
    tables = [table for one in files.sets if "pupils" in one.tables for table in _read_set(one, on)]
    alone = [group for one in files.sets if "pupils" not in one.tables for group in one.tables.values()]
    left_over = tuple(ProblemBlock("census_table_unused", path.name, "", None) for group in alone for path in group)
    return [replace(tables[0], problems=tables[0].problems + left_over), *tables[1:]]


def _read_set(one: CensusSet, on: date | None) -> list[RawTable]:
    tables = {
        kind: _stack([read_extract(path, WANTED[kind], may_be_empty=kind != "pupils") for path in paths])
        for kind, paths in one.tables.items()
    }
    pupils = Pupils(tables.pop("pupils"))
    parts = [_on_roll(pupils), attendance(pupils, tables.get("sessions"))]
    parts += [exclusions(pupils, tables["exclusions"])] if "exclusions" in tables else []
    parts += [free_school_meals(pupils, tables["free school meals"], on)] if "free school meals" in tables else []
    parts += [needs(pupils, tables["needs"])] if "needs" in tables else []
    parts += [_joining(pupils, kind, table) for kind, table in tables.items()]
    parts += [_period(one, pupils)]
    found = Findings()
    for part in parts:
        found.columns |= part.columns
        found.problems += part.problems
        found.how |= part.how
    return _by_file(pupils, found, [digest for table in tables.values() for digest in table.digests])


def _stack(extracts: list[Extract]) -> CensusTable:
    """Files of one kind end to end."""
    headings = dict.fromkeys(heading for extract in extracts for heading in extract.headings)
    columns = {heading: pa.concat_arrays([extract.column(heading) for extract in extracts]) for heading in headings}
    return CensusTable(
        files=tuple(extract.file for extract in extracts),
        columns=columns,
        file_index=np.repeat(np.arange(len(extracts), dtype=np.int16), [len(extract) for extract in extracts]),
        rows=np.concatenate([extract.rows for extract in extracts]),
        digests=tuple(extract.digest for extract in extracts),
        found=tuple(block for extract in extracts for block in extract.problems),
    )


def _on_roll(pupils: Pupils) -> Findings:
    """The columns of the pupil table that are fields."""
    table = pupils.table
    found = Findings(problems=list(table.found))
    for heading, name in PUPIL_FIELDS.items():
        if heading in table:
            found.columns.setdefault(name, table[heading])
    for heading, name in PUPIL_DATES.items():
        if heading in table:
            found.columns[name] = pc.coalesce(iso(days(table[heading])), table[heading])
    if "plaa" in table:
        said = _in_words(table["plaa"], code_table("census")["plaa"])
        found.columns["previously_looked_after"] = pc.coalesce(said, pa.scalar(NOT_KNOWN))
    found.columns |= _grades(table)
    return found


def _in_words(texts: Texts, words: Mapping[str, str]) -> Texts:
    """Codes as the words they mean; another text stays as it is, so that it is reported."""
    encoded = texts.dictionary_encode()
    said = [words.get(text.upper(), text) for text in encoded.dictionary.to_pylist()]
    return pa.array(said, pa.string()).take(encoded.indices)


def _grades(table: CensusTable) -> Columns:
    held = pc.is_in(table["ncyearactual"], value_set=pa.array(SIXTH_FORM))
    blank = pa.scalar(None, pa.string())
    grades = {
        name: pc.if_else(held, table[heading], blank) for heading, name in PRIOR_GRADES.items() if heading in table
    }
    if grades:
        given = pc.is_valid(pc.coalesce(*grades.values()))
        grades["english_maths_basis"] = pc.if_else(given, "actual", blank)
    return grades


def _joining(pupils: Pupils, kind: str, table: CensusTable) -> Findings:
    """Rows that belong to nobody, and schools that a table leaves out."""
    found = Findings(problems=[*table.found, *unmatched(pupils, table)])
    schools = pc.unique(pupils.table[SCHOOL_ID].filter(pa.array(~pupils.covered(table)))).drop_null()
    if len(schools):
        found.how[f"{kind}, schools"] = f"{len(schools)} schools have no row in the table: not known for their pupils"
    return found


def _period(one: CensusSet, pupils: Pupils) -> Findings:
    """Which term's attendance it is, where the names of the files tell; and what was left aside."""
    found = Findings()
    found.how["census"] = f"{one.term[1]} {one.term[0]}" if one.term else "which census it is, is not stated"
    found.how["not used"] = ", ".join(path.name for path in one.unused) or "nothing"
    if one.term and "termlysessionspossible" in pupils.table:
        for name, day in zip(("attendance_from", "attendance_to"), absence_period(one.term), strict=True):
            found.columns[name] = pa.array(np.repeat(day.isoformat(), len(pupils)))
        found.how["census"] += ", which collects the absence of the term before"
    return found


def _by_file(pupils: Pupils, found: Findings, digests: list[str]) -> list[RawTable]:
    """The pupils of each file as a table of their own; the problems go with the first."""
    table = pupils.table
    result = []
    for index, file in enumerate(table.files):
        places = np.flatnonzero(table.file_index == index)
        columns = tuple(texts.take(pa.array(places)) for texts in found.columns.values())
        digest = hashlib.sha256("".join([table.digests[index], *digests]).encode()).hexdigest()
        problems = tuple(found.problems) if index == 0 else ()
        result.append(
            RawTable(file, tuple(found.columns), columns, table.rows[places], digest, dict(found.how), problems)
        )
    return result


WANTED = {
    "pupils": {*PUPIL_FIELDS, *PUPIL_DATES, *PRIOR_GRADES, "plaa", PUPIL_ID, "termlysessionspossible"}
    | {"termlysessionsauthorised", "termlysessionsunauthorised"},
    "sessions": {PUPIL_ID, SCHOOL_ID, "sessions", "attendancereason"},
    "exclusions": {PUPIL_ID, SCHOOL_ID, "category", "startdate", "sessions"},
    "free school meals": {PUPIL_ID, SCHOOL_ID, "fsmstartdate", "fsmenddate"},
    "needs": {PUPIL_ID, SCHOOL_ID, "sentype", "sentyperank"},
}
