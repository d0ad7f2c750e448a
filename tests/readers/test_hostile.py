"""Whatever is given is read whole or refused by name, in seconds and in bounded memory; nothing hangs, nothing dies."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from roni.errors import FileRefusedError
from roni.readers.limits import (
    MAX_CELL_CHARACTERS,
    MAX_FILE_BYTES,
    MAX_RECORD_BYTES,
    MAX_SMALL_PART_BYTES,
    MAX_SPARE_CELLS,
    MAX_UNPACKED_BYTES,
)
from roni.readers.table import read_tables

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
HEADINGS = "UPN,Surname,Forename\n"

# name -> content, code, words of the sentence
NOT_TABLES: dict[str, tuple[bytes, str, str]] = {
    "empty.csv": (b"", "empty", "The file is empty"),
    "blank.csv": (b"\xef\xbb\xbf \r\n\r\n", "empty", "The file is empty"),
    "headings.csv": (b"UPN,Surname\n", "no_rows", "headings but no pupils"),
    "headings_blank.csv": (b"UPN,Surname\r\n,\r\n\r\n", "no_rows", "headings but no pupils"),
    "letter.csv": (b"Dear sir,\nplease find the list attached.\n", "no_headings", "No row of headings"),
    "report.csv": (b"%PDF-1.7\n...", "pdf", "This is a PDF. Export the list"),
    "page.xls": (b"\r\n <HTML><table><tr><td>UPN</td></tr></table>", "html", "This is a web page"),
    "page.csv": ("<!DOCTYPE html><p>Log in".encode("utf-16"), "html", "This is a web page"),
    "photo.xlsx": (b"\x89PNG\r\n\x1a\n", "image", "This is a picture"),
    "scan.csv": (b"\xff\xd8\xff\xe0\0\0", "image", "This is a picture"),
    "old.xls": (OLE + "Workbook".encode("utf-16-le"), "old_xls", "an old Excel file"),
    "secret.xlsx": (OLE + "EncryptedPackage".encode("utf-16-le"), "password", "protected with a password"),
    "letter.doc": (OLE + "WordDocument".encode("utf-16-le"), "document", "a document and not a table"),
    "return.xml": (b'<?xml version="1.0"?><NCCIS/>', "xml", "an XML file"),
    "packed.csv": (b"\x1f\x8b\x08\0", "archive", "Unpack it"),
    "nul.csv": (b"UPN,Surname\nA1,Sm\0ith\n", "nul_bytes", "bytes that are not text"),
    "noise.csv": (bytes(range(256)) * 4, "nul_bytes", "bytes that are not text"),
    "odd.csv": (b"\xff\xfeU\0P", "broken_text", "broken UTF-16"),
    "half.xlsx": (b"PK\x03\x04" + b"x" * 500, "broken_workbook", "damaged"),
    "none.zip": (b"PK\x05\x06" + b"\0" * 18, "empty", "empty packed file"),
    "short.parquet": (b"PAR1", "broken_parquet", "damaged"),
}
PACKED = {
    "xl/workbook.bin": ("xlsb", "a binary workbook"),
    "content.xml": ("ods", "an OpenDocument file"),
    "Index/Document.iwa": ("numbers", "an Apple Numbers file"),
    "word/document.xml": ("document", "a document and not a table"),
    "pupils.csv": ("archive", "Unpack it"),
    "[Content_Types].xml": ("broken_workbook", "damaged"),
}


def known(heading: str) -> bool:
    return heading.casefold() in {"upn", "surname", "forename"}


def refused(path: Path, code: str, words: str) -> None:
    with pytest.raises(FileRefusedError, match=words) as caught:
        read_tables(path, known)
    assert (caught.value.code, caught.value.file) == (code, path.name)
    assert str(path.parent) not in str(caught.value)


@pytest.mark.parametrize("name", NOT_TABLES)
def test_what_is_no_table_is_refused_by_name(tmp_path: Path, name: str) -> None:
    content, code, words = NOT_TABLES[name]
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, code, words)


@pytest.mark.parametrize("part", PACKED)
def test_a_packed_file_is_told_by_its_parts(tmp_path: Path, part: str) -> None:
    with zipfile.ZipFile(tmp_path / "file.xlsx", "w") as archive:
        archive.writestr(part, "x")
    refused(tmp_path / "file.xlsx", *PACKED[part])


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    refused(tmp_path / "folder.csv", "folder", "This is a folder")
    refused(tmp_path / "pipe.csv", "not_a_file", "not an ordinary file")
    refused(tmp_path / "nowhere.csv", "missing", "no file of this name")
    refused(tmp_path / ("long" * 100), "unreadable", "cannot be opened")


@pytest.mark.skipif(os.geteuid() == 0, reason="whoever runs the tests may open every file")
def test_a_file_that_may_not_be_opened_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pupils.csv"
    path.write_text(HEADINGS)
    path.chmod(0)
    refused(path, "not_allowed", "You may not open this file")


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as out:
        out.truncate(MAX_FILE_BYTES + 1)
    refused(path, "too_large", "larger than")


@pytest.mark.parametrize("keep", [100, 1000, -1, -400])
def test_a_truncated_workbook_is_refused(raw_workbook: Callable[..., Path], keep: int) -> None:
    path = raw_workbook("<worksheet/>")
    path.write_bytes(path.read_bytes()[:keep])
    refused(path, "broken_workbook", "damaged")


def test_a_workbook_with_a_damaged_sheet_is_refused(raw_workbook: Callable[..., Path]) -> None:
    refused(raw_workbook(sheet_of(row(1, "UPN", "Surname") + row(2, "A", "B"))[:-20]), "broken_workbook", "damaged")
    bad_text = row(1, "UPN", "Surname") + '<row r="2"><c t="s"><v>7</v></c></row>'
    refused(raw_workbook(sheet_of(bad_text)), "broken_workbook", "damaged")


def sheet_of(rows: str) -> str:
    return f"<worksheet><sheetData>{rows}</sheetData></worksheet>"


def row(number: int, *cells: str) -> str:
    inside = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)
    return f'<row r="{number}">{inside}</row>'


def test_an_entity_bomb_is_refused_in_every_part(raw_workbook: Callable[..., Path], tmp_path: Path) -> None:
    bomb = '<!DOCTYPE z [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    refused(raw_workbook(bomb + sheet_of(row(1, "UPN", "&b;"))), "broken_workbook", "damaged")
    refused(raw_workbook(sheet_of(""), bomb + "<sst><si><t>&b;</t></si></sst>"), "broken_workbook", "damaged")
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels", bomb + "<a>&b;</a>")
    refused(path, "broken_workbook", "damaged")


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_packed(raw_workbook: Callable[..., Path]) -> None:
    spaces = (" " * (1 << 20) for _ in range((MAX_UNPACKED_BYTES >> 20) + 1))
    refused(raw_workbook(spaces), "zip_bomb", "far larger inside")


def test_a_list_of_sheets_that_is_far_too_long_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels", "<a>" + " " * MAX_SMALL_PART_BYTES + "</a>")
    refused(path, "zip_bomb", "far larger inside")


def test_cells_far_apart_cost_nothing(raw_workbook: Callable[..., Path]) -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    (table,) = read_tables(raw_workbook(sheet_of(row(1, "UPN", "Surname") + row(2, "A1", "Smith") + far)), known)
    assert len(table) == 1
    assert [problem.row for block in table.problems for problem in block] == [1048576]


def test_a_sheet_of_elements_within_elements_is_refused(raw_workbook: Callable[..., Path]) -> None:
    refused(raw_workbook(sheet_of("<a>" * 1_000_000)), "too_large", "or is damaged")
    texts = "<sst>" + "<si>" * 1_000_000
    refused(raw_workbook(sheet_of(row(1, "UPN")), texts), "too_large", "too many texts")


def test_a_column_that_excel_does_not_have_is_refused(raw_workbook: Callable[..., Path]) -> None:
    beyond = '<row r="2"><c r="ZZZZZZ2"><v>1</v></c></row>'
    refused(raw_workbook(sheet_of(row(1, "UPN", "Surname") + beyond)), "too_many_columns", "more than 1,000 columns")


def test_a_cell_of_60_mb_is_refused(raw_workbook: Callable[..., Path], tmp_path: Path) -> None:
    letters = ("x" * (1 << 20) for _ in range(60))
    head = "<worksheet><sheetData>" + row(1, "UPN", "Surname") + '<row r="2"><c t="str"><v>'
    refused(raw_workbook(pieces(head, letters, "</v></c></row></sheetData></worksheet>")), "cell_too_long", "in row 2 ")
    path = tmp_path / "cell.csv"
    path.write_text(HEADINGS + "A1,B,C\nA2," + "x" * (60 << 20) + ",D\n")
    refused(path, "cell_too_long", "Row 3 is longer")


def pieces(head: str, middle: Iterator[str], tail: str) -> Iterator[str]:
    yield head
    yield from middle
    yield tail


@pytest.mark.parametrize("spare", [0, 1])
def test_the_longest_cell_that_excel_allows_is_read(raw_workbook: Callable[..., Path], spare: int) -> None:
    text = "x" * (MAX_CELL_CHARACTERS + spare)
    shared = '<row r="2"><c><v>1</v></c><c t="s"><v>0</v></c></row>'
    path = raw_workbook(sheet_of(row(1, "UPN", "Surname") + shared), f"<sst><si><t>{text}</t></si></sst>")
    if spare:
        refused(path, "cell_too_long", "longer than Excel allows")
    else:
        assert read_tables(path, known)[0].columns[1].to_pylist() == [text]


def test_the_longest_row_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "row.csv"
    path.write_text("UPN,Surname\nA1," + "x" * (MAX_RECORD_BYTES - 5) + "\nA2,y,spare\n")
    assert len(read_tables(path, known)[0]) == 2
    path.write_text("UPN,Surname\nA1," + "x" * MAX_RECORD_BYTES + "\nA2,y,spare\n")
    refused(path, "cell_too_long", "Row 2 is longer")


def test_hundreds_of_thousands_of_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("UPN,Surname," + ",".join(f"c{i}" for i in range(300_000)) + "\n" + "x," * 300_000 + "\n")
    refused(path, "too_many_columns", "more than 1,000 columns")
    path.write_text("UPN,Surname" + ",Marks" * 1000 + "\nA1,B\n")
    refused(path, "too_many_columns", "more than 1,000 columns")
    path.write_text("UPN,Surname" + ",Marks" * 998 + "\nA1,B\n")
    assert len(read_tables(path, known)[0].headings) == 1000


def test_a_row_with_far_too_many_cells_is_refused_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(HEADINGS + "A1,B,C" + ",x" * MAX_SPARE_CELLS + "\n")
    assert len(read_tables(path, known)[0]) == 1
    path.write_text(HEADINGS + "A1,B,C\nA2,B,C" + ",x" * (MAX_SPARE_CELLS + 1) + "\n")
    refused(path, "row_too_wide", "Row 3 has 36 cells, but there are 3 headings")


# What makes a file large for its outcome, as a repeated piece of about so many megabytes, and what becomes of it.
# Sixteen times as large, each takes at most 17 CPU seconds and 1.3 GB.
BULK = {
    "only newlines": (b"\n", 20, "too_large"),
    "only delimiters": (b",", 8, "cell_too_long"),
    "one letter a line": (b"a\n", 2, "rows 1048576"),
    "one endless line": (b"\xe9", 12, "cell_too_long"),
    "only quotes": (b'"', 4, "cell_too_long"),
    "quotes in pairs and astray": (b'"","a"""x",b\n', 2, "rows 161319"),
    "a stray quote on every line": (b'A1,"a"b",c\n', 1, "rows 95325"),
    "accents in another code page": (b"\xe9,\xe9,\xe9\n", 2, "rows 349525"),
    "a line break in every row": (b'A1,"a\nb",c\n', 1, "rows 95325"),
}
CHILD = """
import resource, sys, time
from roni.errors import FileRefusedError
from roni.readers.table import read_tables
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
for path in sys.argv[1:]:
    before = time.process_time()
    try:
        outcome = f"rows {sum(map(len, read_tables(path, lambda heading: heading in ('UPN', 'Surname'))))}"
    except FileRefusedError as error:
        outcome = error.code
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{outcome}|{used}|{time.process_time() - before}")
"""


