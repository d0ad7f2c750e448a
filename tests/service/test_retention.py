"""Retention: a dry run first; a pupil erased wholly while the audit stays whole; everything stored told on request."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from roni import RoniError
from service import audit
from service import tables as t
from service.access import Access
from service.clock import now
from service.refs import new_ref
from service.reports import retention
from service.reports.policy import parse_policy, shipped_policy
from tests.service.council_lists import listed, live_list, staged_list
from tests.service.uploading import JANUARY, confirmed, open_check, pupil, staged, upn

SURNAME, FORENAME, NOTE, REASON, TOLD = (
    "Sentinelsurname",
    "Sentinelforename",
    "sentinelnote",
    "sentinelreason",
    "sentinelsaid",
)
SENTINELS = (SURNAME, FORENAME, NOTE, REASON, TOLD, upn(7))


def furnish(service):
    """A pupil about whom something is stored wherever something can be."""
    check = open_check(service)
    who = pupil(7, Surname=SURNAME, Forename=FORENAME)
    confirmed(service, check, [who, pupil(1), pupil(2)])
    live_list(service, [*listed(1), {"UPN": upn(7), "Surname": SURNAME}])
    staged_list(service, [{"UPN": None, "Surname": SURNAME, "Forename": FORENAME}], as_at="2026-11-05")
    january = open_check(service, JANUARY)
    staged(service, january, [{**who, "Attendance %": 51.5}, pupil(1)])
    with service.database.write(Access.system()) as connection:
        number = connection.execute(select(t.pupils.c.id).where(t.pupils.c.upn == upn(7))).scalar_one()
        coach = service.people["coach"]
        said = {"ref": new_ref("x"), "by_id": coach, "pupil_id": number}
        check_id = connection.execute(select(t.checks.c.id).where(t.checks.c.ref == check)).scalar_one()
        connection.execute(
            insert(t.contacts).values(
                **said,
                check_id=check_id,
                on=date(2026, 11, 3),
                kind="phone",
                outcome="reached",
                note=NOTE,
                note_for="own",
            )
        )
        connection.execute(
            insert(t.moderations).values(
                **said, check_id=check_id, kind="priority", why="other", reason=REASON, role="coach", state="standing"
            )
        )
        connection.execute(insert(t.pupil_requests).values(**said, kind="correction", said=TOLD))
        connection.execute(insert(t.assignments).values(pupil_id=number, by_id=coach, coach_id=coach))
        connection.execute(
            insert(t.idempotency).values(caller="c", key="k", request="r", status=200, headers={}, body=SURNAME)
        )
    return service


@pytest.fixture
def council(sqlite_service):
    return furnish(sqlite_service)


def find(service, number: int = 7) -> str:
    answer = service.as_("administrator").post("/v1/pupils/lookup", json={"upn": upn(number)})
    assert answer.status_code == 200, answer.text
    (ref,) = answer.json()["pupils"]
    return str(ref)


def erase(service, ref: str, who: str = "administrator", reason: str = "request"):
    return service.as_(who).request("DELETE", f"/v1/pupils/{ref}", json={"reason": reason})


def stored(service) -> bytes:
    """Every byte of the database's files."""
    path = Path(service.settings.database_url.removeprefix("sqlite:///"))
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(path.name + "*")))


def test_an_erased_pupil_is_gone_from_every_table_and_the_audit_stays_whole(service) -> None:
    furnish(service)
    answer = erase(service, find(service))
    assert answer.status_code == 200
    assert answer.json()["still_sent"] is True
    counts = answer.json()["counts"]
    assert counts["pupils"] == 1
    assert {"contacts", "moderations", "pupil_requests", "assignments", "register_rows", "roll_pupils"} <= set(counts)
    with service.database.read(Access.system()) as connection:
        for table in t.metadata.sorted_tables:
            text = "\n".join(str(dict(row)) for row in connection.execute(select(table)).mappings())
            assert [word for word in SENTINELS if word in text] == [], table.name
        assert audit.first_break(connection) is None
        event = t.audit_events.c
        last = connection.execute(select(t.audit_events).order_by(event.id.desc()).limit(1)).one()
        links = set(connection.execute(select(t.pupil_links.c.audit_ref)).scalars())
    assert (last.action, json.loads(last.detail)) == ("pupil.erase", {"reason": "request"})
    assert last.pupils
    assert last.pupils not in links


