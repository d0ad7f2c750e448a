"""Where output goes: refused before the work starts, replaced whole when it is done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from roni.errors import RoniError
from roni.writers.destination import check_destination, replacing


def write_half(file: Path) -> None:
    with replacing(file) as part:
        part.write_text("half")
        raise ZeroDivisionError("on purpose")


def test_a_new_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("old")
    with replacing(file) as part:
        part.write_text("new")
        assert file.read_text() == "old"
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_when_the_work_fails_the_old_file_stays_and_nothing_is_left_behind(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("old")
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        write_half(file)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_who_may_read_the_old_file_may_read_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("old")
    file.chmod(0o640)
    with replacing(file) as part:
        part.write_text("new")
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name == "nt", reason="Windows needs a right to make links")
def test_a_link_goes_on_pointing_to_the_file_that_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "real.csv")
    with replacing(link) as part:
        part.write_text("new")
    assert link.is_symlink()
    assert (tmp_path / "real.csv").read_text() == "new"


def test_a_folder_that_is_gone_is_said_in_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(RoniError, match=r"list\.csv: it could not be written"),
        replacing(tmp_path / "gone" / "list.csv"),
    ):
        pass


@pytest.mark.parametrize("name", ["list.csv", "list.XLSX", "list.parquet"])
def test_three_kinds_of_file_can_be_written(tmp_path: Path, name: str) -> None:
    assert check_destination(tmp_path / name) == tmp_path / name


@pytest.mark.parametrize("name", ["list.xls", "list", "list.pdf"])
def test_any_other_kind_is_refused_naming_those_there_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(RoniError, match=r"output is written as \.csv, \.xlsx or \.parquet"):
        check_destination(tmp_path / name)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RoniError, match=r"the folder “.*gone” does not exist"):
        check_destination(tmp_path / "gone" / "list.csv")


def test_a_folder_in_the_file_s_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").mkdir()
    with pytest.raises(RoniError, match="not an ordinary file"):
        check_destination(tmp_path / "list.csv")


def test_a_file_that_is_being_read_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "cohort.csv"
    file.write_text("UPN")
    with pytest.raises(RoniError, match="would replace a file that is being read"):
        check_destination(file, inputs=[tmp_path / "." / "cohort.csv"])


def test_a_file_of_the_folder_that_is_being_read_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "cohort.csv"
    file.write_text("UPN")
    with pytest.raises(RoniError, match="would replace a file that is being read"):
        check_destination(file, inputs=[tmp_path])
