"""CSV files as schools send them: the same cells and as many rows come out as went in."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.calendar import get_check
from roni.errors import FileRefusedError
from roni.readers.cells import tidy
from roni.readers.csv.quotes import in_order, split_record
from roni.readers.files import read_cohort
from roni.readers.raw import RawTable
from roni.readers.table import read_tables

HEADINGS = ("UPN", "Surname", "Forename", "Attendance", "Notes")
KNOWN = {"upn", "surname", "forename", "attendance", "year group"}


def known(heading: str) -> bool:
    return heading.casefold() in KNOWN


def read(folder: Path, content: bytes | str) -> RawTable:
    path = folder / "pupils.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (table,) = read_tables(path, known)
    return table


def rows_of(table: RawTable) -> list[tuple[str | None, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def refusal(folder: Path, content: bytes | str) -> FileRefusedError:
    with pytest.raises(FileRefusedError, match=r"pupils\.csv: ") as caught:
        read(folder, content)
    return caught.value


def test_an_orderly_file_is_read_as_it_stands(tmp_path: Path) -> None:
    content = "UPN,Surname,Forename\nA1,Smith,Zoë\nB2,,Amy\n"
    table = read(tmp_path, content)
    assert (table.file, table.headings) == ("pupils.csv", ("UPN", "Surname", "Forename"))
    assert rows_of(table) == [("A1", "Smith", "Zoë"), ("B2", None, "Amy")]
    assert table.rows.tolist() == [2, 3]
    assert table.how == {"format": "CSV", "encoding": "UTF-8", "delimiter": "comma", "headings": "row 1"}
    assert table.digest == hashlib.sha256(content.encode()).hexdigest()
    assert not table.problems


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("cp1252", "Windows (cp1252)"), ("utf-16", "UTF-16"),
     ("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16")],
)  # fmt: skip
def test_the_usual_encodings_are_told_apart(tmp_path: Path, encoding: str, said: str) -> None:
    table = read(tmp_path, "UPN,Surname,Forename\r\nA1,Nuñez,Zoè\r\nB2,O’Neill,Siân\r\n".encode(encoding))
    assert rows_of(table) == [("A1", "Nuñez", "Zoè"), ("B2", "O’Neill", "Siân")]
    assert table.how["encoding"] == said


def test_two_encodings_in_one_file_are_read_line_by_line_and_said(tmp_path: Path) -> None:
    pasted = "UPN,Surname\nA1,Brontë\n".encode() + "B2,Brontë\nC3,€5 Siân\n".encode("cp1252") + "D4,Łukasz\n".encode()
    table = read(tmp_path, pasted)
    assert rows_of(table) == [("A1", "Brontë"), ("B2", "Brontë"), ("C3", "€5 Siân"), ("D4", "Łukasz")]
    assert table.how["encoding"] == "UTF-8 and Windows (cp1252) mixed, line by line"


def test_bytes_that_mean_nothing_are_counted(tmp_path: Path) -> None:
    table = read(tmp_path, b"UPN,Surname\nA1,Bront\x81\n")
    assert table.how["encoding"] == "Windows (cp1252); 1 characters could not be read"


@given(st.lists(st.binary(max_size=8), max_size=6))
@settings(max_examples=200)
def test_a_line_is_utf8_just_where_python_says_so(lines: list[bytes]) -> None:
    from roni.readers.csv.encoding import _lines_to_utf8

    lines = [line.replace(b"\r", b"").replace(b"\n", b"") for line in lines]
    expected = []
    for line in lines:
        try:
            expected.append(line.decode())
        except UnicodeDecodeError:
            expected.append(line.decode("cp1252", "replace"))
    text, _, _ = _lines_to_utf8(b"\n".join(lines) + b"\n")
    assert text.decode() == "\n".join(expected) + "\n"


@pytest.mark.parametrize(
    ("delimiter", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar"), ("^", "^")]
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_delimiter_and_line_end(tmp_path: Path, delimiter: str, name: str, line_end: str) -> None:
    rows = [HEADINGS[:3], ("A1", "Smith, Jones; Co", "Amy"), ("B2", 'The "one"', "Two\nlines")]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(rows)
    table = read(tmp_path, out.getvalue())
    assert rows_of(table) == rows[1:]
    assert table.how["delimiter"] == name


def test_the_instruction_to_excel_is_obeyed_and_is_no_row(tmp_path: Path) -> None:
    table = read(tmp_path, "sep=;\r\nUPN;Surname,Forename;Attendance\r\nA1;Smith, Amy;90\r\n")
    assert table.headings == ("UPN", "Surname,Forename", "Attendance")
    assert table.rows.tolist() == [2]


def test_titles_above_and_blank_rows_anywhere_keep_the_spreadsheets_numbers(tmp_path: Path) -> None:
    content = "Year group return,,\n\n,,\nUPN,Surname,Forename\n\nA1,Smith,Amy\n,,\n , ,\nB2,Jones,Bo\n\n\n"
    table = read(tmp_path, content)
    assert rows_of(table) == [("A1", "Smith", "Amy"), ("B2", "Jones", "Bo")]
    assert table.rows.tolist() == [6, 9]
    assert table.how["headings"] == "row 4"


def test_the_row_with_most_known_headings_wins_and_the_first_of_equals(tmp_path: Path) -> None:
    content = "Year group,Attendance,\nUPN,Surname,Forename\nA1,Smith,Amy\nUPN,Surname,Forename\n"
    table = read(tmp_path, content)
    assert table.how["headings"] == "row 2"
    assert rows_of(table) == [("A1", "Smith", "Amy"), ("UPN", "Surname", "Forename")]


def test_two_known_headings_are_enough_and_one_is_not(tmp_path: Path) -> None:
    assert len(read(tmp_path, "UPN,Surname,Shoe\nA1,Smith,4\n")) == 1
    assert refusal(tmp_path, "UPN,Shoe,Hat\nA1,4,5\n").code == "no_headings"


def test_headings_after_forty_rows_are_not_looked_for(tmp_path: Path) -> None:
    assert len(read(tmp_path, "title\n" * 39 + "UPN,Surname\nA1,Smith\n")) == 1
    assert refusal(tmp_path, "title\n" * 40 + "UPN,Surname\nA1,Smith\n").code == "no_headings"


def test_a_heading_over_two_lines_is_one_heading(tmp_path: Path) -> None:
    assert read(tmp_path, 'UPN,"Sur-\nname",Forename\nA1,S,F\n').headings == ("UPN", "Sur- name", "Forename")


def test_repeated_headings_are_kept_and_empty_columns_without_heading_are_not(tmp_path: Path) -> None:
    table = read(tmp_path, "UPN,Surname,Surname,,,\nA1,S,T,,x,\n")
    assert table.headings == ("UPN", "Surname", "Surname", "")
    assert rows_of(table) == [("A1", "S", "T", "x")]
    assert not table.problems


def test_short_rows_are_padded_and_spare_cells_reported(tmp_path: Path) -> None:
    table = read(tmp_path, 'UPN,Surname,Forename\nA1\nB2,Jones,Bo,,\nC3,Khan,Cy,"a, b",d\n')
    assert rows_of(table) == [("A1", None, None), ("B2", "Jones", "Bo"), ("C3", "Khan", "Cy")]
    (block,) = table.problems
    assert (block.code, [problem.row for problem in block]) == ("row_ragged", [4])


def test_stray_marks_are_letters(tmp_path: Path) -> None:
    content = 'UPN,Surname,Notes\nA1,O"Neill,5" pipe\nB2,"Smith, Jo",said ""hi""\nC3,"the "big" one",x\nD4,"6"",y\n'
    assert rows_of(read(tmp_path, content)) == [
        ("A1", 'O"Neill', '5" pipe'),
        ("B2", "Smith, Jo", 'said ""hi""'),
        ("C3", 'the "big" one', "x"),
        ("D4", '6"', "y"),
    ]


def test_stray_marks_in_a_file_without_quoted_cells_are_letters(tmp_path: Path) -> None:
    assert rows_of(read(tmp_path, 'UPN,Surname\nA1,5" pipe\nB2,O"Neill"\n')) == [("A1", '5" pipe'), ("B2", 'O"Neill"')]


def test_an_address_over_several_lines_is_one_cell_and_one_row(tmp_path: Path) -> None:
    content = (
        'UPN,Surname,Attendance,Address\nA1,Smith,90,"12 High St,\n Littlemore, Cowley,\r\nOxford"\nB2,Jones,91,here\n'
    )
    table = read(tmp_path, content)
    assert rows_of(table)[0][3] == "12 High St,\n Littlemore, Cowley,\nOxford"
    assert table.rows.tolist() == [2, 3]


UNCLOSED = {
    "to the end": 'A1,"Smith,Amy,90,x\n' + "B2,Jones,Bo,90,x\n" * 1000,
    "to the last row": 'A1,Smith,Amy,90,"x\n',
    "to the next quoted cell": 'A1,"Smith,Amy,90,x\nB2,Jones,Bo,90,x\nC3,"Khan, C",Cy,90,x\n',
    "to the next quoted cell of the same column": 'A1,"Smith,Amy,90,x\nB2,"Jones",Bo,90,x\n',
    "to a mark at the end of a cell": 'A1,"Smith,Amy,90,x\nB2,Jones,Bo,90,5"\nC3,Khan,Cy,90,x\n',
    "to a mark many rows below": 'A1,"Smith,Amy,90,x\n' + "B2,Jones,Bo,90,x,y\n" * 5 + 'C3,Khan",Cy,90,x\n',
    "among quoted cells": '"A1","Smith","Amy,"90","x"\n"B2","Jones","Bo","90","x"\n',
    "over far too many lines": 'A1,Smith,Amy,90,"' + "line\n" * 101 + '"\n',
}


@pytest.mark.parametrize("rows", UNCLOSED.values(), ids=UNCLOSED)
def test_a_mark_that_would_swallow_rows_is_refused_with_its_row(tmp_path: Path, rows: str) -> None:
    error = refusal(tmp_path, ",".join(HEADINGS) + "\nZ0,First,One,90,x\n" + rows)
    assert error.code == "unclosed_quote"
    assert "in row 3 " in str(error)


def test_an_unclosed_mark_above_the_headings_is_named(tmp_path: Path) -> None:
    error = refusal(tmp_path, '"Report,,\nUPN,Surname,Forename\nA1,Smith,Amy\n')
    assert (error.code, "row 1 " in str(error)) == ("unclosed_quote", True)


def test_as_many_lines_as_a_long_note_has_are_read(tmp_path: Path) -> None:
    content = ",".join(HEADINGS) + '\nA1,Smith,Amy,90,"' + "line\n" * 99 + 'end"\n'
    assert rows_of(read(tmp_path, content))[0][4] == "line\n" * 99 + "end"


def test_what_guards_text_from_a_spreadsheet_is_taken_off(tmp_path: Path) -> None:
    content = "UPN,Surname,Notes\n" + '="0123",\'=1+1,\'tis\n"=""0456""",\'\'@x,\'-\n'
    assert rows_of(read(tmp_path, content)) == [("0123", "=1+1", "'tis"), ("0456", "'@x", "-")]


