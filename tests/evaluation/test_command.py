"""`roni evaluate`: files, destinations and cards in, a report out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from roni.cli import app
from roni.model.file import save_model
from roni.synthetic.identity import upns
from tests.models import INVENTED, model_of

SIZE, NEET = 80, 20
WHEN = ("--check", "november", "--year", "2026/27")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """november.csv: 80 pupils, the first 20 with low attendance; destinations.csv: those 20 NEET, others at college."""
    place = tmp_path_factory.mktemp("evaluate")
    keys = upns(100, np.full(SIZE, 14), np.arange(1, SIZE + 1)).to_pylist()
    rows = [f"{key},Made,Up,11,{60 if at < NEET else 96},N,N" for at, key in enumerate(keys)]
    (place / "november.csv").write_text("\n".join(["UPN,Surname,Forename,Year,Attendance,FSM,EAL", *rows]), "utf-8")
    became = [f"{key},{619 if at < NEET else 230},2027-09-01" for at, key in enumerate(keys)]
    (place / "destinations.csv").write_text("\n".join(["UPN,Activity code,Start date", *became]), "utf-8")
    return place


def run(folder: Path, *words: object) -> Any:
    given = ["evaluate", folder / "november.csv", *WHEN, "--destinations", folder / "destinations.csv", *words]
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(word) for word in given])


def evaluated(folder: Path, *destinations: Path, words: tuple[str, ...] = ()) -> Any:
    """A list of 20 judged by these files of destinations."""
    given = [*("evaluate", folder / "november.csv", *WHEN, "--capacity", 20, "--resamples", 100), *words]
    given += [word for file in destinations for word in ("--destinations", file)]
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(word) for word in given])


def test_a_report_is_written_and_the_lists_are_printed(folder: Path, tmp_path: Path) -> None:
    done = run(folder, "--capacity", 20, "--resamples", 100, "-o", tmp_path / "report", "--scorecard", "roni")
    assert done.exit_code == 0, done.output
    assert "20.0 of 20" in done.output
    assert "Figures from invented pupils" in done.output
    assert "NEET on 2028-03-01" in done.output
    data = json.loads((tmp_path / "report" / "evaluation.json").read_text("utf-8"))
    assert [row["name"] for row in data["rankings"]] == ["roni", "attendance alone", "count of flags"]
    assert (tmp_path / "report" / "evaluation.html").is_file()


def test_json_is_the_same_data(folder: Path) -> None:
    done = run(
        folder,
        "--capacity",
        20,
        "--resamples",
        100,
        "--json",
        "--from",
        "2027-09-01",
        "--to",
        "2028-08-31",
        "--months",
        4,
    )
    data = json.loads(done.stdout)
    assert data["outcome"].startswith("NEET for 4 months or more")
    assert data["at_capacity"][0]["recall"]["value"] == 1.0


def test_the_year_before_shows_what_changed(folder: Path) -> None:
    done = run(folder, "--capacity", 20, "--resamples", 100, "--json", "--earlier", folder / "november.csv")
    assert {row["index"] for row in json.loads(done.stdout)["drift"]} == {0.0}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--on", "March"), "--on: “March” is not a day"),
        (("--from", "2027-09-01"), "Say when NEET is looked at"),
        (("--on", "2028-03-01", "--months", "4"), "Say when NEET is looked at"),
        (("--scorecard", "nowhere"), "neither a file that can be read nor a shipped scorecard"),
        (("--model", "nowhere"), "neither a model on the shelf"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(folder: Path, words: tuple[str, ...], sentence: str) -> None:
    done = run(folder, "--capacity", 20, *words)
    assert done.exit_code == 2
    assert sentence in done.output


def test_a_model_is_judged_alone_and_with_the_card_and_what_it_asks_is_said(folder: Path, tmp_path: Path) -> None:
    save_model(model_of(name="trial", card=INVENTED), tmp_path)
    done = run(folder, "--capacity", 20, "--resamples", 100, "--json", "--model", tmp_path / "trial")
    data = json.loads(done.stdout)
    assert [(row["name"], row["kind"]) for row in data["rankings"][:3]] == [
        ("oxfordshire", "scorecard"), ("model trial", "model"), ("oxfordshire with model trial", "combined"),
    ]  # fmt: skip
    assert data["calibrations"][0]["ranking"] == "model trial"
    assert "trained on invented pupils" in data["notes"][0]


def test_destinations_that_cannot_be_read_are_said(folder: Path, tmp_path: Path) -> None:
    text = (folder / "destinations.csv").read_text("utf-8").replace(",230,", ",Nowhere in particular,", 1)
    (tmp_path / "odd.csv").write_text(text, "utf-8")
    done = evaluated(folder, tmp_path / "odd.csv")
    assert done.exit_code == 0
    assert "holds no activity that we know" in done.output


def test_destinations_in_several_files_are_one_account(folder: Path, tmp_path: Path) -> None:
    heading, *lines = (folder / "destinations.csv").read_text("utf-8").splitlines()
    halves = (tmp_path / "north.csv", tmp_path / "south.csv")
    for half, rows in zip(halves, (lines[:30], lines[30:]), strict=True):
        half.write_text("\n".join([heading, *rows]), "utf-8")
    whole = evaluated(folder, folder / "destinations.csv", words=("--json",))
    apart = evaluated(folder, *halves, words=("--json",))
    assert json.loads(apart.stdout)["population"]["no_record"] == 0
    assert json.loads(apart.stdout) == json.loads(whole.stdout)


def test_another_check_of_the_year_can_be_compared_for_drift(folder: Path) -> None:
    lines = (folder / "november.csv").read_text("utf-8").replace(",96,", ",80,")
    (folder / "january.csv").write_text(lines, "utf-8")
    given = ["evaluate", folder / "january.csv", "--check", "january", "--year", "2026/27", "--destinations"]
    words = [folder / "destinations.csv", "--capacity", 20, "--resamples", 100, "--json"]
    words += ["--earlier", f"november={folder / 'november.csv'}"]
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(word) for word in (*given, *words)])
    assert done.exit_code == 0, done.output
    (attendance,) = [row for row in json.loads(done.stdout)["drift"] if row["field"] == "attendance"]
    assert attendance["index"] > 10 * attendance["by_chance"]


def test_what_asking_would_have_gained_is_worked_out_from_a_completed_file(folder: Path) -> None:
    lines = (folder / "november.csv").read_text("utf-8")
    (folder / "gaps.csv").write_text(lines.replace(",60,N,N", ",,N,N", 10), "utf-8")
    given = ["evaluate", folder / "gaps.csv", *WHEN, "--destinations", folder / "destinations.csv", "--capacity", 20]
    more = ["--resamples", 100, "--json", "--completed", folder / "november.csv"]
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(word) for word in (*given, *more)])
    assert done.exit_code == 0, done.output
    asking = json.loads(done.stdout)["asking"]
    assert asking["answered"] >= 10
    assert asking["gain"]["value"] == 0  # an unknown already stands before a pupil who is known to have no points
