"""A school's file comes in: read, compared, asked about; nothing is scored or replaced yet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from service import tables as t
from tests.service.uploading import (
    JANUARY,
    change,
    confirm,
    confirmed,
    csv,
    open_check,
    pupil,
    question,
    send,
    staged,
    upn,
)  # fmt: skip


@pytest.fixture
def check(sqlite_service) -> str:
    return open_check(sqlite_service)


def test_a_file_is_read_and_nothing_is_replaced(service) -> None:
    check = open_check(service)
    answer = send(service, check, csv([pupil(1), pupil(2), pupil(3, Year_group=8)]))
    upload = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/uploads/{upload['ref']}"
    assert answer.headers["etag"] == f'"{upload["version"]}"'
    assert (upload["state"], upload["school"]) == ("staged", "100001")
    account = upload["account"]
    assert (account["rows"], account["pupils"], account["not_kept"]) == (3, 2, {"outside_years": 1})
    assert account["difference"]["first"] == 2
    with service.database.read() as connection:
        for table in (t.submissions, t.roll_pupils, t.pupils):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


def test_the_school_is_in_progress_once_it_has_uploaded(sqlite_service, check) -> None:
    staged(sqlite_service, check, [pupil(1)])
    line = sqlite_service.as_("returns").get(f"/v1/checks/{check}").json()["schools"][0]
    assert line["state"] == "in_progress"


@pytest.mark.parametrize("name", ["sims_y11.csv", "arbor_y9_to_y11.csv", "bromcom_y10.xlsx"])
def test_the_messy_examples_are_read_with_every_row_accounted_for(sqlite_service, check, shared_data, name) -> None:
    answer = send(sqlite_service, check, (shared_data / "schools" / name).read_bytes(), name=name)
    account = answer.json()["account"]
    assert answer.status_code == 201
    assert account["rows"] == account["pupils"] + sum(account["not_kept"].values()) > 100
    truth = json.loads((shared_data / "schools" / f"{name}.truth.json").read_text("utf-8"))
    assert account["pupils"] <= account["rows"] <= len(truth.get("rows", [None] * 10_000)) + 20


def test_columns_are_told_as_they_were_read(sqlite_service, check) -> None:
    rows = [pupil(1, Young_carer="Y", Comments="x"), pupil(2, Young_carer=None, Comments=None)]
    columns = {item["heading"]: item for item in staged(sqlite_service, check, rows)["account"]["columns"]}
    assert (columns["Young carer"]["field"], columns["Young carer"]["reading"]) == (
        "young_carer",
        "1 blank, read as no",
    )
    assert (columns["Comments"]["field"], columns["Comments"]["state"]) == (None, "unmapped")
    assert columns["Attendance %"]["label"] == "attendance"


def test_problems_name_row_and_column_and_never_the_value(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1), pupil(2, **{"Attendance %": "sentinel-cell"})])
    page = sqlite_service.as_("returns").get(f"/v1/uploads/{upload['ref']}/problems").json()
    (problem,) = [item for item in page["items"] if item["code"] == "unreadable"]
    assert (problem["row"], problem["column"], problem["field"]) == (3, "Attendance %", "attendance")
    assert "sentinel-cell" not in json.dumps(page)


def test_problems_come_in_pages(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(number, **{"Attendance %": "bad"}) for number in range(1, 6)])
    url, seen, cursor = f"/v1/uploads/{upload['ref']}/problems", [], None
    while True:
        page = sqlite_service.as_("returns").get(url, params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        seen += [item["row"] for item in page.json()["items"] if item["row"]]
        if (cursor := page.json()["next"]) is None:
            break
    assert seen == [2, 3, 4, 5, 6]


def test_the_same_file_again_is_the_same_upload(service) -> None:
    check, content = open_check(service), csv([pupil(1)])
    first = send(service, check, content).json()
    again = send(service, check, content, name="another name.csv")
    assert again.status_code == 200
    assert (again.json()["ref"], again.json()["nothing_new"]) == (first["ref"], True)
    assert (first["version"], first["nothing_new"]) == (again.json()["version"], False)


def test_the_same_file_after_its_confirmation_changes_nothing(sqlite_service, check) -> None:
    confirmed(sqlite_service, check, [pupil(1)])
    again = send(sqlite_service, check, csv([pupil(1)]))
    assert (again.status_code, again.json()["nothing_new"], again.json()["state"]) == (200, True, "confirmed")


def test_another_file_takes_the_place_of_one_that_was_not_confirmed(sqlite_service, check) -> None:
    first = staged(sqlite_service, check, [pupil(1)])
    staged(sqlite_service, check, [pupil(2)])
    shown = sqlite_service.as_("returns").get(f"/v1/uploads/{first['ref']}").json()
    assert shown["state"] == "superseded"
    assert confirm(sqlite_service, first).json()["code"] == "stale"
    with sqlite_service.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(t.upload_files)).scalar() == 1
        assert connection.execute(select(func.count()).select_from(t.upload_pupils)).scalar() == 1


def test_who_may_upload_and_for_which_school(sqlite_service, check) -> None:
    content = csv([pupil(1)])
    for who in ("careers", "coach", "panel", "virtual_school", "administrator"):
        assert send(sqlite_service, check, content, who).status_code == 403
    assert send(sqlite_service, check, content, "nobody").status_code == 401
    assert send(sqlite_service, check, content, school="100002").status_code == 404
    assert send(sqlite_service, check, content, school="100001").status_code == 201
    assert send(sqlite_service, check, content, "analyst", school="100002").json()["school"] == "100002"


def test_another_schools_upload_is_not_there(sqlite_service, check) -> None:
    ref = staged(sqlite_service, check, [pupil(1)])["ref"]
    other = sqlite_service.as_("returns2")
    for path in ("", "/problems", "/pupils", "/leavers"):
        assert other.get(f"/v1/uploads/{ref}{path}").status_code == 404
    assert other.patch(f"/v1/uploads/{ref}", json={}).status_code == 404
    assert other.delete(f"/v1/uploads/{ref}").status_code == 404
    assert confirm(sqlite_service, {"ref": ref, "version": 2}, "returns2").status_code == 404


def test_a_school_that_is_not_asked_is_told_so(sqlite_service) -> None:
    check = open_check(sqlite_service, schools=["100002"])
    assert send(sqlite_service, check, csv([pupil(1)])).json()["code"] == "school_not_asked"


def test_a_closed_check_takes_no_files(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1)])
    sqlite_service.as_("analyst").patch(f"/v1/checks/{check}", json={"closed": True})
    assert send(sqlite_service, check, csv([pupil(2)])).json()["code"] == "check_closed"
    assert confirm(sqlite_service, upload).json()["code"] == "check_closed"


def test_last_years_export_is_refused_with_the_sentence(sqlite_service, check) -> None:
    rows = [pupil(number, Date_of_birth=f"0{number}/10/2009") for number in range(1, 5)]
    answer = send(sqlite_service, check, csv(rows))
    assert (answer.status_code, answer.json()["code"]) == (422, "other_years_export")
    assert "last year’s export" in answer.json()["detail"]
    shown = sqlite_service.as_("returns").get(f"/v1/uploads/{answer.json()['upload']}").json()
    assert (shown["state"], shown["refusal"]["code"]) == ("refused", "other_years_export")


# --- questions and answers --------------------------------------------------------------------------------------------


def test_a_column_of_yes_and_blanks_is_a_question(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1, Young_carer="Y"), pupil(2, Young_carer=None)])
    asked = question(upload, "blank:Young carer")
    assert asked["sentence"].startswith("The column “Young carer” holds only")
    assert [option["value"] for option in asked["options"]] == ["no", "not known"]
    answered = change(sqlite_service, upload, answers={"blank:Young carer": "not known"})
    assert "blank:Young carer" not in {item["id"] for item in answered["questions"]}
    assert _values(sqlite_service, upn(2)).get("young_carer") is None
    changed_mind = change(sqlite_service, answered, answers={"blank:Young carer": "no"})
    assert "blank:Young carer" not in {item["id"] for item in changed_mind["questions"]}
    assert _values(sqlite_service, upn(2))["young_carer"] is False


def _values(service, number: str) -> dict:
    with service.database.read() as connection:
        records = connection.execute(select(t.upload_pupils.c.record)).scalars().all()
    (record,) = [record for record in records if record["values"].get("upn") == number]
    return dict(record["values"])


def test_an_unknown_heading_is_a_question_and_may_be_any_field(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1, Carers_list="Y")])
    assert question(upload, "heading:Carers list")["kind"] == "field"
    answered = change(sqlite_service, upload, answers={"heading:Carers list": "early_help"})
    assert _values(sqlite_service, upn(1))["early_help"] is True
    not_used = change(sqlite_service, answered, answers={"heading:Carers list": "not_used"})
    assert "heading:Carers list" not in {item["id"] for item in not_used["questions"]}
    assert "early_help" not in _values(sqlite_service, upn(1))


def test_the_days_of_attendance_are_asked_for_once(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1)])
    assert question(upload, "attendance_period")["kind"] == "period"
    period = {"from": "2026-09-02", "to": "2026-10-23", "sessions_possible": 76}
    answered = change(sqlite_service, upload, answers={"attendance_period": period})
    assert answered["questions"] == []
    values = _values(sqlite_service, upn(1))
    assert (values["attendance_from"], values["attendance_to"]) == ("2026-09-02", "2026-10-23")
    assert values["sessions_possible"] == 76


def test_a_mapping_is_corrected(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1, Looked_after="Y")])
    changed = change(sqlite_service, upload, mapping={"Looked after": {"field": "care_leaver"}})
    assert _values(sqlite_service, upn(1))["care_leaver"] is True
    change(sqlite_service, changed, mapping={"Looked after": None})
    assert "care_leaver" not in _values(sqlite_service, upn(1))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"mapping": {"SEN": {"field": "nothing"}}}, "refused"),
        ({"mapping": {"SEN": {"field": "sen_provision", "blank": "yes"}}}, "invalid"),
        ({"answers": {"blank:SEN": "no"}}, "no_such_question"),
        ({"answers": {"heading:Notes": "nothing"}}, "no_such_answer"),
        ({"answers": {"attendance_period": {"from": "x", "to": "2026-10-23"}}}, "invalid"),
        ({"edits": {"2": {"nothing": "x"}}}, "refused"),
        ({"edits": {"x": {"attendance": "90"}}}, "invalid"),
        ({"leavers": {"row:2": {"date": "2026-12-01", "to": "nowhere", "confirmed_by": "x"}}}, "invalid"),
        ({"whatever": 1}, "invalid"),
    ],
)
def test_what_cannot_be_said_of_an_upload(sqlite_service, check, said, code) -> None:
    upload = staged(sqlite_service, check, [pupil(1, Notes="n")])
    answer = sqlite_service.as_("returns").patch(f"/v1/uploads/{upload['ref']}", json=said)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_cell_is_corrected_beside_its_row(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1), pupil(2, **{"Attendance %": "9o", "SEN": "zz"})])
    assert upload["account"]["problems"]["unreadable"] == 2
    changed = change(sqlite_service, upload, edits={"3": {"attendance": "90", "sen_provision": "E"}})
    assert "unreadable" not in changed["account"]["problems"]
    values = _values(sqlite_service, upn(2))
    assert (values["attendance"], values["sen_provision"], values["ehcp"]) == (90.0, "E", True)


def test_a_correction_that_cannot_be_read_is_a_problem_of_that_row(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1)])
    changed = change(sqlite_service, upload, edits={"2": {"attendance": "ninety"}})
    assert changed["account"]["problems"]["unreadable"] == 1
    assert "attendance" not in _values(sqlite_service, upn(1))


def test_a_corrected_upn_is_the_pupils_key(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1), pupil(2, UPN=None)])
    change(sqlite_service, upload, edits={"3": {"upn": upn(2)}})
    with sqlite_service.database.read() as connection:
        keys = {row["key"] for row in connection.execute(select(t.upload_pupils.c.record)).scalars()}
    assert keys == {upn(1), upn(2)}


def test_a_change_of_a_version_that_is_gone_is_refused(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1)])
    change(sqlite_service, upload, edits={"2": {"attendance": "50"}})
    late = sqlite_service.as_("returns").patch(
        f"/v1/uploads/{upload['ref']}",
        json={"edits": {"2": {"attendance": "60"}}},
        headers={"if-match": f'"{upload["version"]}"'},
    )
    assert (late.status_code, late.json()["code"]) == (412, "stale")


def test_a_reading_unlike_last_times_is_a_question_and_stays_as_it_was(sqlite_service, check) -> None:
    rows = [pupil(1, Young_carer="Y"), pupil(2, Young_carer=None)]
    confirmed(sqlite_service, check, rows, answers={"blank:Young carer": "no"})
    january = open_check(sqlite_service, JANUARY)
    upload = staged(sqlite_service, january, [*rows, pupil(3, Young_carer="N"), pupil(4, Young_carer=None)])
    asked = question(upload, "reading:Young carer")
    assert [option["value"] for option in asked["options"]] == ["last", "now"]
    assert _values(sqlite_service, upn(4))["young_carer"] is False
    change(sqlite_service, upload, answers={"reading:Young carer": "now"})
    assert "young_carer" not in _values(sqlite_service, upn(4))


def test_what_a_person_said_of_a_column_is_not_asked_again(sqlite_service, check) -> None:
    rows = [pupil(1, Young_carer="Y"), pupil(2, Young_carer=None)]
    confirmed(sqlite_service, check, rows, answers={"blank:Young carer": "not known"})
    upload = staged(sqlite_service, open_check(sqlite_service, JANUARY), [*rows, pupil(3, Young_carer=None)])
    assert "young_carer" not in _values(sqlite_service, upn(3))
    assert {item["id"] for item in upload["questions"]} == {"attendance_period"}


def test_a_schools_habits_are_kept_when_it_confirms(sqlite_service, check) -> None:
    rows = [pupil(1, Young_carer="Y", Carers_list="Y"), pupil(2, Young_carer=None, Carers_list=None)]
    answers = {"blank:Young carer": "no", "heading:Carers list": "early_help", "blank:Carers list": "no"}
    upload = staged(sqlite_service, check, rows)
    upload = change(sqlite_service, upload, answers={"heading:Carers list": "early_help"})
    upload = change(sqlite_service, upload, answers=answers)
    confirm(sqlite_service, upload)
    january = open_check(sqlite_service, JANUARY)
    asked = {item["id"] for item in staged(sqlite_service, january, rows)["questions"]}
    assert asked == {"attendance_period"}


# --- what is not kept -------------------------------------------------------------------------------------------------


def test_an_upload_is_withdrawn_and_nothing_of_it_stays(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1)])
    client = sqlite_service.as_("returns")
    assert client.delete(f"/v1/uploads/{upload['ref']}", headers={"if-match": '"1"'}).status_code == 412
    assert client.delete(f"/v1/uploads/{upload['ref']}").status_code == 204
    assert client.get(f"/v1/uploads/{upload['ref']}").json()["state"] == "withdrawn"
    with sqlite_service.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(t.upload_pupils)).scalar() == 0
        assert connection.execute(select(func.count()).select_from(t.upload_files)).scalar() == 0
    assert send(sqlite_service, check, csv([pupil(1)])).status_code == 201


def test_what_may_not_be_kept_is_nowhere_in_the_database(sqlite_service, check, tmp_path: Path) -> None:
    rows = [
        pupil(1, Comments="sentinel-unmapped"),
        pupil(2, Year_group=8, Surname="sentinel-outside"),
        pupil(3, Restricted_sharing="Y", Registration_group="sentinel-restricted", Forename="Kept"),
    ]
    confirmed(sqlite_service, check, rows)
    with sqlite_service.database.read() as connection:
        record = connection.execute(select(t.roll_pupils.c.record).order_by(t.roll_pupils.c.place.desc())).scalar()
        assert record["values"]["restricted_sharing"] is True
        assert {"attendance", "sen_provision", "young_carer", "registration_group"}.isdisjoint(record["values"])
    for file in tmp_path.glob("roni.db*"):
        content = file.read_bytes()
        for sentinel in (b"sentinel-unmapped", b"sentinel-outside", b"sentinel-restricted"):
            assert sentinel not in content
    assert b"Kept" in b"".join(file.read_bytes() for file in tmp_path.glob("roni.db*"))


def test_they_are_not_there_while_the_file_waits_either(sqlite_service, check, tmp_path: Path) -> None:
    staged(sqlite_service, check, [pupil(1, Comments="sentinel-unmapped")])
    assert not any(b"sentinel-unmapped" in file.read_bytes() for file in tmp_path.glob("roni.db*"))


def test_a_register_names_the_file_as_the_school_named_it(sqlite_service, check) -> None:
    confirmed(sqlite_service, check, [pupil(1), pupil(2)])
    notes = sqlite_service.as_("analyst").get(f"/v1/checks/{check}/register").json()["notes"]
    assert any(note.startswith("roll.csv (Invented Academy) says nothing") for note in notes), notes


def test_a_very_long_name_of_a_file_is_cut(sqlite_service, check) -> None:
    answer = send(sqlite_service, check, csv([pupil(1)]), name="Autumn term é" * 30 + " (final).csv")
    assert answer.status_code == 201
    name = answer.json()["file_name"]
    assert (name.startswith("Autumn term é"), name.endswith(".csv"), len(name.encode()) < 200) == (True, True, True)
