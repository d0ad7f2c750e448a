"""The client caseload return, as XML and as flat CSV."""

from __future__ import annotations

import tracemalloc
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from roni.errors import FileRefusedError, Problems
from roni.fields import national
from roni.outcomes import Outcome, activities, label_outcomes
from roni.readers.nccis import PERSON_FIELDS, characteristics, is_nccis, read_nccis
from roni.readers.raw import RawTable

UPN = "H801200001001"
FLAT = "DatabaseId,DateOfSend,PeriodEnd,YoungPersonsID,GivenName,Surname,DOB,Gender,UniqueLearnerNo,UniquePupilNumber"
FLAT += ",SENDFlag,SENSupportFlag,CharacteristicCode,ActivityCode,StartDate,DueToLapseDate,CurrencyLapsed,NeetStartDate"


def person(number: str = "1", upn: str = UPN, codes: str = "", activity: str = "", extra: str = "") -> str:
    marks = "".join(f"<CharacteristicCode>{code}</CharacteristicCode>" for code in codes.split())
    return f"""<YoungPersonsRecord>
      <PersonalDetails><YoungPersonsID>{number}</YoungPersonsID><GivenName>Ada</GivenName><MiddleName/>
        <FamilyName>Nuñez</FamilyName><AddressLine1>1 High Street</AddressLine1><Town>Bootle</Town>
        <Gender>F</Gender><DOB>2010-02-03</DOB><UniquePupilNumber>{upn}</UniquePupilNumber></PersonalDetails>
      <SeptemberGuarantee><Year11><GuaranteeStatus>Offer made</GuaranteeStatus><LEACode>343</LEACode></Year11>
      </SeptemberGuarantee>
      <LevelOfNeed><LevelOfNeedCode>1</LevelOfNeedCode><SENDFlag>Y</SENDFlag><SENSupportFlag></SENSupportFlag>
        <Characteristics>{marks}</Characteristics></LevelOfNeed>
      <Activities>{activity}</Activities>{extra}
    </YoungPersonsRecord>"""


def activity(code: str, start: str = "", **more: str) -> str:
    leaves = {"ActivityCode": code, "StartDate": start, **more}
    return "<Cohort>" + "".join(f"<{name}>{text}</{name}>" for name, text in leaves.items()) + "</Cohort>"


def xml(folder: Path, *persons: str, doctype: str = "", period_end: str = "2027-03-31") -> Path:
    header = (
        f"<FileHeader><SourceLEAs><LEACode>343</LEACode></SourceLEAs><PeriodEnd>{period_end}</PeriodEnd></FileHeader>"
    )
    path = folder / "return.xml"
    path.write_text(f'<?xml version="1.0"?>{doctype}<NCCIS>{header}{"".join(persons)}</NCCIS>', "utf-8")
    return path


def flat(folder: Path, *rows: dict[str, str], headings: str = FLAT) -> Path:
    names = headings.split(",")
    first = {"YoungPersonsID": "1", "UniquePupilNumber": UPN, "PeriodEnd": "31/03/2027"}
    lines = [headings, *(",".join((first | row).get(name, "") for name in names) for row in rows)]
    path = folder / "return.csv"
    path.write_text("\n".join(lines), "utf-8")
    return path


def column(table: RawTable, name: str) -> list[str | None]:
    return list(table.columns[table.headings.index(name)].to_pylist())


def test_every_heading_is_a_field_of_the_dictionary() -> None:
    told = {one.tells for one in activities().values() if one.tells}
    for name in {*PERSON_FIELDS.values(), *characteristics().values(), *told, "address"}:
        assert name in national(), name


def test_intended_destinations_are_codes_of_the_dictionary() -> None:
    allowed = national()["intended_destination"].codes
    assert all(one.intends is None or one.intends in allowed for one in activities().values())


# recognition


def test_a_return_is_known_by_what_it_holds(tmp_path: Path) -> None:
    assert is_nccis(xml(tmp_path, person()))
    assert is_nccis(flat(tmp_path, {}))
    other = tmp_path / "pupils.csv"
    other.write_text("UPN,Attendance\nA,90\n")
    assert not is_nccis(other)
    assert not is_nccis(tmp_path / "missing.xml")


