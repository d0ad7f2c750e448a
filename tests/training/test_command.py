"""`roni train`, as an analyst types it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from pyarrow import csv
from typer.testing import CliRunner, Result

from roni.calendar import AcademicYear, get_check
from roni.cli import app
from roni.cli.request import Request
from roni.cli.train import _of_year, read_outcome
from roni.errors import RoniError
from roni.synthetic import make_authority
from tests.leavers import Leavers

NOVEMBER = get_check("november", AcademicYear(2025))
HEADINGS = ["upn", "surname", "forename", "year_group", "attendance", "suspended", "fsm", "looked_after", "sex"]


def typed(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, ["train", *map(str, arguments)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, leavers: Leavers) -> Path:
    """Two Novembers as files, and what became of those pupils."""
    place = tmp_path_factory.mktemp("train")
    for year, cohort in zip((2024, 2025), leavers.cohorts, strict=True):
        eleven = cohort.take(np.flatnonzero(cohort.column("year_group") == 11))
        eleven.frame[HEADINGS].rename(columns={"fsm": "Free school meals"}).to_csv(place / f"{year}.csv", index=False)
    authority = make_authority(5, 12, 200, AcademicYear(2024), 2)
    for summer in (2025, 2026):
        table = authority.destinations(summer).rename_columns(["UPN", "Activity", "Start", "End", "Verified"])
        csv.write_csv(table, place / f"destinations-{summer}.csv")
    helped = "".join(f"{key},Ash\n" for key in leavers.cohorts[1].keys.to_pylist()[:400])
    (place / "helped.csv").write_text(f"UPN,Surname\n{helped}", "utf-8")
    return place


def usual(folder: Path) -> list[object]:
    found = [folder / "2025.csv", "--check", "november", "--year", "2025/26", "--engine", "smooth"]
    found += ["--outcome", "neet-on=2026-11-01"]  # over by now, as it must be to be known
    found += ["--earlier", f"2024/25={folder / '2024.csv'}"]
    for summer in (2025, 2026):
        found += ["--destinations", folder / f"destinations-{summer}.csv"]
    return found


def test_it_puts_a_model_its_card_and_its_report_on_the_shelf(folder: Path, tmp_path: Path) -> None:
    asked = ["--name", "ours", "--models", tmp_path, "--capacity", 100, "--jobs", 2]
    done = typed(*usual(folder), *asked, "--caseloaded", folder / "helped.csv")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "ours").iterdir()) == [
        "card.md",
        "evaluation.html",
        "evaluation.json",
        "model.json",
    ]
    said = " ".join(done.output.split())
    assert "recall of a list of 100" in said
    assert "It was trained on invented pupils" in said
    assert "To put it to use: roni model promote ours --note WHY" in said
    found = json.loads((tmp_path / "ours" / "model.json").read_text("utf-8"))
    assert {"attendance", "fsm"} <= {item["name"] for item in found["fields"]}

    again = typed(*usual(folder), *asked)
    assert again.exit_code == 2
    assert "is there already. Choose another name, or say --replace." in " ".join(again.output.split())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--engine", "forest"], "“forest” is none. Allowed are: auto, smooth, boosted."),
        (["--outcome", "someday"], "cannot be read. Write neet-on=DATE, ever=DATE..DATE or months=4."),
        (["--outcome", "ever=2027-01-01..2026-01-01"], "ends before it starts"),
        (["--outcome", "neet-on=2099-03-01"], "is not over on"),
        (["--outcome", "neet-on=March"], "“March” is not a day"),
        (["--earlier", "november"], "is not YEAR=PATH"),
        (["--use", "surname"], "“surname” cannot be learnt from: it is a text"),
        (["--not-known", "guess"], "“guess” is no policy for those not known"),
        (["--years", "9"], "no pupil of Year 9"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(folder: Path, tmp_path: Path, options: list[str], says: str) -> None:
    done = typed(*usual(folder), "--name", "ours", "--models", tmp_path, *options)
    assert done.exit_code == 2
    assert says in " ".join(done.output.split())
    assert not list(tmp_path.iterdir())


def test_a_list_without_upns_is_no_list_of_pupils_who_were_helped(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "helped.csv").write_text("UPN,Surname\nnot one,Ash\n", "utf-8")
    done = typed(*usual(folder), "--name", "ours", "--models", tmp_path, "--caseloaded", tmp_path / "helped.csv")
    assert done.exit_code == 2
    assert "there is no UPN in it" in " ".join(done.output.split())


def test_an_outcome_is_read_as_it_is_written() -> None:
    window = (date(2026, 9, 1), date(2027, 8, 31))
    assert read_outcome(None, NOVEMBER) is None
    for text, found in {
        "neet-on=2027-03-01": (date(2027, 3, 1), date(2027, 3, 1), 0),
        "ever=2026-10-01..2027-06-30": (date(2026, 10, 1), date(2027, 6, 30), 0),
        "ever": (*window, 0),
        "months=4": (*window, 4),
        "months=6,2026-10-01..2027-06-30": (date(2026, 10, 1), date(2027, 6, 30), 6),
    }.items():
        outcome = read_outcome(text, NOVEMBER)
        assert outcome is not None
        assert (outcome.start, outcome.end, outcome.months) == found
    with pytest.raises(RoniError, match="cannot be read"):
        read_outcome("months=many", NOVEMBER)


def test_an_earlier_year_has_council_lists_of_its_own(folder: Path, tmp_path: Path) -> None:
    text = f"2024/25={folder / '2024.csv'}"
    plain = Request([folder / "2025.csv"], "november", "2025/26", None, None, None, None, None)
    listed = _of_year("--earlier", text, plain).keys.to_pylist()[0]
    (tmp_path / "custody.csv").write_text(f"UPN,Surname\n{listed},Ash\n", "utf-8")
    lists = [f"2024/25={tmp_path / 'custody.csv'},field=custody", "2023/24=nothing.csv,field=custody", "now.csv"]
    found = _of_year("--earlier", text, replace(plain, supplements=lists))
    assert found.value("custody", found.index_of(listed)) is True
    assert int((found.column("custody") > 0).sum()) == 1