def test_bulk_is_read_or_refused_in_seconds_and_3_gib(tmp_path: Path) -> None:
    """In a process of its own, which could not take more memory if it wanted to."""
    paths = []
    for place, (piece, megabytes, _) in enumerate(BULK.values()):
        paths.append(tmp_path / f"{place}.csv")
        paths[-1].write_bytes(b"UPN,Surname,Forename\n" + piece * ((megabytes << 20) // len(piece)))
    command = [sys.executable, "-c", CHILD, *map(str, paths)]
    child = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    measured = [line.split("|") for line in child.stdout.splitlines()]
    assert dict(zip(BULK, (line[0] for line in measured), strict=True)) == {name: row[2] for name, row in BULK.items()}
    assert max(float(line[1]) for line in measured) < 3 * 1024
    assert max(float(line[2]) for line in measured) < 10


def test_a_thousand_sheets_of_one_part_cost_no_more_than_one(tmp_path: Path, raw_workbook: Callable[..., Path]) -> None:
    path = raw_workbook(sheet_of(row(1, "UPN", "Surname") + row(2, "A1", "Smith")))
    many = tmp_path / "many.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(many, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            content = source.read(name).replace(
                b'<sheet name="Pupils" r:id="s"/>', b'<sheet name="P" r:id="s"/>' * 1000
            )
            archive.writestr(name, content)
    assert [len(table) for table in read_tables(many, known)] == [1]
