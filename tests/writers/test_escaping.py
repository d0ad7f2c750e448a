"""Text that a spreadsheet would run as a formula."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roni.writers.escaping import escaped

SIGNS = ["=", "+", "-", "@", "\t", "\r", "\n"]


def written(text: str | None) -> str | None:
    cell: str | None = escaped(pa.table({"surname": pa.array([text], pa.string())}))["surname"].to_pylist()[0]
    return cell


@pytest.mark.parametrize("sign", SIGNS)
def test_a_text_that_starts_like_a_formula_gets_an_apostrophe(sign: str) -> None:
    assert written(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize("text", ["O'Neil", "'t Hooft", "Smith-Jones", "a=b", "5+", "", None, "'", "''"])
def test_any_other_text_is_left_as_it_is(text: str | None) -> None:
    assert written(text) == text


def test_a_text_that_was_escaped_already_is_escaped_once_more() -> None:
    assert written("'=1") == "''=1"


@given(st.text(alphabet=[*SIGNS, "'", "a"], max_size=5))
def test_no_two_texts_are_written_alike_and_none_starts_like_a_formula(text: str) -> None:
    cell = written(text)
    assert cell is not None
    assert cell.removeprefix("'") == text if cell != text else True
    assert not cell.startswith(tuple(SIGNS))


def test_numbers_keep_their_signs() -> None:
    assert escaped(pa.table({"points": [-1, 2]}))["points"].to_pylist() == [-1, 2]


def test_a_dictionary_encoded_column_is_written_out_and_escaped() -> None:
    table = pa.table({"school": pa.array(["=A", "B", "=A", None]).dictionary_encode()})
    assert escaped(table)["school"].to_pylist() == ["'=A", "B", "'=A", None]