def test_spaces_of_any_kind_are_stripped(tmp_path: Path) -> None:
    content = 'UPN,Surname,Forename\n A1 ,\u00a0Smith\u00a0,\tAmy\nB2,"  Jones ",\u2003Bo\u3000\n'
    assert rows_of(read(tmp_path, content)) == [("A1", "Smith", "Amy"), ("B2", "Jones", "Bo")]


def test_the_example_files_are_read_whole(shared_data: Path) -> None:
    counts = {"sims_y11.csv": 182, "arbor_y9_to_y11.csv": 240, "council_template.csv": 300}
    words = {"upn", "surname", "forename", "legal surname", "legal first name", "legal last name", "dob"}
    for name, rows in counts.items():
        (table,) = read_tables(shared_data / "schools" / name, lambda heading: heading.casefold() in words)
        assert len(table) == rows


# A line inside a cell with five delimiters is a swallowed row, and refused: no cell of these has one.
LETTERS = st.sampled_from("ab\"',;\t|\n é€ł😀.05")
CELL = st.text(LETTERS, max_size=8).filter(lambda text: max(map(text.count, ",;\t|")) < 5)
# Nor has one what our writers put before a tab or a line end, which is taken off.
CELL = CELL.map(str.strip).filter(lambda text: not re.match("'+[\\t\\n]", text))
TABLE = st.lists(st.lists(CELL, min_size=5, max_size=5), min_size=1, max_size=8)


