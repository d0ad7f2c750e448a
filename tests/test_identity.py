"""UPNs, ULNs and keys: examples from the published guides, and python-stdnum as an independent judge."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.gb import upn as stdnum_upn

from roni.cohort import KEY_KINDS
from roni.identity import BLANK, LETTERS, MALFORMED, PERMANENT, TEMPORARY, make_keys, read_ulns, read_upns


def texts(*cells: str | None) -> pa.Array:
    return pa.array(cells, pa.string())


@pytest.mark.parametrize(
    ("upn", "kind", "wrong"),
    [
        ("H801200001001", PERMANENT, False),  # worked example of the DfE guide
        ("B801200005001", PERMANENT, False),
        ("A801200005001", PERMANENT, True),
        ("X00180001701A", TEMPORARY, False),  # the guide's temporary example
        ("X00180001701B", TEMPORARY, True),
        ("X00180001701I", TEMPORARY, True),  # I is no check letter
        (" h801 200001001 ", PERMANENT, False),
        ("H80120000100", MALFORMED, False),
        ("H8012000010011", MALFORMED, False),
        ("21db2df8-fa0", MALFORMED, False),
        (None, BLANK, False),
    ],
)
def test_upns_of_the_guides(upn: str | None, kind: int, wrong: bool) -> None:
    read = read_upns(texts(upn))
    assert (read.kind[0], read.wrong_letter[0]) == (kind, wrong)


@pytest.mark.parametrize("text", [" h801200001001 ", "H 801 2000 01001", "'H801200001001", "H80120-0001001"])
def test_a_upn_is_known_in_any_dress(text: str) -> None:
    assert read_upns(pa.array([text])).texts.to_pylist() == ["H801200001001"]


def test_what_is_no_upn_is_kept_as_written() -> None:
    assert read_upns(texts("not Known yet", " h801200001001")).texts.to_pylist() == ["not Known yet", "H801200001001"]


@given(st.text("0123456789", min_size=11, max_size=11), st.sampled_from("0123456789" + LETTERS))
def test_the_check_letter_is_that_of_an_independent_library(digits: str, last: str) -> None:
    letter = stdnum_upn.calc_check_digit(f"?{digits}{last}")
    upns = [f"{other}{digits}{last}" for other in LETTERS]
    assert read_upns(texts(*upns)).wrong_letter.tolist() == [other != letter for other in LETTERS]


@pytest.mark.parametrize(
    ("uln", "sound", "malformed"),
    [
        ("1000000043", True, False),
        ("1000000063", False, True),  # remainder 0
        ("1000000044", False, True),
        ("100000004", False, True),
        ("9999999999", False, False),  # stands for "has none"
        ("1000000043.0", True, False),
        (None, False, False),
    ],
)
def test_ulns_of_the_guide(uln: str | None, sound: bool, malformed: bool) -> None:
    read, bad = read_ulns(texts(uln))
    assert (read[0].is_valid, bool(bad[0])) == (sound, malformed)


def test_the_key_is_the_best_identifier_there_is() -> None:
    permanent, temporary, uln = "H801200001001", "X00180001701A", "1000000043"
    rows = [  # upn, former, uln, school, admission
        (permanent, None, uln, "100001", "7"),
        (temporary, permanent, uln, "100001", "7"),
        (temporary, None, uln, "100001", "7"),
        ("rubbish", None, uln, "100001", "7"),
        (None, None, None, "100001", "7"),
        (None, None, None, None, "7"),
    ]
    upn, former, ulns, school, admission = (texts(*column) for column in zip(*rows, strict=True))
    sound, _ = read_ulns(ulns)
    found = make_keys(
        read_upns(upn),
        read_upns(former),
        sound,
        school,
        admission,
        lambda rows: texts(*(f"f row {row}" for row in rows)),
    )
    assert found.keys.to_pylist() == [permanent, permanent, temporary, uln, "100001 no. 7", "f row 5"]
    assert [KEY_KINDS[kind] for kind in found.kind] == [
        "upn", "former_upn", "temporary_upn", "uln", "admission_number", "reference",
    ]  # fmt: skip


def test_a_slice_of_a_column_reads_as_itself() -> None:
    column = texts("B801200005001", "H801200001001", None, "X00180001701A")
    assert read_upns(column.slice(1)).kind.tolist() == [PERMANENT, BLANK, TEMPORARY]
    assert not np.any(read_upns(column.slice(1)).wrong_letter)
