"""Extracts for notebooks: readable by the library, and saying of nobody who it is."""

from __future__ import annotations

import hashlib
import io
import re

import numpy as np
import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from roni import cohort_from_dict, cohort_to_dict, get_check, national, read_cohort, score
from service import tables as t
from service.registers.cohorts import load
from tests.service.rolls import YEAR, AcademicYear, add_check, fill, invented, shipped
from tests.service.test_models_shelf import ref_of

SENTINEL = "Zxqv"
CHECK = get_check("november", AcademicYear(YEAR))


def with_sentinels(pupils: int = 40, restricted: int = 2):
    """A cohort in which every text names the pupil, and the first ones are restricted."""
    data = cohort_to_dict(invented(pupils))
    texts = [name for name, item in national().items() if item.type == "text" and not item.form]
    for place, record in enumerate(data["pupils"]):
        record["values"] |= dict.fromkeys(texts, f"{SENTINEL}{place}")
        record["values"] |= {"date_of_birth": f"2011-03-{place % 20 + 7:02d}", "upn": f"A99999{place:07d}"}
        record["key"] = record["values"]["upn"]
        if place < restricted:
            record["values"]["restricted_sharing"] = True
    data["columns"] = list(dict.fromkeys([*data["columns"], *texts, "date_of_birth", "upn", "restricted_sharing"]))
    return cohort_from_dict(data)


@pytest.fixture
def extracted(sqlite_service):
    """A service, its check, and the check's reference."""
    check = add_check(sqlite_service)
    fill(sqlite_service, check, {"100001": with_sentinels()})
    return sqlite_service, check, ref_of(sqlite_service, check)


def take(service, ref: str, **asked):
    return service.as_("analyst").post(f"/v1/checks/{ref}/extracts", json=asked)


def table_of(answer):
    return pq.read_table(io.BytesIO(answer.content))


def test_no_identifier_is_in_the_bytes(extracted) -> None:
    service, _, ref = extracted
    csv, parquet = take(service, ref, format="csv"), take(service, ref)
    assert (csv.status_code, parquet.status_code) == (200, 200)
    texts = [csv.text, str(table_of(parquet).to_pydict()), csv.content.decode(), parquet.content.decode("latin-1")]
    with service.database.read() as connection:
        known = [value for row in connection.execute(select(t.pupils.c.ref, t.pupils.c.key)) for value in row]
        known += [
            value
            for row in connection.execute(select(t.schools.c.name, t.schools.c.urn, t.schools.c.ref))
            for value in row
        ]
    for text in texts:
        assert SENTINEL.casefold() not in text.casefold()
        assert not any(value in text for value in known)
        assert not re.search(r"2011-03-(?!01)", text)  # a birth date with its day


def test_restricted_pupils_are_not_in_it(extracted) -> None:
    service, _, ref = extracted
    assert table_of(take(service, ref)).num_rows == 38


def test_the_library_reads_it_and_scores_it_as_the_service_does(extracted, tmp_path) -> None:
    service, check, ref = extracted
    with service.database.read() as connection:
        row = connection.execute(select(t.checks).where(t.checks.c.id == check)).one()
        kept = load(connection, row).cohort
    kept = kept.take(np.flatnonzero(kept.column("restricted_sharing") <= 0))
    expected = score(kept, shipped())
    for kind in ("csv", "parquet"):
        file = tmp_path / f"extract.{kind}"
        file.write_bytes(take(service, ref, format=kind).content)
        cohort = read_cohort(file, CHECK)
        assert len(cohort) == len(kept)
        assert set(cohort.problems.counts()) <= {"sources_disagree"}
        found = score(cohort, shipped())
        assert sorted(found.assessment.points.tolist()) == sorted(expected.assessment.points.tolist())
        assert sorted(found.assessment.points_max.tolist()) == sorted(expected.assessment.points_max.tolist())


def test_two_extracts_cannot_be_joined(extracted) -> None:
    service, _, ref = extracted
    first, second = (set(table_of(take(service, ref)).column(0).to_pylist()) for _ in range(2))
    assert len(first) == len(second) == 38
    assert not first & second


def test_the_secret_is_kept_nowhere(extracted) -> None:
    service, _, ref = extracted
    pseudonym = table_of(take(service, ref)).column(0).to_pylist()[0].removeprefix("pupil-")
    with service.database.read() as connection:
        for table in t.metadata.sorted_tables:
            assert pseudonym not in str(connection.execute(select(table)).all())


def test_only_the_fields_asked_for_are_in_it(extracted) -> None:
    service, _, ref = extracted
    table = table_of(take(service, ref, fields=["attendance", "date_of_birth"]))
    fields = national()
    wanted = ["admission_number", "school_name", "district", "birth_month", "attendance"]
    assert sorted(table.column_names) == sorted(fields[name].headings[0] for name in wanted)


@pytest.mark.parametrize("name", ["upn", "surname", "other_workers", "restricted_sharing", "ethnicity", "nonsense"])
def test_what_an_extract_may_not_have_is_refused_by_name(extracted, name) -> None:
    service, _, ref = extracted
    answer = take(service, ref, fields=["attendance", name])
    assert (answer.status_code, answer.json()["code"]) == (422, "fields")
    assert answer.json()["fields"] == ([] if name == "nonsense" else [name])
    assert "attendance" in answer.json()["allowed"]


def test_what_was_taken_is_written_down(extracted) -> None:
    service, _, ref = extracted
    answer = take(service, ref, fields=["attendance"], format="csv")
    digest = hashlib.sha256(answer.content).hexdigest()
    assert answer.headers["x-sha256"] == digest
    listed = service.as_("analyst").get(f"/v1/checks/{ref}/extracts").json()["items"]
    assert [(item["digest"], item["pupils"], item["fields"], item["by"]) for item in listed] == [
        (digest, 38, ["attendance"], "Invented analyst")
    ]
    assert answer.headers["content-disposition"] == 'attachment; filename="extract-november-2026-27.csv"'
    with service.database.read() as connection:
        event = t.audit_events.c
        said = connection.execute(select(event.pupils).where(event.action == "extract.make")).scalar()
    assert len(said.split()) == 38


@pytest.mark.parametrize("who", ["returns", "careers", "coach", "virtual_school", "panel", "administrator"])
def test_only_analysts_take_extracts(module_service, who) -> None:
    client = module_service.as_(who)
    assert client.post("/v1/checks/check-none/extracts", json={}).status_code == 403
    assert client.get("/v1/checks/check-none/extracts").status_code == 403


def test_an_extract_of_nobody_is_refused(sqlite_service) -> None:
    ref = ref_of(sqlite_service, add_check(sqlite_service))
    answer = take(sqlite_service, ref)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_pupils")


def test_a_key_sent_again_is_answered_again(extracted) -> None:
    service, _, ref = extracted
    client = service.as_("analyst")
    for _ in range(2):
        answer = client.post(f"/v1/checks/{ref}/extracts", json={}, headers={"idempotency-key": "once"})
        assert answer.status_code == 200
