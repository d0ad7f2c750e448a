"""`read_cohort`: from files as schools send them to a cohort, its readings and its problems."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from roni.calendar import get_check
from roni.cohort import Cohort
from roni.errors import CalendarError, FileRefusedError, MappingError, RoniError
from roni.readers.files import read_cohort
from roni.scorecard import load_scorecard

NOVEMBER = get_check("november", "2026/27")
ANN, BOB, CAT = "H801200001001", "B801200005001", "X00180001701A"


def write(folder: Path, *lines: str, name: str = "school.csv") -> Path:
    (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
    return folder / name


def codes(found: Cohort) -> list[tuple[str, int | None, str]]:
    return [(problem.code, problem.row, problem.column) for problem in found.problems]


@pytest.mark.parametrize("name", ["sims_y11.csv", "arbor_y9_to_y11.csv", "council_template.csv", "bromcom_y10.xlsx"])
def test_the_example_files_give_exactly_their_known_points_and_bands(shared_data: Path, name: str) -> None:
    file = shared_data / "schools" / name
    truth = json.loads((file.parent / f"{name}.truth.json").read_text("utf-8"))
    found = read_cohort(file, NOVEMBER)
    card = load_scorecard("oxfordshire")
    assessed = card.assess(found)
    bands = [band.name for band in card.bands]
    scores = {
        upn: {
            "points": int(assessed.points[place]),
            "points_max": int(assessed.points_max[place]),
            "band": bands[assessed.band[place]],
            "band_max": bands[assessed.band_max[place]],
        }
        for place, upn in enumerate(found.column("upn").to_pylist())
    }
    assert scores == truth["scores"]
    not_kept: dict[str, int] = {}
    for row in found.not_kept:
        not_kept[row.code] = not_kept.get(row.code, 0) + 1
    assert not_kept == truth["rows_not_kept"]
    assert found.rows_read == len(found) + len(found.not_kept)


def test_the_school_census_extract_is_read_whole(shared_data: Path) -> None:
    found = read_cohort(shared_data / "census", get_check("november", "2024/25"))
    assert found.rows_read == 9088
    assert found.rows_read == len(found) + len(found.not_kept)
    assert {row.code for row in found.not_kept} == {"outside_years"}
    assert set(found.column("year_group").tolist()) == {-1, 9, 10, 11, 12}


def test_a_readings_fields_and_choices_are_reported(tmp_path: Path) -> None:
    file = write(tmp_path, "UPN,Surname,Young carer,Att %,Shoe size", f"{ANN},Example,Y,88,4", f"{BOB},Bo,,0.9,5")
    found = read_cohort(file, NOVEMBER)
    said = {reading.heading: (reading.field, reading.state, dict(reading.choices)) for reading in found.readings}
    assert said["UPN"] == ("upn", "used", {})
    assert said["Young carer"] == ("young_carer", "used", {"blank": "no"})
    assert said["Att %"] == ("attendance", "used", {"scale": "percent"})
    assert said["Shoe size"] == (None, "unmapped", {})
    absent = {reading.field for reading in found.readings if reading.state == "absent"}
    assert {"sen_provision", "looked_after", "alternative_provision"} <= absent
    assert not {"attendance", "young_carer", "absence", "surname"} & absent


def test_an_unmapped_column_is_not_stored(tmp_path: Path) -> None:
    file = write(tmp_path, "UPN,Surname,Secret", f"{ANN},Example,zzz-private", f"{BOB},Bo,zzz-private")
    found = read_cohort(file, NOVEMBER)
    assert "zzz-private" not in repr(found.columns)
    assert ("heading_unknown", None, "Secret") in codes(found)


def test_no_problem_repeats_a_childs_value(tmp_path: Path) -> None:
    file = write(
        tmp_path, "UPN,Surname,DOB,Year,% Attendance,EAL,Suspensions,SEN status,ULN",
        "SENTINEL1,Example,SENTINEL2,SENTINEL3,SENTINEL4,SENTINEL5,SENTINEL6,SENTINEL7,SENTINEL8",
        f"{ANN},Example,01/02/2011,11,188,Y,2,K,123", f"{ANN},Other,01/02/2011,11,70,N,1,E,",
    )  # fmt: skip
    found = read_cohort(file, NOVEMBER)
    messages = [problem.message for problem in found.problems]
    assert len(messages) >= 10
    assert not [message for message in messages if "SENTINEL" in message or "188" in message or "Example" in message]
    assert not [problem for problem in found.problems if "SENTINEL" in repr(problem)]


def test_a_mapping_overrides_headings_and_readings(tmp_path: Path) -> None:
    file = write(tmp_path, "ID number,Home Room,Present,In care", f"{ANN},11A,0.5,Y", f"{BOB},11B,50,")
    mapping = [
        "ID number=upn",
        "Home Room=registration_group",
        "Present=attendance,scale=percent",
        "In care=looked_after,blank=not known",
    ]
    found = read_cohort(file, NOVEMBER, mapping=mapping)
    assert list(found) == [ANN, BOB]
    assert found.column("attendance").tolist() == [0.5, 50.0]
    assert found.column("looked_after").tolist() == [1, 0]


def test_a_mapped_heading_that_no_file_has_is_said(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text("UPN,Forename,In school\nH801200001001,Ann,88\n", "utf-8")
    found = read_cohort(file, NOVEMBER, mapping=["In School=attendance", "Carers list=young_carer", "Gone="])
    assert [(problem.code, problem.column) for problem in found.problems] == [("heading_not_there", "Carers list")]


def test_a_column_can_be_left_out_on_purpose(tmp_path: Path) -> None:
    file = write(tmp_path, "UPN,Surname,Young carer,Notes", f"{ANN},Example,Y,hello", f"{BOB},B,N,")
    found = read_cohort(file, NOVEMBER, mapping={"Young carer": "", "Notes": ""})
    assert "young_carer" not in found.columns
    assert codes(found) == []


def test_two_columns_of_one_field_are_used_where_they_agree(tmp_path: Path) -> None:
    file = write(tmp_path, "UPN,Surname,SEN status,SEN code", f"{ANN},A,N,No SEN", f"{BOB},B,K,E", f"{CAT},C,,E")
    found = read_cohort(file, NOVEMBER)
    assert [found.value("sen_provision", place) for place in range(3)] == ["N", None, "E"]
    assert codes(found) == [("columns_disagree", 3, "SEN status / SEN code")]


def test_columns_of_different_routes_are_not_duplicates(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "UPN,Surname,% Attendance,Sessions possible,Sessions attended",
        f"{ANN},A,90,100,60",
        f"{BOB},B,,100,60",
    )
    found = read_cohort(file, NOVEMBER)
    assert found.column("attendance").tolist() == [90.0, 60.0]
    assert codes(found) == [("routes_disagree", 2, "% Attendance / Sessions attended / Sessions possible")]


def test_yes_and_no_under_suspensions_say_whether_not_how_many(tmp_path: Path) -> None:
    file = write(tmp_path, "UPN,Surname,Suspensions", f"{ANN},A,Yes", f"{BOB},B,No")
    found = read_cohort(file, NOVEMBER)
    assert found.column("suspended").tolist() == [1, -1]
    assert codes(found) == []


def test_a_heading_can_state_the_window_of_the_suspensions(tmp_path: Path) -> None:
    file = write(tmp_path, "UPN,Surname,Suspensions this year", f"{ANN},A,1", f"{BOB},B,0")
    assert read_cohort(file, NOVEMBER).value("suspensions_window", 0) == "this_year"


def test_a_birth_date_known_to_the_month_says_so(tmp_path: Path) -> None:
    file = write(tmp_path, "UPN,Surname,Month/year of birth,Year", f"{ANN},A,02/2011,11", f"{BOB},B,03/2011,11")
    found = read_cohort(file, NOVEMBER)
    assert str(found.value("date_of_birth", 0)) == "2011-02-01"
    assert found.value("birth_precision", 0) == "month"


@pytest.mark.parametrize(("born", "refused"), [(2010, True), (2011, False), (2012, True)])
def test_an_export_of_another_year_is_stopped_by_name(tmp_path: Path, born: int, refused: bool) -> None:
    lines = [f"{upn},Pupil,01/02/{born},11" for upn in (ANN, BOB, CAT)]
    file = write(tmp_path, "UPN,Surname,DOB,Year", *lines)
    if not refused:
        assert len(read_cohort(file, NOVEMBER)) == 3
        return
    with pytest.raises(FileRefusedError, match=r"school\.csv: this looks like (last|next) year’s export") as caught:
        read_cohort(file, NOVEMBER)
    assert caught.value.code == "other_years_export"


def test_one_pupil_out_of_year_group_stops_nothing(tmp_path: Path) -> None:
    lines = [f"{upn},Pupil,01/02/{born},11" for upn, born in ((ANN, 2010), (BOB, 2011), (CAT, 2011))]
    assert len(read_cohort(write(tmp_path, "UPN,Surname,DOB,Year", *lines), NOVEMBER)) == 3


def test_an_impossible_birth_date_is_not_known(tmp_path: Path) -> None:
    file = write(tmp_path, "UPN,Surname,DOB", f"{ANN},A,01/02/1911", f"{BOB},B,01/02/2031", f"{CAT},C,01/02/2011")
    found = read_cohort(file, NOVEMBER)
    assert [found.value("date_of_birth", place) is None for place in range(3)] == [True, True, False]
    assert codes(found) == [("impossible", 2, "DOB"), ("impossible", 3, "DOB")]


def test_upns_are_judged_and_kept(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "UPN,Surname,ULN",
        f"{ANN},A,",
        "A801200005001,B,1000000043",
        "pending,C,1000000043",
        ",D,",
        "nonsense,E,1",
    )
    found = read_cohort(file, NOVEMBER)
    assert list(found) == [ANN, "A801200005001", "1000000043", "school.csv row 5", "school.csv row 6"]


def test_zero_attendance_is_kept_and_queried(tmp_path: Path) -> None:
    found = read_cohort(write(tmp_path, "UPN,Surname,% Attendance", f"{ANN},A,0", f"{BOB},B,90"), NOVEMBER)
    assert found.column("attendance").tolist() == [0.0, 90.0]
    assert codes(found) == [("zero_attendance", 2, "% Attendance")]


def test_several_files_stack_and_a_refused_one_is_named(tmp_path: Path) -> None:
    one = write(tmp_path, "UPN,Surname,Young carer", f"{ANN},A,Y", name="one.csv")
    two = write(tmp_path, "UPN,Surname,SEN status", f"{BOB},B,K", name="two.csv")
    found = read_cohort([one, two], NOVEMBER)
    assert found.column("young_carer").tolist() == [1, 0]
    assert found.files == ("one.csv", "two.csv")
    (tmp_path / "three.csv").write_bytes(b"%PDF-1.7 rubbish")
    (tmp_path / "four.csv").write_bytes(b"")
    with pytest.raises(RoniError) as caught:
        read_cohort([one, tmp_path / "three.csv", tmp_path / "four.csv"], NOVEMBER)
    assert "three.csv" in str(caught.value)
    assert "four.csv" in str(caught.value)


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    write(tmp_path, "UPN,Surname", f"{ANN},A", name="a.csv")
    write(tmp_path, "UPN,Surname", f"{BOB},B", name="b.csv")
    (tmp_path / "notes.docx").write_bytes(b"not read")
    assert len(read_cohort(tmp_path, NOVEMBER)) == 2


def test_what_cannot_be_asked_is_said(tmp_path: Path) -> None:
    file = write(tmp_path, "UPN,Surname", f"{ANN},A")
    with pytest.raises(CalendarError, match="no check called “easter”"):
        read_cohort(file, "easter", "2026/27")
    with pytest.raises(MappingError, match="not a field"):
        read_cohort(file, NOVEMBER, mapping={"UPN": "unique_number"})
    with pytest.raises(RoniError, match="No file was given"):
        read_cohort([], NOVEMBER)
    with pytest.raises(FileRefusedError, match=r"missing\.csv"):
        read_cohort(tmp_path / "missing.csv", NOVEMBER)


def test_a_local_field_is_read_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "local.toml").write_text(
        '[sibling_neet]\nlabel = "a sibling was NEET"\ntype = "flag"\ndefinition = "An older sibling was NEET."\n'
        'source = "council"\nuse = "local priority"\nheadings = ["Sibling NEET"]\nblank_means = "no"\n', "utf-8",
    )  # fmt: skip
    file = write(tmp_path, "UPN,Surname,Sibling NEET", f"{ANN},A,x", f"{BOB},B,")
    found = read_cohort(file, NOVEMBER, fields=tmp_path / "local.toml")
    assert found.column("sibling_neet").tolist() == [1, -1]
    assert found.frame["sibling_neet"].tolist() == [True, False]


def test_the_frame_has_the_types_that_people_expect(tmp_path: Path) -> None:
    file = write(
        tmp_path, "UPN,Surname,% Attendance,Suspensions,SEN status,DOB,Young carer", f"{ANN},A,88.5,2,K,01/02/2011,Y",
        f"{BOB},B,,,,,",
        f"{CAT},C,90,0,N,01/02/2011,N",
    )  # fmt: skip
    frame = read_cohort(file, NOVEMBER).frame
    kinds = {name: str(frame[name].dtype) for name in frame}
    assert kinds == {
        "upn": "str", "surname": "str", "date_of_birth": "datetime64[s]", "attendance": "float64",
        "suspensions": "Int32", "sen_provision": "category", "young_carer": "boolean", "suspended": "boolean",
        "ehcp": "boolean", "sen_support": "boolean",
    }  # fmt: skip
    assert frame.iloc[1].drop(["upn", "surname"]).isna().all()


def test_no_possible_session_means_that_attendance_is_not_known(tmp_path: Path) -> None:
    file = write(
        tmp_path, "UPN,Surname,% Attendance,Sessions possible", f"{ANN},A,95,0", f"{BOB},B,0,0", f"{CAT},C,95,100"
    )
    found = read_cohort(file, NOVEMBER)
    assert [found.value("attendance", place) for place in range(3)] == [None, None, 95.0]
    assert codes(found) == [("no_sessions", row, "% Attendance / Sessions possible") for row in (2, 3)]


def test_how_a_file_was_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_bytes(f"Title\n\nUPN;Surname\n{ANN};Zo\xeb\n{BOB};B\n".encode("cp1252"))
    (how,) = [item.reading for item in read_cohort(tmp_path / "old.csv", NOVEMBER).readings if item.state == "file"]
    assert how == "CSV, Windows (cp1252), semicolon, row 3"


def test_one_disagreement_about_sen_is_one_problem(tmp_path: Path) -> None:
    file = write(tmp_path, "UPN,Surname,SEN status,EHCP,SEN support", f"{ANN},A,K,Y,N", f"{BOB},B,N,N,N")
    assert [code for code, _, _ in codes(read_cohort(file, NOVEMBER))] == ["routes_disagree"]


def test_years_and_lists_are_taken_as_people_give_them(tmp_path: Path) -> None:
    file = write(tmp_path, "UPN,Surname,Year", f"{ANN},A,11", f"{BOB},B,10")
    assert len(read_cohort(file, NOVEMBER, years=11)) == 1
    with pytest.raises(CalendarError, match="whole numbers"):
        read_cohort(file, NOVEMBER, years="11")  # type: ignore[arg-type]
    listed = write(tmp_path, "UPN", ANN, name="care.csv")
    found = read_cohort(file, NOVEMBER, supplements=f"{listed},field=looked_after,complete")
    assert found.column("looked_after").tolist() == [1, -1]
    assert ("care.csv", "upn") in [(item.file, item.field) for item in found.readings]


def test_previously_looked_after_beside_a_stated_no_is_no(tmp_path: Path) -> None:
    file = write(tmp_path, "UPN,Surname,In care", f"{ANN},A,PLAC", f"{BOB},B,No", f"{CAT},C,Yes")
    found = read_cohort(file, NOVEMBER)
    assert found.column("looked_after").tolist() == [-1, -1, 1]
    assert found.column("previously_looked_after").tolist() == [1, 0, 0]


@pytest.mark.parametrize(("older", "refused"), [(2, False), (3, True)])
def test_more_than_half_must_be_a_year_off(tmp_path: Path, older: int, refused: bool) -> None:
    born = ["2010"] * older + ["2011"] * (4 - older)
    lines = [
        f"{upn},Pupil {place},01/02/{year},11"
        for place, (upn, year) in enumerate(zip((ANN, BOB, CAT, ""), born, strict=True))
    ]
    file = write(tmp_path, "UPN,Surname,DOB,Year", *lines)
    if refused:
        with pytest.raises(FileRefusedError, match="last year’s export"):
            read_cohort(file, NOVEMBER)
    else:
        assert len(read_cohort(file, NOVEMBER)) == 4


@pytest.mark.parametrize(
    ("born", "refused"), [("31/08/2010", True), ("01/09/2010", False), ("31/08/2011", False), ("01/09/2011", True)]
)
def test_the_school_year_turns_on_1_september(tmp_path: Path, born: str, refused: bool) -> None:
    file = write(tmp_path, "UPN,Surname,DOB,Year", *(f"{upn},P,{born},11" for upn in (ANN, BOB, CAT)))
    if refused:
        with pytest.raises(FileRefusedError, match="year’s export"):
            read_cohort(file, NOVEMBER)
    else:
        assert len(read_cohort(file, NOVEMBER)) == 3


@pytest.mark.parametrize(("second", "known"), [("80.5", True), ("80.6", False)])
def test_two_columns_of_a_per_cent_agree_within_rounding(tmp_path: Path, second: str, known: bool) -> None:
    file = write(tmp_path, "UPN,Surname,% Attendance,Attendance %", f"{ANN},A,80,{second}")
    assert (read_cohort(file, NOVEMBER).value("attendance", 0) == 80) is known
