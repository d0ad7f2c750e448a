"""A register, and what changed between two, as files that people open."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

import roni
from roni.version import VERSION
from roni.workbook import list_table, write_movement, write_register
from tests.models import model_of

COHORT = """\
UPN,Surname,Forename,Year,% Attendance,SEN,FSM,In care,Young carer,Restricted
Y303999926001,Ash,Rowan,11,81.5,K,Y,N,N,N
M303999926002,Birch,Sam,11,96.0,N,N,N,Y,N
B303999926003,Cedar,Alex,11,,E,N,Y,N,N
Q303999926004,Dogwood,Kit,11,70.0,E,Y,Y,Y,Y
E303999926005,Elder,Robin,11,x,N,N,N,N,N
E303999926005,Elder,Robin,11,x,N,N,N,N,N
"""
MAPPING = {"Restricted": "restricted_sharing"}


def register_of(text: str, folder: Path, check: str = "november") -> roni.Register:
    (folder / f"{check}.csv").write_text(text, "utf-8")
    cohort = roni.read_cohort(folder / f"{check}.csv", check, "2026/27", mapping=MAPPING)
    return roni.score(cohort, roni.load_scorecard("oxfordshire"))


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> roni.Register:
    return register_of(COHORT, tmp_path_factory.mktemp("register"))


@pytest.fixture(scope="module")
def book(register: roni.Register, tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("book") / "list.xlsx"
    write_register(register, file, capacity=2)
    return openpyxl.load_workbook(file)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def shown(sheet: Any) -> dict[str, bool]:
    """Each heading of a sheet and whether its column is shown."""
    return {cell.value: not sheet.column_dimensions[cell.column_letter].hidden for cell in sheet[1]}


def words(sheet: Any) -> str:
    return "\n".join(str(value) for row in sheet.values for value in row if value)


def test_the_workbook_has_the_list_first_then_how_to_read_it_then_the_account(book: Any) -> None:
    assert book.sheetnames == ["List", "How to read this", "Problems", "Rows not kept"]


def test_every_pupil_stands_in_the_list_once(book: Any, register: roni.Register) -> None:
    assert book["List"].max_row == len(register) + 1


def test_a_restricted_pupil_stands_at_the_end_without_a_rank_and_says_why(book: Any) -> None:
    headings = [cell.value for cell in book["List"][1]]
    last = dict(zip(headings, [cell.value for cell in book["List"][book["List"].max_row]], strict=True))
    assert (last["surname"], last["rank"], last["points"]) == ("Dogwood", None, None)
    assert last["band"] == "not scored: information restricted"


def test_a_line_is_drawn_where_another_band_or_section_begins(book: Any) -> None:
    sheet = book["List"]
    bands = [row[8] for row in sheet.iter_rows(min_row=2, values_only=True)]
    begins = [place + 2 for place in range(1, len(bands)) if bands[place] != bands[place - 1]]
    assert [row for row in range(2, sheet.max_row + 1) if sheet.cell(row, 1).border.top.style == "medium"] == begins


def test_columns_that_say_nothing_or_are_for_programs_are_there_but_not_shown(book: Any) -> None:
    columns = shown(book["List"])
    assert not any(columns[name] for name in ("probability", "key", "key_kind", "section", "model_band", "rules_band"))
    assert all(columns[name] for name in ("rank", "upn", "surname", "band", "points", "reasons"))


def test_what_a_pupil_could_be_is_said_in_words_by_what_is_not_known_of_this_pupil(book: Any) -> None:
    rows = list(book["List"].values)
    said = {row[rows[0].index("surname")]: row[rows[0].index("could_be")] for row in rows[1:]}
    assert {name: said[name] for name in ("Ash", "Birch", "Elder")} == {
        "Ash": None,
        "Birch": None,
        "Elder": "amber, 2 points",
    }
    assert said["Dogwood"] is None
    columns = shown(book["List"])
    assert [columns[name] for name in ("could_be", "band_max", "points_max")] == [True, False, False]


def test_the_page_says_what_the_words_mean_and_what_they_do_not(book: Any) -> None:
    page = words(book["How to read this"])
    for said in ("points_max", "ask_first", "red", "Information restricted", "not the all-clear", "Pupils educated at"):
        assert said in page
    assert "will be NEET" not in page


def test_the_page_says_what_the_list_was_made_from(book: Any, register: roni.Register) -> None:
    page = words(book["How to read this"])
    assert f"oxfordshire, version {register.card.version}" in page
    assert register.cohort.digests["november.csv"][:12] in page
    assert "academic year 2026/27" in page
    assert "2 pupils in the list." in page


def test_problems_and_rows_not_kept_name_file_row_and_what_to_do(book: Any) -> None:
    problems = list(book["Problems"].values)
    assert problems[0] == ("file", "row", "column", "what to do", "code")
    assert ("november.csv", 6, "% Attendance") in [row[:3] for row in problems]
    assert list(book["Rows not kept"].values)[1] == ("november.csv", 7, "the same row a second time", "duplicate")


def test_within_capacity_says_who_can_be_seen(register: roni.Register) -> None:
    table = list_table(register, 2)
    assert table["within_capacity"].to_pylist() == ["yes", "yes", "no", "no", None]
    assert table.column_names.index("within_capacity") == table.column_names.index("ask_first") + 1


def test_without_a_capacity_the_column_is_not_there(register: roni.Register) -> None:
    assert "within_capacity" not in list_table(register).column_names


def test_a_list_of_nobody_can_be_written(register: roni.Register, tmp_path: Path) -> None:
    import numpy as np

    nobody = roni.score(register.cohort.take(np.array([], dtype=np.int64)), roni.load_scorecard("oxfordshire"))
    for name in ("list.csv", "list.xlsx", "list.parquet"):
        write_register(nobody, tmp_path / name, capacity=5)
    assert openpyxl.load_workbook(tmp_path / "list.xlsx")["List"].max_row == 1


def test_what_changed_stands_by_kind_with_both_values_and_the_earlier_file(
    register: roni.Register, tmp_path: Path
) -> None:
    later = register_of(COHORT.replace("96.0", "80.0"), tmp_path, "january")
    write_movement(later.since(register), later, tmp_path / "changes.xlsx")
    book = openpyxl.load_workbook(tmp_path / "changes.xlsx")
    first = dict(zip(*list(book["Changes"].values)[:2], strict=True))
    assert (first["surname"], first["kind"], first["points_before"], first["points_now"]) == ("Birch", "up", 2, 4)
    assert "attendance 80.0 %" in first["why"]
    page = words(book["How to read this"])
    assert "Pupils educated at the schools of these files, wherever they live: 5 pupils from 6 rows." in page
    assert "What changed between the November 2026 and the January 2027 checks" in page
    assert "november.csv" in page


def test_a_list_of_changes_of_nobody_can_be_written(register: roni.Register, tmp_path: Path) -> None:
    import numpy as np

    nobody = roni.score(register.cohort.take(np.array([], dtype=np.int64)), roni.load_scorecard("oxfordshire"))
    write_movement(nobody.since(nobody), nobody, tmp_path / "changes.xlsx")
    assert openpyxl.load_workbook(tmp_path / "changes.xlsx")["Changes"].max_row == 1


def test_the_parquet_list_keeps_its_types(register: roni.Register, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    write_register(register, tmp_path / "list.parquet")
    kinds = {field.name: field.type for field in pq.read_schema(tmp_path / "list.parquet")}
    assert pa.types.is_integer(kinds["points"])
    assert pa.types.is_floating(kinds["probability"])
    assert pa.types.is_string(kinds["upn"])


def test_a_csv_list_names_scorecard_and_model_behind_its_columns(register: roni.Register, tmp_path: Path) -> None:
    with_model = roni.score(register.cohort, register.card, model_of())
    for made, model in ((register, ""), (with_model, f"trial, digest {model_of().digest[:12]}")):
        write_register(made, tmp_path / "list.csv", capacity=2)
        rows = rows_of(tmp_path / "list.csv")
        assert list(rows[0])[-3:] == ["row", "scorecard", "model"]
        scorecard = f"oxfordshire, version {register.card.version}, digest {register.card.digest[:12]}"
        assert {(row["scorecard"], row["model"]) for row in rows} == {(scorecard, model)}


def test_a_parquet_list_says_in_its_metadata_what_it_was_made_by(register: roni.Register, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    write_register(roni.score(register.cohort, register.card, model_of()), tmp_path / "list.parquet")
    said = pq.read_schema(tmp_path / "list.parquet").metadata
    assert {key.decode(): text.decode() for key, text in said.items() if key.startswith(b"roni.")} == {
        "roni.version": VERSION,
        "roni.scorecard": "oxfordshire",
        "roni.scorecard_version": register.card.version,
        "roni.scorecard_digest": register.card.digest,
        "roni.model": "trial",
        "roni.model_digest": model_of().digest,
        "roni.check": "November 2026",
        "roni.population": "Pupils educated at the schools of these files, wherever they live",
    }
    assert pq.read_table(tmp_path / "list.parquet").column_names == list_table(register).column_names
    write_register(register, tmp_path / "list.parquet")
    assert b"roni.model" not in pq.read_schema(tmp_path / "list.parquet").metadata


def test_a_list_of_changes_says_what_the_later_check_was_scored_by(register: roni.Register, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    for name in ("changes.csv", "changes.parquet"):
        write_movement(register.since(register), register, tmp_path / name)
    assert rows_of(tmp_path / "changes.csv")[0]["scorecard"].startswith("oxfordshire, version ")
    assert pq.read_schema(tmp_path / "changes.parquet").metadata[b"roni.scorecard"] == b"oxfordshire"


@pytest.mark.parametrize("kind", [".csv", ".parquet", ".xlsx"])
def test_a_list_is_written_to_a_stream_as_to_a_file(register: roni.Register, tmp_path: Path, kind: str) -> None:
    stream, file = io.BytesIO(), tmp_path / f"list{kind}"
    write_register(register, stream, 2, kind=kind)
    write_register(register, file, 2)
    if kind == ".xlsx":
        assert _cells(stream) == _cells(file)
    else:
        assert stream.getvalue() == file.read_bytes()


def _cells(source: Any) -> list[Any]:
    return [list(sheet.values) for sheet in openpyxl.load_workbook(source)]


def test_what_changed_is_written_to_a_stream(register: roni.Register) -> None:
    stream = io.BytesIO()
    write_movement(register.since(register), register, stream, kind=".csv")
    assert stream.getvalue().startswith(codecs.BOM_UTF8)


def test_a_stream_needs_to_be_told_the_kind_of_file(register: roni.Register) -> None:
    with pytest.raises(
        roni.RoniError, match=r"Say what kind of file is to be written: one of \.csv, \.xlsx, \.parquet"
    ):
        write_register(register, io.BytesIO())