def test_a_file_that_is_no_return_is_refused_by_name(tmp_path: Path) -> None:
    other = tmp_path / "page.html"
    other.write_text("<html><body>NCCIS</body></html>")
    with pytest.raises(FileRefusedError, match=r"page\.html: .*not a client caseload"):
        read_nccis(other)


# XML


def test_a_record_becomes_one_row_of_fields(tmp_path: Path) -> None:
    intended = "<IntendedDestination><IntendedDestinationYr11>310</IntendedDestinationYr11></IntendedDestination>"
    table = read_nccis(xml(tmp_path, person(codes="110 180", extra=intended))).table
    assert table.rows.tolist() == [1]
    expected = {
        "upn": UPN, "forename": "Ada", "surname": "Nuñez", "sex": "F", "date_of_birth": "2010-02-03", "ehcp": "Y",
        "looked_after": "yes", "pregnant": "yes", "offer_status": "Offer made", "address": "1 High Street Bootle",
        "intended_destination": "apprenticeship",
    }  # fmt: skip
    assert {name: column(table, name)[0] for name in table.headings} == expected


def test_what_no_record_states_is_no_column_and_what_one_lacks_is_blank(tmp_path: Path) -> None:
    table = read_nccis(xml(tmp_path, person("1", codes="140"), person("2", upn=""))).table
    assert column(table, "young_carer") == ["yes", None]
    assert column(table, "upn") == [UPN, None]
    assert not {"sen_support", "looked_after", "custody"} & set(table.headings)


def test_activities_tell_custody_of_the_person_they_belong_to(tmp_path: Path) -> None:
    table = read_nccis(xml(tmp_path, person("1"), person("2", upn="", activity=activity("710")))).table
    assert column(table, "custody") == [None, "yes"]


def test_a_document_type_is_harmless_and_namespaces_do_not_matter(tmp_path: Path) -> None:
    path = xml(tmp_path, person(), doctype='<!DOCTYPE NCCIS SYSTEM "nowhere.dtd">')
    path.write_text(path.read_text("utf-8").replace("<NCCIS>", '<NCCIS xmlns="urn:x">'), "utf-8")
    assert len(read_nccis(path).table) == 1


@pytest.mark.parametrize("entity", ['<!ENTITY a "lol">', '<!ENTITY a SYSTEM "file:///etc/hostname">'])
def test_entities_are_refused(tmp_path: Path, entity: str) -> None:
    path = xml(tmp_path, person(upn="&a;"), doctype=f"<!DOCTYPE NCCIS [{entity}]>")
    with pytest.raises(FileRefusedError, match=r"return\.xml: the file declares entities"):
        read_nccis(path)


def test_xml_that_breaks_off_is_refused_whole(tmp_path: Path) -> None:
    path = xml(tmp_path, person(), person("2"))
    path.write_text(path.read_text("utf-8")[:-20], "utf-8")
    with pytest.raises(FileRefusedError, match=r"return\.xml: the XML is broken at line \d+"):
        read_nccis(path)


def test_a_return_without_a_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="no record of a young person"):
        read_nccis(xml(tmp_path))


def test_a_long_return_streams_in_bounded_memory(tmp_path: Path) -> None:
    one = person(activity=activity("619", "2026-09-01")) + "<!-- " + "x" * 4000 + " -->"
    path = xml(tmp_path, *[one] * 4000)
    tracemalloc.start()
    try:
        assert len(read_nccis(path).table) == 4000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < path.stat().st_size / 2


# spells


def test_activities_become_spells_under_the_key_a_cohort_uses(tmp_path: Path) -> None:
    college = activity("230", "2026-09-07", DueToLapseDate="2027-08-31")
    other = person("2", upn="", activity=activity("619", "2027-01-11"))
    spells = read_nccis(xml(tmp_path, person(activity=college), other)).spells
    assert spells.keys.to_pylist() == [UPN, "YPID 2"]
    assert (spells.code.tolist(), spells.status.tolist()) == ([230, 619], [-1, 1])
    assert spells.start.astype(str).tolist() == ["2026-09-07", "2027-01-11"]
    assert spells.lapse.astype(str).tolist() == ["2027-08-31", "NaT"]
    assert spells.as_at.astype(str).tolist() == ["2027-03-31"] * 2


