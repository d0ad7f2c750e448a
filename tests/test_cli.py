"""The command line: what each command prints and writes, its exit status, and that an error is a sentence."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from roni.cli import app, group
from roni.version import VERSION

NOVEMBER = """\
UPN,Surname,Forename,Year,% Attendance,SEN,FSM,In care,Young carer,Suspensions,PEX,EAL,AP,YOT,Pregnant or parent
Y303999926001,Ash,Rowan,11,81.5,K,Y,N,N,2,N,N,N,N,N
M303999926002,Birch,Sam,11,96.0,N,N,N,Y,0,N,N,N,N,N
B303999926003,Cedar,[Alex],11,,E,N,Y,N,0,N,N,N,N,N
Q303999926004,=Dogwood,Kit,11,90.0,N,N,N,N,0,N,Y,N,N,N
,Total,,,,,,,,,,,,,
"""
TIDY = "\n".join(line for line in NOVEMBER.splitlines() if "Total" not in line).replace("[Alex],11,,", "Alex,11,91,")
JANUARY = """\
UPN,Surname,Forename,Year,% Attendance
Y303999926001,Ash,Rowan,11,95.0
M303999926002,Birch,Sam,11,80.0
U303999926006,Fir,Jo,11,70.4
"""
WHEN = ("--check", "november", "--year", "2026/27")
COLUMNS = [
    "rank", "upn", "surname", "forename", "preferred_name", "year_group", "registration_group", "school", "band",
    "band_max", "points", "points_max", "probability", "reasons", "not_known", "ask_first",
]  # fmt: skip
Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types `roni` and these words in a folder with november.csv, tidy.csv and january.csv."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("november", NOVEMBER), ("tidy", TIDY), ("january", JANUARY)):
        Path(f"{name}.csv").write_text(text, "utf-8")
    return lambda *words: CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(word) for word in words])


def rows_of(path: str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# score


def test_score_writes_the_promised_columns_in_order(run: Run) -> None:
    assert run("score", "november.csv", *WHEN, "-o", "list.csv").exit_code == 0
    assert list(rows_of("list.csv")[0])[: len(COLUMNS)] == COLUMNS


def test_score_ranks_the_pupils_and_gives_points_that_the_reasons_add_up_to(run: Run) -> None:
    run("score", "november.csv", *WHEN, "-o", "list.csv")
    first = rows_of("list.csv")[0]
    assert (first["rank"], first["surname"], first["band"], first["points"]) == ("1", "Ash", "red", "6")
    assert sum(int(reason.rsplit("+", 1)[1]) for reason in first["reasons"].split(";")) == 6


def test_every_format_holds_the_same_list(run: Run) -> None:
    for name in ("list.csv", "list.xlsx", "list.parquet"):
        assert run("score", "november.csv", *WHEN, "-o", name).exit_code == 0
    upns = [row["upn"] for row in rows_of("list.csv")]
    sheet = openpyxl.load_workbook("list.xlsx")["List"]
    assert [row[1] for row in sheet.iter_rows(min_row=2, values_only=True)] == upns
    assert pq.read_table("list.parquet")["upn"].to_pylist() == upns


def test_a_name_that_looks_like_a_formula_is_escaped_on_the_way_out_and_restored_on_the_way_in(run: Run) -> None:
    run("score", "november.csv", *WHEN, "-o", "list.csv")
    assert "'=Dogwood" in [row["surname"] for row in rows_of("list.csv")]
    assert "=Dogwood" in run("score", "list.csv", *WHEN).stdout


def test_score_prints_the_top_of_the_list_up_to_the_capacity(run: Run) -> None:
    printed = run("score", "november.csv", *WHEN, "--capacity", 2).stdout
    assert "Ash, Rowan" in printed
    assert "Birch, Sam" not in printed
    assert "2 pupils in the list." in printed


def test_could_be_is_by_what_is_not_known_of_the_pupil_and_whole_columns_are_said_once(run: Run) -> None:
    without = "\n".join(line.rpartition(",")[0] for line in NOVEMBER.splitlines())  # nobody's “Pregnant or parent”
    Path("shorter.csv").write_text(without + "\n", "utf-8")
    printed = run("score", "shorter.csv", *WHEN, "-o", "list.csv").stdout
    assert [line for line in printed.splitlines() if "could be" in line and "Cedar" not in line] == []
    assert "4, could be 6" in next(line for line in printed.splitlines() if "Cedar" in line)
    assert "shorter.csv says nothing about pregnant or a parent: not known, up to" in printed
    assert all(row["points"] != row["points_max"] for row in rows_of("list.csv"))


def test_a_name_in_square_brackets_is_printed_as_it_is(run: Run) -> None:
    assert "Cedar, [Alex]" in run("score", "november.csv", *WHEN).stdout


def test_the_account_says_rows_pupils_and_what_was_not_kept(run: Run) -> None:
    printed = run("score", "november.csv", *WHEN).stdout
    assert "november.csv: 5 rows = 4 pupils + 1 not kept." in printed
    assert "(not_a_pupil)" in printed


def test_what_is_printed_to_a_pipe_has_no_colours(run: Run) -> None:
    assert "\x1b" not in run("score", "november.csv", *WHEN).output


def test_json_is_the_account_in_numbers(run: Run) -> None:
    told = json.loads(run("score", "november.csv", *WHEN, "--json", "--capacity", 2, "-o", "list.csv").stdout)
    assert (told["rows"], told["pupils"], told["not_kept"]) == (5, 4, {"not_a_pupil": 1})
    assert told["bands"] == {"red": 2, "amber": 1, "green": 1, "none": 0}
    assert told["capacity"] == {"places": 2, "displaced": 0, "tied_at_cut": 0}
    assert told["output"] == "list.csv"


def test_years_narrow_the_list(run: Run) -> None:
    assert "outside_years" in run("score", "november.csv", *WHEN, "--years", "9-10").stdout


@pytest.mark.parametrize("years", ["x", "11-9", "9-", ""])
def test_years_that_cannot_be_read_are_refused(run: Run, years: str) -> None:
    result = run("score", "november.csv", *WHEN, "--years", years)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Write 11, 9-11 or 10,11." in result.stderr


def test_a_heading_can_be_read_as_another_field_and_left_out(run: Run) -> None:
    fields = {
        item["heading"]: item["field"]
        for item in json.loads(
            run("validate", "november.csv", *WHEN, "--map", "In care=care_leaver", "--map", "SEN=", "--json").stdout
        )["columns"]
    }
    assert (fields["In care"], fields["SEN"]) == ("care_leaver", None)


def test_a_saved_mapping_is_used_again(run: Run) -> None:
    run("validate", "november.csv", *WHEN, "--map", "FSM=", "--save-mapping", "ours.toml")
    told = json.loads(run("validate", "november.csv", *WHEN, "--mapping", "ours.toml", "--json").stdout)
    assert {item["heading"]: item["field"] for item in told["columns"]}["FSM"] is None


def test_a_council_list_is_joined(run: Run) -> None:
    Path("care.csv").write_text("UPN,Surname\nQ303999926004,Dogwood\n", "utf-8")
    run(
        "score", "november.csv", *WHEN, "--supplement", "care.csv,field=looked_after,as-at=2026-10-31", "-o", "list.csv"
    )
    reasons = {row["upn"]: row["reasons"] for row in rows_of("list.csv")}
    assert "looked after" in reasons["Q303999926004"]


def test_every_list_says_whom_it_is_about(run: Run) -> None:
    said = "Pupils educated at the schools of these files, wherever they live"
    scored, compared = ("score", "november.csv", *WHEN), ("compare", "november.csv", "january.csv", "--year", "2026/27")
    for words in (scored, compared):
        assert f"{said}.\n" in run(*words).stdout
        assert json.loads(run(*words, "--json").stdout)["population"] == said


def test_one_of_each_is_not_many(run: Run) -> None:
    Path("one.csv").write_text("\n".join(TIDY.splitlines()[:2]) + "\n", "utf-8")
    printed = run("score", "one.csv", *WHEN).stdout
    assert "1 pupil in the list." in printed
    assert "one.csv: 1 row = 1 pupil + 0 not kept." in printed


# exit status


def test_strict_exits_with_1_after_writing_where_a_row_was_not_kept_or_a_problem_found(run: Run) -> None:
    assert run("score", "november.csv", *WHEN, "--strict", "-o", "list.csv").exit_code == 1
    assert Path("list.csv").exists()
    assert run("validate", "november.csv", *WHEN, "--strict").exit_code == 1
    assert run("score", "november.csv", *WHEN, "-o", "list.csv").exit_code == 0


def test_strict_exits_with_0_where_there_is_nothing_to_say(run: Run) -> None:
    assert run("score", "tidy.csv", *WHEN, "--strict").exit_code == 0
    assert run("validate", "tidy.csv", *WHEN, "--strict").exit_code == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("score", "gone.csv"), "gone.csv: "),
        (("score", "november.csv", "-o", "list.doc"), "list.doc: output is written as"),
        (("score", "november.csv", "-o", "november.csv"), "would replace a file that is being read"),
        (("score", "november.csv", "-o", "gone/list.csv"), "the folder “gone” does not exist"),
        (("score", "november.csv", "--scorecard", "kent"), "nor a shipped scorecard (oxfordshire, roni)"),
        (("score", "november.csv", "--check", "june"), "There is no check called “june”"),
        (("score", "november.csv", "--year", "soon"), "“soon” is not an academic year"),
        (("score", "november.csv", "--year", "0000"), "“0000” is no academic year from 2000/01 to 2100/01"),
        (("score", "november.csv", "--map", "SEN"), "is not a mapping"),
        (("score", "november.csv", "--map", "SEN=sen"), "which is not a field"),
        (("score", "november.csv", "--supplement", "november.csv,shape=x"), "“shape” is not allowed"),
        (("score", "november.csv", "--fields", "gone.toml"), "gone.toml: the file of local fields cannot be read"),
        (("explain", "november.csv"), "Say which pupil"),
        (("explain", "november.csv", "--upn", "A", "--row", "2"), "Say which pupil"),
        (("explain", "november.csv", "--upn", "A1"), "No pupil in this cohort"),
        (("explain", "november.csv", "--row", "6"), "row 6 was not kept (not_a_pupil)"),
        (("explain", "november.csv", "tidy.csv", "--row", "2"), "--row needs one file"),
        (("fields", "attendence"), "Did you mean “attendance”?"),
        (("template", "-o", "template.csv"), "output is written as .xlsx"),
        (("scorecard", "check", "november.csv"), "november.csv: this is not a TOML file"),
    ],
)
def test_what_could_not_be_done_is_said_in_a_sentence_and_exits_with_2(
    run: Run, words: tuple[str, ...], sentence: str
) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert "Traceback" not in result.output


def test_a_refused_file_is_named_and_the_old_output_stays(run: Run) -> None:
    Path("picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    Path("list.csv").write_text("old", "utf-8")
    result = run("score", "picture.csv", "-o", "list.csv")
    assert (result.exit_code, Path("list.csv").read_text("utf-8")) == (2, "old")
    assert "picture.csv" in result.stderr


def test_an_unexpected_error_is_a_sentence_that_repeats_no_value(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roni.readers.files.read_cohort", lambda *_, **__: {}["Rowan Ash"])
    result = run("score", "november.csv")
    assert result.exit_code == 2
    assert "unexpected went wrong (KeyError)" in result.stderr
    assert "Rowan" not in result.output


def test_an_unexpected_error_after_writing_does_not_say_that_nothing_was_written(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roni.cli.lists.print_list", lambda *_: {}["Rowan Ash"])
    result = run("score", "november.csv", *WHEN, "-o", "list.csv")
    assert (result.exit_code, len(rows_of("list.csv"))) == (2, 4)
    assert "either as it was before or whole" in " ".join(result.stderr.split())
    assert "othing was written" not in result.stderr


def test_the_details_of_an_unexpected_error_can_be_had(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RONI_DEBUG", "1")
    monkeypatch.setattr("roni.readers.files.read_cohort", lambda *_, **__: {}["Rowan Ash"])
    assert isinstance(run("score", "november.csv").exception, KeyError)


# validate


def test_validate_json_has_the_promised_shape(run: Run) -> None:
    told = json.loads(run("validate", "november.csv", *WHEN, "--json").stdout)
    assert set(told) == {"files", "rows", "pupils", "not_kept", "problems", "columns", "read_as", "absent"}
    assert (told["files"], told["rows"], told["pupils"]) == (["november.csv"], 5, 4)
    assert told["not_kept"] == [{"file": "november.csv", "row": 6, "code": "not_a_pupil"}]
    assert all(set(item) == {"file", "row", "column", "code", "message"} for item in told["problems"])
    assert {"file": "november.csv", "heading": "SEN", "field": "sen_provision"}.items() <= told["columns"][5].items()
    assert set(told["columns"][5]) == {"file", "heading", "field", "reading"}


def test_validate_says_how_each_column_was_read_and_what_there_is_none_of(run: Run) -> None:
    printed = run("validate", "november.csv", *WHEN).stdout
    assert "% Attendance" in printed
    assert "1 blank, not known" in printed
    assert "No column, so not known for everyone:" in printed


def test_several_files_and_a_folder_are_read_together(run: Run) -> None:
    Path("schools").mkdir()
    for name in ("november.csv", "january.csv"):
        Path(name).rename(Path("schools") / name)
    told = json.loads(run("validate", "schools", *WHEN, "--json").stdout)
    assert told["rows"] == told["pupils"] + len(told["not_kept"]) == 8


# explain


def test_where_two_pupils_share_a_upn_their_rows_are_named_to_choose_from(run: Run) -> None:
    lines = ("UPN,Surname,Forename,Date of birth,Year", "Y303999926001,Ash,Rowan,01/02/2011,11")
    Path("shared.csv").write_text("\n".join([*lines, "Y303999926001,Birch,Sam,07/05/2011,11"]) + "\n", "utf-8")
    result = run("explain", "shared.csv", "--upn", "y303999926001", *WHEN)
    assert (result.exit_code, result.stdout) == (2, "")
    said = "2 pupils have this UPN. Say which, by one file and its row: shared.csv --row 2; shared.csv --row 3."
    assert said in " ".join(result.stderr.split())
    for row, name in (("2", "Rowan Ash"), ("3", "Sam Birch")):
        assert run("explain", "shared.csv", "--row", row, *WHEN).stdout.startswith(name)


@pytest.mark.parametrize("which", [("--upn", "m303999926002"), ("--row", "3"), ("--id", "M303999926002")])
def test_a_pupil_can_be_found_by_upn_row_or_identifier(run: Run, which: tuple[str, str]) -> None:
    printed = run("explain", "november.csv", *which, *WHEN).stdout
    assert printed.startswith("Sam Birch, November 2026 check")
    assert "+2  young carer" in printed


def test_an_explanation_as_json_and_as_a_drawing(run: Run) -> None:
    result = run("explain", "november.csv", "--row", 2, *WHEN, "--json", "--svg", "ash.svg")
    assert sum(reason["points"] for reason in json.loads(result.stdout)["reasons"]) == 6
    assert Path("ash.svg").read_text("utf-8").startswith("<svg")


# compare


def test_compare_says_who_moved_and_why(run: Run) -> None:
    printed = run("compare", "november.csv", "january.csv", "--year", "2026/27", "-o", "changes.csv").stdout
    assert "1 up; 1 new; 1 down; 2 left." in printed
    kinds = {row["surname"]: row["kind"] for row in rows_of("changes.csv")}
    assert kinds == {"Birch": "up", "Fir": "new", "Ash": "down", "Cedar": "left", "'=Dogwood": "left"}


def test_compare_writes_a_workbook_and_counts_as_json(run: Run) -> None:
    words = ("compare", "november.csv", "january.csv", "--year", "2026/27", "--json", "-o", "changes.xlsx")
    assert json.loads(run(*words).stdout)["counts"] == {"up": 1, "new": 1, "down": 1, "left": 2}
    book = openpyxl.load_workbook("changes.xlsx")
    assert book.sheetnames == ["Changes", "How to read this", "Problems", "Rows not kept"]


def test_the_check_before_november_is_last_year_s_january() -> None:
    from roni.cli.checks import _checks

    assert _checks("november", "2026/27") == (("january", "2025/26"), ("november", "2026/27"))
    assert _checks("january", "2026/27") == (("november", "2026/27"), ("january", "2026/27"))


# the shelf


def test_scorecards_are_listed_shown_and_checked(run: Run) -> None:
    assert {card["name"] for card in json.loads(run("scorecard", "list", "--json").stdout)} >= {"oxfordshire", "roni"}
    assert "attendance below 85 %" in run("scorecard", "show", "oxfordshire").stdout
    shown = json.loads(run("scorecard", "show", "oxfordshire", "--json").stdout)
    assert shown["indicators"][0]["tiers"][0] == {"points": 2, "when": "attendance below 85 %"}


def test_fields_are_listed_and_one_is_shown(run: Run) -> None:
    assert "young_carer" in run("fields").stdout
    assert "Why it may be used:" in run("fields", "attendance").stdout
    declared = json.loads(run("fields", "attendance", "--json").stdout)
    assert (declared[0]["name"], declared[0]["type"]) == ("attendance", "percent")


def test_the_template_is_written(run: Run) -> None:
    assert run("template", "-o", "template.xlsx", *WHEN).exit_code == 0
    assert openpyxl.load_workbook("template.xlsx").worksheets


# example


def test_the_example_ranks_explains_and_says_what_to_try(run: Run) -> None:
    result = run("example", "--folder", "try")
    assert result.exit_code == 0
    assert "Why the first pupil is first:" in result.stdout
    assert Path("try/list.xlsx").exists()
    suggested = next(line for line in result.stdout.splitlines() if "roni explain" in line).split()
    assert run(*suggested[1:]).exit_code == 0
    compared = next(line for line in result.stdout.splitlines() if "roni compare" in line).split()
    assert run(*compared[1:]).exit_code == 0


def test_the_example_is_of_the_year_asked_for(run: Run) -> None:
    assert run("example", "--folder", "try", "--year", "2027/28").exit_code == 0
    assert Path("try/january/invented_academy_2027-28_january.csv").exists()


def test_the_example_replaces_nothing(run: Run) -> None:
    Path("roni-example").mkdir()
    Path("roni-example/mine.txt").write_text("mine", "utf-8")
    result = run("example")
    assert result.exit_code == 2
    assert "nothing in it is replaced" in result.stderr
    assert [path.name for path in Path("roni-example").iterdir()] == ["mine.txt"]


# commands of other packages


def test_another_package_s_command_is_listed_without_importing_it_and_loaded_when_called(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "roni_extra.py").write_text(
        "import typer\napp = typer.Typer()\n@app.command()\ndef hello():\n    print('hello')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint("extra", "roni_extra:app", group.PLUG_INS)
    monkeypatch.setattr(group, "plug_ins", lambda: {"extra": entry})
    assert "extra" in run("--help").stdout
    assert "roni_extra" not in sys.modules
    assert run("extra").stdout == "hello\n"


def test_a_command_that_cannot_be_loaded_is_named_and_the_others_go_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = EntryPoint("extra", "no_such_module:app", group.PLUG_INS)
    monkeypatch.setattr(group, "plug_ins", lambda: {"extra": entry})
    result = run("extra")
    assert result.exit_code == 2
    assert "The command “extra” of no_such_module cannot be loaded" in result.stderr
    assert run("fields", "attendance").exit_code == 0


def test_the_command_runs_as_a_module_with_a_narrow_console_encoding(tmp_path: Path) -> None:
    (tmp_path / "november.csv").write_text(NOVEMBER, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "roni", "score", str(tmp_path / "november.csv"), *WHEN],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "cp437", "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert done.returncode == 0, done.stderr
    assert b"Ash, Rowan" in done.stdout


def listened_to(words: list[str], folder: Path, characters: int) -> tuple[int, str]:
    """The command's exit status and complaints where its reader closes the pipe after so many characters."""
    command = [sys.executable, "-m", "roni", *words]
    place = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=place
    ) as done:
        assert done.stdout is not None
        assert done.stderr is not None
        done.stdout.read(characters)
        done.stdout.close()
        complaints = done.stderr.read()
    return done.returncode, complaints