class Unix(csv.excel):
    lineterminator = "\n"
    quoting = csv.QUOTE_ALL


@given(
    table=TABLE,
    dialect=st.sampled_from([csv.excel, csv.excel_tab, Unix]),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    blank=st.integers(0, 3),
)
@settings(max_examples=80, deadline=None)
def test_whatever_pythons_writer_writes_reads_back(
    tmp_path_factory: pytest.TempPathFactory,
    table: list[list[str]],
    dialect: type[csv.Dialect],
    delimiter: str,
    encoding: str,
    blank: int,
) -> None:
    rows = [[f"P{place}", *cells[1:]] for place, cells in enumerate(table)]
    out = io.StringIO(newline="")
    writer = csv.writer(out, dialect=dialect, delimiter=delimiter)
    writer.writerow(HEADINGS)
    for place, row in enumerate(rows):
        writer.writerow(row)
        out.write(dialect.lineterminator * (place == blank))
    found = read(tmp_path_factory.getbasetemp(), out.getvalue().encode(encoding))
    expected = [tuple(cell or None for cell in row) for row in rows]
    assert rows_of(found) == expected
    numbers = [place + 2 + (place > blank) for place in range(len(rows))]
    assert found.rows.tolist() == numbers


CELLS = st.lists(st.lists(st.sampled_from(["", "a", ",", "\n", '"', '","', "b c"]), min_size=2, max_size=2), min_size=1)