def test_a_neet_spell_starts_with_neet_and_a_spell_without_a_start_when_it_was_ascertained(tmp_path: Path) -> None:
    sick = activity("640", "2027-02-01", NEETStartDate="2026-11-01")
    college = activity("230", "2027-02-01", NEETStartDate="2026-11-01")
    undated = activity("230", DateAscertained="2026-10-05")
    path = xml(tmp_path, person("1", activity=sick), person("2", activity=college), person("3", activity=undated))
    starts = read_nccis(path).spells.start.astype(str).tolist()
    assert starts == ["2026-11-01", "2027-02-01", "2026-10-05"]


def test_a_lapsed_activity_without_a_date_was_not_current_when_the_return_was_made(tmp_path: Path) -> None:
    lapsed = activity("230", "2026-09-01", CurrencyLapsed="Y")
    spells = read_nccis(xml(tmp_path, person(activity=lapsed))).spells
    assert label_outcomes(spells, Outcome.neet_on(date(2027, 3, 30))).label.tolist() == [-1]
    assert label_outcomes(spells, Outcome.neet_on(date(2027, 3, 31))).label.tolist() == [0]


def test_an_unknown_activity_is_a_problem_and_not_known(tmp_path: Path) -> None:
    found = read_nccis(xml(tmp_path, person("1"), person("2", activity=activity("999", "2026-09-01"))))
    (problem,) = Problems(found.table.problems)
    assert (problem.code, problem.file, problem.row) == ("activity_unknown", "return.xml", 2)
    assert found.spells.status.tolist() == [0]


# flat CSV


def test_rows_of_one_person_share_what_any_of_them_says(tmp_path: Path) -> None:
    rows = [
        {"CharacteristicCode": "110"},
        {"CharacteristicCode": "170.0"},
        {"YoungPersonsID": "2", "UniquePupilNumber": ""},
    ]
    table = read_nccis(flat(tmp_path, *rows)).table
    assert table.rows.tolist() == [2, 3, 4]
    assert column(table, "looked_after") == ["yes", "yes", None]
    assert column(table, "youth_justice") == ["yes", "yes", None]
    assert table.how["persons"].startswith("2 on 3 rows")


def test_repeated_headings_of_characteristics_are_all_read(tmp_path: Path) -> None:
    path = flat(tmp_path, {"CharacteristicCode": "110"}, headings=FLAT + ",Extra")
    path.write_text(path.read_text().replace("Extra", "CharacteristicCode"), "utf-8")
    path.write_text(path.read_text() + "140", "utf-8")
    table = read_nccis(path).table
    assert (column(table, "looked_after"), column(table, "young_carer")) == (["yes"], ["yes"])


def test_the_same_activity_on_several_rows_is_one_spell(tmp_path: Path) -> None:
    doing = {"ActivityCode": "619", "StartDate": "01/09/2026", "NeetStartDate": "01/07/2026"}
    spells = read_nccis(flat(tmp_path, doing | {"CharacteristicCode": "110"}, doing, {})).spells
    assert len(spells) == 2
    labels = label_outcomes(spells, Outcome.persistently_neet(date(2026, 7, 1), date(2026, 10, 31)))
    assert (labels.keys.to_pylist(), labels.label.tolist()) == ([UPN], [1])
    assert np.all(spells.as_at == np.datetime64("2027-03-31"))


def test_xml_and_csv_of_one_person_say_the_same(tmp_path: Path) -> None:
    row = {"GivenName": "Ada", "CharacteristicCode": "110", "ActivityCode": "230", "StartDate": "2026-09-07"}
    one = read_nccis(flat(tmp_path, row))
    two = read_nccis(xml(tmp_path, person(codes="110", activity=activity("230", "2026-09-07"))))
    for name in ("upn", "forename", "looked_after"):
        assert column(one.table, name) == column(two.table, name)
    for name in ("code", "status", "start", "as_at"):
        assert getattr(one.spells, name).tolist() == getattr(two.spells, name).tolist()