def test_a_reader_who_has_seen_enough_changes_neither_the_file_nor_the_exit_status(tmp_path: Path) -> None:
    lines = NOVEMBER.splitlines()
    many = [lines[1].replace("81.5", f"{number} x") for number in range(3000)]
    (tmp_path / "big.csv").write_text("\n".join([lines[0], *many, "total"]) + "\n", "utf-8")
    (tmp_path / "november.csv").write_text(NOVEMBER, "utf-8")
    assert listened_to(["validate", "big.csv", *WHEN], tmp_path, 1) == (0, "")
    assert listened_to(["validate", "big.csv", "--json", *WHEN], tmp_path, 1) == (0, "")
    scored = ["score", "november.csv", *WHEN, "-o", "list.csv"]
    assert listened_to([*scored, "--strict"], tmp_path, 0) == (1, "")
    assert (tmp_path / "list.csv").exists()


def test_the_version_is_said_wherever_the_command_runs_from(run: Run) -> None:
    assert run("--version").stdout == f"roni {VERSION}\n"
    done = subprocess.run(
        [sys.executable, "-m", "roni", "--version"],
        capture_output=True, text=True, check=False,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, f"roni {VERSION}\n")


def test_packaging_reads_the_version_from_its_one_place() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "roni.version.VERSION"}