def test_nothing_of_an_erased_pupil_stands_in_the_files_of_the_database(council) -> None:
    before = stored(council)
    assert all(word.encode() in before for word in SENTINELS)
    council.as_("returns")  # somebody else's connection stays open
    answer = erase(council, find(council))
    assert answer.json()["overwritten"] is True
    after = stored(council)
    assert [word for word in SENTINELS if word.encode() in after] == []
    assert b"Surname1" in after


def test_the_others_stay(council) -> None:
    erase(council, find(council))
    items = council.as_("analyst").get("/v1/checks").json()["items"]
    november = next(item["ref"] for item in items if item["name"] == "november")
    register = council.as_("analyst").get(f"/v1/checks/{november}/register").json()
    assert len(register["items"]) == 2
    uploads = [row.state for row in _rows(council, t.uploads)]
    assert sorted(uploads) == ["confirmed", "withdrawn"]  # the file that was not confirmed cannot be cut


def _rows(service, table):
    with service.database.read(Access.system()) as connection:
        return connection.execute(select(table)).all()


def test_erasing_twice_finds_nobody(council) -> None:
    ref = find(council)
    assert erase(council, ref).status_code == 200
    assert erase(council, ref).status_code == 404
    answer = council.as_("administrator").post("/v1/pupils/lookup", json={"upn": upn(7)})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_reason_of_an_erasure_is_a_code_for_words_could_name_the_child(council) -> None:
    assert erase(council, find(council), reason="Una asked").status_code == 422


def test_only_the_administrator_erases_looks_up_and_exports(council) -> None:
    ref = find(council)
    for who in ("returns", "careers", "coach", "virtual_school", "panel", "analyst"):
        assert erase(council, ref, who).status_code == 403
        client = council.as_(who)
        assert client.post("/v1/pupils/lookup", json={"upn": upn(7)}).status_code == 403
        assert client.get(f"/v1/pupils/{ref}/subject-access").status_code == 403
        assert client.post("/v1/retention/runs", json={"dry": True}).status_code == 403


def test_looking_up_gives_a_reference_and_nothing_else(council) -> None:
    administrator = council.as_("administrator")
    answer = administrator.post("/v1/pupils/lookup", json={"upn": upn(7).lower()})
    assert list(answer.json()) == ["pupils"]
    assert SURNAME not in answer.text
    for body in ({}, {"upn": upn(7), "uln": "1"}, {"name": SURNAME}):
        refused = administrator.post("/v1/pupils/lookup", json=body)
        assert refused.status_code == 422
        assert SURNAME not in refused.text


def test_a_subject_access_export_holds_everything_that_is_stored(council) -> None:
    ref = find(council)
    answer = council.as_("administrator").get(f"/v1/pupils/{ref}/subject-access")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    told = answer.json()
    for word in SENTINELS:
        assert word in answer.text
    assert told["pupil"]["name"] == f"{SURNAME}, {FORENAME}"
    assert told["rolls"][0]["values"]["attendance"] == 89.5
    assert told["lists"][0]["being_on_it_means"] == "looked after"
    assert [item["note"] for item in told["contacts"]] == [NOTE]
    assert told["files_not_confirmed"][0]["record"]["attendance"] == 51.5
    actions = [item["action"] for item in told["seen_and_changed_by"]]
    assert "roll.confirm" in actions
    assert "pupil.lookup" in actions
    assert all(told[part] for part in ("registers", "moderations", "coaches", "requests", "resolutions"))
    with council.database.read() as connection:
        ids = {row.id for row in connection.execute(select(t.pupils.c.id))}
    assert all(f'"pupil_id":{number}' not in answer.text for number in ids)


