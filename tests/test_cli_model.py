"""Models on the command line: what is printed, what is logged, what is refused."""

from __future__ import annotations

import csv
import getpass
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from roni.cli import app
from roni.model.file import save_model
from roni.model.shelf import promotions
from tests.models import INVENTED, model_of

COHORT = """\
UPN,Surname,Forename,Year,% Attendance,Young carer,Suspensions
Y303999926001,Ash,Rowan,11,81.5,N,2
M303999926002,Birch,Sam,11,96.0,Y,0
"""
WHEN = ("--check", "november", "--year", "2026/27")
Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types `roni` and these words in a folder with cohort.csv and a shelf with the models one and two."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RONI_MODELS", raising=False)
    Path("cohort.csv").write_text(COHORT, "utf-8")
    save_model(model_of(name="one", card=INVENTED), "models")
    save_model(model_of(name="two", base=-1.0), "models")
    return lambda *words: CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(word) for word in words])


def test_models_are_listed_with_the_one_in_use(run: Run) -> None:
    run("model", "promote", "two", "--note", "why")
    listed = {entry["name"]: entry for entry in json.loads(run("model", "list", "--json").stdout)}
    assert (listed["one"]["promoted"], listed["two"]["promoted"]) == (False, True)
    assert (listed["one"]["synthetic"], listed["two"]["synthetic"]) == (True, False)
    assert "(invented pupils)" in run("model", "list").stdout


def test_a_model_in_use_for_one_check_is_listed_with_the_check(run: Run) -> None:
    run("model", "promote", "two", "--note", "why")
    run("model", "promote", "one", "--note", "why", "--check", "november 2026/27")
    listed = {entry["name"]: entry for entry in json.loads(run("model", "list", "--json").stdout)}
    assert (listed["one"]["promoted"], listed["one"]["promoted_for"]) == (False, ["november 2026/27"])
    assert (listed["two"]["promoted"], listed["two"]["promoted_for"]) == (True, [""])
    said = " ".join(run("model", "list").stdout.split())
    assert "november 2026/27" in said
    assert "every check" in said
    done = run("model", "rollback", "--check", "november 2026/27")
    assert "two (digest " in done.stdout
    listed = {entry["name"]: entry for entry in json.loads(run("model", "list", "--json").stdout)}
    assert listed["one"]["promoted_for"] == []


def test_a_refused_model_is_listed_with_the_reason(run: Run) -> None:
    Path("models/two/model.json").write_text("{}", "utf-8")
    assert "refused" in run("model", "list").stdout
    listed = {entry["name"]: entry for entry in json.loads(run("model", "list", "--json").stdout)}
    assert "its schema is not one" in listed["two"]["refused"]


def test_a_model_is_shown_whole(run: Run) -> None:
    said = run("model", "show", "one").stdout
    assert "below 80 %    +1.50  raises" in said
    assert "What it must not be used for" in said
    assert "trained on invented pupils" in said
    assert (
        json.loads(run("model", "show", "one", "--json").stdout)["digest"] == model_of(name="one", card=INVENTED).digest
    )


def test_two_models_are_compared_and_the_changes_of_band_counted(run: Run) -> None:
    said = run("model", "compare", "one", "two", "cohort.csv", *WHEN)
    assert said.exit_code == 0
    assert "field attendance" in said.stdout
    assert "2 pupils would change band, by the models alone." in said.stdout
    found = json.loads(run("model", "compare", "one", "two", "cohort.csv", *WHEN, "--json").stdout)
    assert sum(pair["pupils"] for pair in found["bands"]) == 2
    assert "would change band" not in run("model", "compare", "one", "two").stdout