@given(CELLS, st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]), st.sampled_from(["\n", "\r\n"]))
def test_what_the_csv_module_writes_is_in_order(rows: list[list[str]], quoting: Any, end: str) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=quoting, lineterminator=end).writerows(rows)
    assert in_order(out.getvalue().encode(), 0, b",")


@pytest.mark.parametrize(
    "text", ['"a,"b",c"\n', '"a","b\n', '"a""\n', 'a"b","c"\n', '"a"b,"c"\n', '"a", "b"\n', '"a"\n""b"\n']
)
def test_a_mark_out_of_place_is_not_in_order(text: str) -> None:
    assert not in_order(text.encode(), 0, b",")


def test_columns_of_few_cells_come_encoded_and_say_the_same(tmp_path: Path) -> None:
    lines = [
        f"H80120000{place:04d},{'YN '[place % 3].strip()},{'Example' if place else ' Padded '}" for place in range(9000)
    ]
    (tmp_path / "long.csv").write_text("\n".join(["UPN,Young carer,School", *lines]) + "\n", "utf-8")
    known = {"UPN", "Young carer", "School"}.__contains__
    (plain,) = read_tables(tmp_path / "long.csv", known)
    (encoded,) = read_tables(tmp_path / "long.csv", known, encoded=True)
    assert [str(column.type)[:10] for column in encoded.columns] == ["string", "dictionary", "string"]
    assert [column.to_pylist() for column in encoded.columns] == [column.to_pylist() for column in plain.columns]


def test_an_encoded_column_reads_as_a_plain_one(tmp_path: Path) -> None:
    cells = ["Y", "", "n/k", "N", "maybe"]
    lines = [f"{place},Total {place},{cells[place % 5]},{place % 101},1{place % 2}/02/2011,11" for place in range(9000)]
    text = "\n".join(["Pupil ID,Surname,Young carer,% Attendance,DOB,Year", *lines, "Total,,,88,,"]) + "\n"
    (tmp_path / "long.csv").write_text(text, "utf-8")
    (tmp_path / "odd.csv").write_text(text.replace("\n", "\n\n", 1), "utf-8")  # a blank line takes the other way
    found, other = (read_cohort(tmp_path / name, get_check("november", "2026/27")) for name in ("long.csv", "odd.csv"))
    assert found.problems.counts() == other.problems.counts()
    assert [row.code for row in found.not_kept] == [row.code for row in other.not_kept] == ["not_a_pupil"]
    for name in ("surname", "young_carer", "attendance", "date_of_birth", "year_group"):
        assert [found.value(name, place) for place in range(0, 9000, 37)] == [
            other.value(name, place) for place in range(0, 9000, 37)
        ]


@given(st.text('ab,;é\t"\n', max_size=30), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_a_head_without_marks_has_the_records_that_the_delimiter_would_find(text: str, end: str, whole: bool) -> None:
    from roni.readers.csv.layout import _records, _spans
    from roni.readers.csv.quotes import _cells_pattern

    head = text.replace("\n", end).encode()
    for delimiter, found in _records(head, [b",", b";", b"\t"], whole).items():
        assert found == list(_spans(head, delimiter, whole))
        for record in (head[a:b] for a, b in found if b'"' not in head[a:b]):
            assert split_record(record, delimiter) == _cells_pattern(delimiter).findall(record.rstrip(b"\r\n"))


@given(st.lists(st.none() | st.text("a\u00a0 \té", max_size=3), min_size=1), st.data())
def test_a_tidied_column_has_no_blank_cell(cells: list[str | None], data: Any) -> None:
    start = data.draw(st.integers(0, len(cells) - 1))
    tidied = tidy(pa.array(cells, pa.string()).slice(start))
    assert tidied.to_pylist() == [(cell or "").strip() or None for cell in cells[start:]]
