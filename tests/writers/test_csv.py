"""CSV that Excel opens with the names right."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa

from roni.writers.csv import write_csv


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_headings_and_rows_come_out_in_order(tmp_path: Path) -> None:
    write_csv(pa.table({"rank": [1, 2], "surname": ["Núñez", "O’Neil, jr"]}), tmp_path / "list.csv")
    assert cells(tmp_path / "list.csv") == [["rank", "surname"], ["1", "Núñez"], ["2", "O’Neil, jr"]]


def test_a_byte_order_mark_tells_excel_that_it_is_utf_8(tmp_path: Path) -> None:
    write_csv(pa.table({"surname": ["Zoë"]}), tmp_path / "list.csv")
    assert (tmp_path / "list.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_not_known_is_an_empty_cell_and_a_text_of_nothing_too(tmp_path: Path) -> None:
    write_csv(pa.table({"a": pa.array([None, 1.5]), "b": ["", None]}), tmp_path / "list.csv")
    assert cells(tmp_path / "list.csv")[1:] == [["", ""], ["1.5", ""]]


def test_a_formula_is_written_as_text(tmp_path: Path) -> None:
    write_csv(pa.table({"surname": ['=HYPERLINK("x")'], "points": [-1]}), tmp_path / "list.csv")
    assert cells(tmp_path / "list.csv")[1] == ['\'=HYPERLINK("x")', "-1"]


def test_quotes_and_line_ends_inside_a_cell_survive(tmp_path: Path) -> None:
    write_csv(pa.table({"note": ['she said "no"\nthen left']}), tmp_path / "list.csv")
    assert cells(tmp_path / "list.csv")[1] == ['she said "no"\nthen left']


def test_an_empty_table_is_its_headings(tmp_path: Path) -> None:
    write_csv(pa.table({"rank": pa.array([], pa.int64())}), tmp_path / "list.csv")
    assert cells(tmp_path / "list.csv") == [["rank"]]