def test_a_run_needs_a_dry_run_before_it(council) -> None:
    administrator = council.as_("administrator")
    answer = administrator.post("/v1/retention/runs", json={"dry": False})
    assert (answer.status_code, answer.json()["code"]) == (409, "dry_run_first")
    dry = administrator.post("/v1/retention/runs", json={"dry": True})
    assert dry.status_code == 201
    assert {rule["name"]: rule["count"] for rule in dry.json()["rules"]} == dict.fromkeys(retention.DUE, 0)
    done = administrator.post("/v1/retention/runs", json={"dry": False}).json()
    assert (done["dry"], done["overwritten"]) == (False, council.database.sqlite)
    assert administrator.post("/v1/retention/runs", json={"dry": False}).status_code == 409
    kinds = [item["dry"] for item in administrator.get("/v1/retention/runs").json()["items"]]
    assert kinds == [False, True]


def test_a_dry_run_deletes_nothing_and_a_run_what_it_counted(service) -> None:
    furnish(service)
    long_ago = now() - timedelta(days=1200)
    with service.database.write(Access.system()) as connection:
        connection.execute(update(t.pupils).where(t.pupils.c.upn == upn(7)).values(leavers=long_ago.year - 1))
        connection.execute(update(t.pupils).where(t.pupils.c.upn == upn(2)).values(died_at=long_ago))
        connection.execute(update(t.uploads).values(created_at=long_ago))
        connection.execute(update(t.uploads).where(t.uploads.c.state == "confirmed").values(confirmed_at=long_ago))
        connection.execute(update(t.supplements).values(created_at=long_ago, confirmed_at=long_ago))
    administrator = service.as_("administrator")
    dry = administrator.post("/v1/retention/runs", json={"dry": True}).json()
    counts = {rule["name"]: rule["count"] for rule in dry["rules"] if rule["count"]}
    assert counts == {"files_not_confirmed": 1, "lists_not_confirmed": 1, "pupils_grown_up": 1, "pupils_died": 1}
    with service.database.read(Access.system()) as connection:
        assert connection.execute(select(func.count()).select_from(t.pupils)).scalar() == 3
    done = administrator.post("/v1/retention/runs", json={"dry": False}).json()
    assert {rule["name"]: rule["count"] for rule in done["rules"] if rule["count"]} == counts
    with service.database.read(Access.system()) as connection:
        assert list(connection.execute(select(t.pupils.c.upn)).scalars()) == [upn(1)]
        assert list(connection.execute(select(t.supplements.c.state)).scalars()) == ["live"]
        assert audit.first_break(connection) is None


def test_pupils_are_kept_three_years_from_the_end_of_their_august(council) -> None:
    rule = next(rule for rule in shipped_policy().rules if rule.name == "pupils_grown_up")
    cases = ((2023, date(2026, 8, 31), False), (2023, date(2026, 9, 1), True), (2024, date(2026, 12, 1), False))
    with council.database.write(Access.system()) as connection:
        for summer, on, is_due in cases:
            connection.execute(update(t.pupils).where(t.pupils.c.upn == upn(7)).values(leavers=summer))
            assert bool(retention.due(connection, rule, on)) is is_due


def test_every_rule_of_the_shipped_policy_is_known_and_says_why() -> None:
    policy = shipped_policy()
    assert [rule.name for rule in policy.rules] == list(retention.DUE)
    assert all(rule.source and rule.unverified for rule in policy.rules)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense", "no retention policy"),
        ('version = "1"\nsince = 2026-09-01\n[[rule]]\nname = "x"', "a rule has name, what, after, days and source"),
        (
            'version = "1"\nsince = 2026-09-01\n[[rule]]\nname = "x"\nwhat = ""\nafter = ""\nsource = ""\ndays = 0',
            "“x” needs a whole number of days",
        ),
    ],
)
def test_a_policy_that_is_wrong_is_refused_with_what_is_wrong(text: str, sentence: str) -> None:
    with pytest.raises(RoniError, match=sentence):
        parse_policy(text)


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, ("1 thing is due", "Go on to delete it")), (2, ("2 things are due", "Go on to delete them"))],
)
def test_one_thing_is_deleted_as_one(sqlite_service, count: int, words: tuple[str, str]) -> None:
    with sqlite_service.database.write() as connection:
        row = {"dry": True, "policy": shipped_policy().version, "counts": {"idempotency": count}}
        connection.execute(insert(t.retention_runs).values(**row, by_id=sqlite_service.people["administrator"]))
    page = sqlite_service.browser("administrator").get("/retention").text
    assert all(said in page for said in words)