def test_promotion_and_rollback_are_logged(run: Run) -> None:
    said = run("model", "promote", "one", "--note", "a trial", "--check", "november 2026/27", "--by", "A. Analyst")
    assert "one (digest " in said.stdout
    assert "for the november 2026/27 check" in said.stdout
    assert "trained on invented pupils" in said.stdout
    run("model", "promote", "two", "--note", "better", "--check", "november 2026/27", "--by", "A. Analyst")
    assert "one (digest " in run("model", "rollback", "--check", "november 2026/27", "--note", "worse").stdout
    log = promotions(Path("models"))
    assert [(item.name, item.by, item.note, item.check) for item in log] == [
        ("one", "A. Analyst", "a trial", "november 2026/27"),
        ("two", "A. Analyst", "better", "november 2026/27"),
        ("one", getpass.getuser(), "worse", "november 2026/27"),
    ]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("model", "show", "three"), "“three” is neither a model on the shelf"),
        (("model", "promote", "three", "--note", "why"), "“three” is not on the shelf"),
        (("model", "promote", "one", "--note", "why", "--check", "june 2026/27"), "june"),
        (("model", "rollback"), "there is nothing to go back to"),
        (("score", "cohort.csv", "--model", "three", *WHEN), "“three” is neither a model on the shelf"),
        (("compare", "cohort.csv", "cohort.csv", "--model", "three"), "“three” is neither a model on the shelf"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(words: tuple[str, ...], why: str, run: Run) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert why in " ".join(done.stderr.split())
    assert "Traceback" not in done.output


def test_a_list_with_a_model_shows_its_chances_and_says_whose_they_are(run: Run) -> None:
    done = run("score", "cohort.csv", "--model", "one", "-o", "list.csv", *WHEN)
    assert done.exit_code == 0
    assert "invented" in done.stdout
    assert "trained on invented pupils" in done.stdout
    with Path("list.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = list(csv.DictReader(file))
    assert all(row["chance"].endswith("invented pupils like this") for row in listed)
    assert "2 suspensions: raises" in {row["surname"]: row for row in listed}["Ash"]["reasons"]


def test_the_summary_names_the_model_by_its_digest(run: Run) -> None:
    summary = json.loads(run("score", "cohort.csv", "--model", "two", "--json", *WHEN).stdout)
    assert summary["model"] == {"name": "two", "digest": model_of(name="two", base=-1.0).digest}
    assert json.loads(run("score", "cohort.csv", "--json", *WHEN).stdout)["model"] is None


def test_a_pupil_is_explained_with_the_model(run: Run) -> None:
    said = run("explain", "cohort.csv", "--row", 2, "--model", "two", *WHEN).stdout
    assert "What the trained model adds" in said
    assert "2 suspensions: raises (+0.50)" in said


def test_a_model_is_written_as_a_scorecard_of_whole_points_and_that_is_run(run: Run) -> None:
    done = run("model", "points", "one", "-o", "card.toml")
    assert done.exit_code == 0, done.output
    assert "attendance below 80 %" in done.stdout
    assert "trained on invented pupils" in done.stdout
    assert run("scorecard", "check", "card.toml").exit_code == 0
    scored = run("score", "cohort.csv", "--scorecard", "card.toml", "-o", "list.csv", *WHEN)
    assert scored.exit_code == 0, scored.output
    with Path("list.csv").open(encoding="utf-8-sig", newline="") as file:
        points = {row["surname"]: int(row["points"]) for row in csv.DictReader(file)}
    assert points == {"Ash": 2 + 2, "Birch": 2}


def test_a_card_never_replaces_the_scorecard_that_it_takes_its_bands_from(run: Run) -> None:
    run("model", "points", "one", "-o", "card.toml")
    done = run("model", "points", "two", "-o", "card.toml", "--scorecard", "card.toml")
    assert done.exit_code == 2
    assert "would replace a file that is being read" in " ".join(done.stderr.split())
    assert run("model", "points", "one", "-o", "card.csv").exit_code == 2


def test_two_checks_are_compared_with_a_model_beside_the_points(run: Run) -> None:
    Path("january.csv").write_text(COHORT.replace("96.0", "79.0"), "utf-8")
    words = ("compare", "cohort.csv", "january.csv", "--year", "2026/27")
    alone, both = run(*words, "--json"), run(*words, "--model", "one", "--json")
    assert json.loads(alone.stdout)["model"] is None
    assert json.loads(both.stdout)["model"]["name"] == "one"
    assert "trained on invented pupils" in json.loads(both.stdout)["notes"][0]
    assert both.exit_code == 0
    printed = run(*words, "--model", "one").stdout
    assert "trained on invented pupils" in printed


def test_a_band_that_only_the_model_gives_counts_in_what_changed(run: Run) -> None:
    save_model(model_of(name="stern", base=2.0), "models")
    words = ("compare", "cohort.csv", "cohort.csv", "--year", "2026/27", "-o", "changes.csv")
    for model, bands in (((), {"amber"}), (("--model", "stern"), {"red"})):
        run(*words, *model)
        with Path("changes.csv").open(encoding="utf-8-sig", newline="") as file:
            assert {row["band_now"] for row in csv.DictReader(file)} == bands
