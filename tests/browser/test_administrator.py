"""The administrator's journey: people, roles, schools, tokens, the audit, retention; pupils are named nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from sqlalchemy import select, update

from service import tables as t
from service.accounts import passwords
from service.clock import now
from tests.browser.service import Live, path_of
from tests.service.conftest import furnish, start, stop
from tests.service.rolls import add_check, fill, invented
from tests.service.uploading import JANUARY, open_check, pupil, staged

PASSWORD = "correct-horse-battery"


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A check of three schools, somebody of every role, and a file that came long ago and was never confirmed."""
    service = furnish(start(f"sqlite:///{tmp_path_factory.mktemp('administrator') / 'roni.db'}", council="Bexford"))
    staged(service, open_check(service, JANUARY), [pupil(7, Surname="Sentinelsurname"), pupil(1)])
    check = add_check(service)
    fill(service, check, {urn: invented(20, school=place) for place, urn in enumerate(service.schools)})
    service.as_("coach").get(f"/v1/checks/{november(service).ref}/register")  # so that the audit has a reader
    with service.database.write() as connection:
        connection.execute(update(t.uploads).values(created_at=now() - timedelta(days=40)))
        kept = {"password_hash": passwords.hash_password(PASSWORD)}
        connection.execute(update(t.people).where(t.people.c.id == service.people["administrator"]).values(**kept))
    yield service
    stop(service)


def november(council: Any) -> Any:
    with council.database.read() as connection:
        return connection.execute(select(t.checks).where(t.checks.c.name == "november")).one()


@pytest.fixture(scope="module")
def live_address(council: Any, live_server: Callable[[Any], str]) -> str:
    return live_server(council.app)


@pytest.fixture
def live(council: Any, live_address: str, visit: Any) -> Live:
    return Live(council, live_address, visit)


@pytest.fixture
def administrator(live: Live) -> Any:
    return live.as_("administrator")


def said(page: Any) -> str:
    """What the page says was done."""
    return str(page.inner_text(".govuk-notification-banner"))


def test_the_administrator_signs_in_and_sees_what_there_is_to_do(live: Live) -> None:
    somebody = live.visit(live.address)
    page = somebody.page
    somebody.open("/people")
    assert path_of(somebody) == "/sign-in"
    somebody.look("administrator-sign-in")
    page.get_by_label("E-mail address").fill("administrator@example.org")
    page.get_by_label("Password", exact=True).fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    assert page.locator(".govuk-error-summary").is_visible()
    somebody.look("administrator-sign-in-error")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    assert path_of(somebody) == "/people"
    somebody.open("/")
    somebody.look("administrator-home")


def test_a_person_is_added_and_given_a_role_at_a_school_that_is_ended_again(administrator: Any) -> None:
    page = administrator.page
    administrator.open("/people")
    administrator.look("administrator-people")
    page.get_by_role("button", name="Add a person").click()
    page.get_by_role("button", name="Add this person").click()
    assert "Enter the person’s name" in page.inner_text(".govuk-error-summary")
    administrator.look("administrator-person-error")
    page.get_by_label("Name", exact=True).fill("Pat Sample-Featherstonehaugh of the Examinations and Data Office")
    page.get_by_label("E-mail address").fill("pat@school.example")
    page.get_by_role("button", name="Add this person").click()
    secret = page.inner_text(".govuk-panel code")
    administrator.look("administrator-person-added")
    page.get_by_label("Role", exact=True).select_option(label="School returns")
    page.get_by_role("button", name="Give this role").click()
    assert page.locator(".govuk-error-summary").is_visible()
    assert page.get_by_label("Role", exact=True).input_value() == "returns"
    administrator.look("administrator-role-error")
    page.get_by_label("School", exact=True).select_option("100002")
    page.get_by_role("button", name="Give this role").click()
    assert "The role is given" in said(page)
    assert secret not in page.content()
    administrator.look("administrator-person")
    page.get_by_role("button", name="End this role").click()
    assert "The role is ended" in said(page)
    assert "No role yet" in page.inner_text("main")
    administrator.look("administrator-person-no-role")


def test_a_school_is_added_and_changed(administrator: Any) -> None:
    page = administrator.page
    administrator.open("/schools")
    administrator.look("administrator-schools")
    page.get_by_role("button", name="Add a school").click()
    page.get_by_label("URN").fill("12")
    page.get_by_label("Name", exact=True).fill("Ash School")
    page.get_by_role("button", name="Add this school").click()
    assert "Enter the school’s URN" in page.inner_text(".govuk-error-summary")
    administrator.look("administrator-school-error")
    page.get_by_label("URN").fill("100009")
    page.get_by_role("button", name="Add this school").click()
    assert "The school is added" in said(page)
    page.get_by_role("link", name="Ash School").click()
    page.get_by_label("Whom to ask at the school").fill("Attendance office, 01632 960000")
    administrator.look("administrator-school")
    page.get_by_role("button", name="Save").click()
    assert "The changes are saved" in said(page)
    assert "01632 960000" in page.inner_text("main table")


def test_a_token_is_shown_once_and_revoked(administrator: Any) -> None:
    page = administrator.page
    administrator.open("/account")
    page.get_by_label("What it is for").fill("Nightly count of accounts")
    page.get_by_role("button", name="Make a token").click()
    assert "Choose at least one thing" in page.inner_text(".govuk-error-summary")
    assert page.get_by_label("What it is for").input_value() == "Nightly count of accounts"
    administrator.look("administrator-token-error")
    page.get_by_label("Manage people and roles").check()
    page.get_by_role("button", name="Make a token").click()
    secret = page.inner_text(".govuk-panel code")
    assert secret.startswith("roni_")
    administrator.look("administrator-token")
    administrator.open("/account")
    assert secret not in page.content()
    administrator.look("administrator-account")
    page.get_by_role("button", name="Revoke Nightly count of accounts").click()
    assert "The token is revoked" in said(page)
    assert "Nightly count of accounts" not in page.inner_text("main")


def test_the_audit_is_searched_and_names_no_pupil(administrator: Any, council: Any) -> None:
    page = administrator.page
    administrator.open("/audit")
    administrator.look("administrator-audit")
    page.get_by_label("E-mail address of who did it").fill("coach@example.org")
    page.get_by_label("What was done").select_option(label="Register read")
    page.get_by_role("button", name="Find", exact=True).first.click()
    assert page.locator("main tbody tr").count() == 1
    assert "Invented coach" in page.inner_text("main tbody")
    administrator.look("administrator-audit-found")
    page.get_by_label("From, like 2026-11-02").fill("yesterday")
    page.get_by_role("button", name="Find", exact=True).first.click()
    assert "Enter a date like 2026-11-02" in page.inner_text(".govuk-error-summary")
    administrator.look("administrator-audit-error")
    administrator.open("/audit")
    page.get_by_text("Find every event about one pupil").click()
    upn = pupils(council)[0].upn
    page.get_by_label("The pupil’s UPN, or reference").fill(upn)
    page.get_by_role("button", name="Find", exact=True).last.click()
    assert "Register read" in page.inner_text("main tbody")
    assert upn not in page.url
    administrator.look("administrator-audit-pupil")
    page.get_by_role("link", name="check that the record is whole").click()
    assert page.inner_text("h1") == "The audit is whole"
    administrator.look("administrator-audit-whole")


def test_retention_is_counted_before_anything_goes(administrator: Any, council: Any) -> None:
    page = administrator.page
    administrator.open("/retention")
    administrator.look("administrator-retention")
    page.get_by_role("button", name="Count what is due").click()
    assert "Nothing was deleted" in said(page)
    assert "1 thing is due" in page.inner_text("main")
    administrator.look("administrator-retention-counted")
    page.get_by_role("button", name="Go on to delete").click()
    page.get_by_role("button", name="Delete what is due").click()
    assert "Tick the box" in page.inner_text(".govuk-error-summary")
    administrator.look("administrator-retention-error")
    with council.database.read() as connection:
        assert connection.execute(select(t.uploads.c.id)).all()
    administrator.open("/retention")
    page.get_by_label("UPN, also a former one").fill(pupils(council)[0].upn)
    page.get_by_role("button", name="Find the pupil").click()
    assert "no name is shown" in page.inner_text("main")
    administrator.look("administrator-retention-pupil")


def pupils(council: Any) -> list[Any]:
    with council.database.read() as connection:
        return list(connection.execute(select(t.pupils).where(t.pupils.c.upn.is_not(None))))


def test_no_page_names_a_pupil_and_the_list_is_refused(administrator: Any, council: Any) -> None:
    page = administrator.page
    paths = ["/", "/people", "/schools", "/account", "/audit", "/retention", "/checks"]
    names = {row.name for row in pupils(council)} | {row.upn for row in pupils(council)}
    names |= {" ".join(reversed(row.name.split(", "))) for row in pupils(council)} | {"Sentinelsurname"}
    for path in paths:
        assert administrator.open(path).status in (200, 403), path
        assert {name for name in names if name in page.content()} == set(), path
    check, one = november(council).ref, pupils(council)[0].ref
    for path in (f"/checks/{check}/register", f"/checks/{check}/pupils/{one}"):
        assert administrator.open(path).status == 403
        assert {name for name in names if name in page.content()} == set(), path
    administrator.look("administrator-refused")


def test_everything_works_without_scripts(live: Live) -> None:
    administrator = live.as_("administrator", java_script_enabled=False)
    page = administrator.page
    administrator.open("/people/new")
    page.get_by_label("Name", exact=True).fill("Robin Example")
    page.get_by_label("E-mail address").fill("robin@school.example")
    page.get_by_role("button", name="Add this person").click()
    page.get_by_label("Role", exact=True).select_option(label="Analyst")
    page.get_by_role("button", name="Give this role").click()
    assert "The role is given" in said(page)
    administrator.open("/account")
    page.get_by_label("What it is for").fill("Nightly")
    page.get_by_label("Search the audit").check()
    page.get_by_role("button", name="Make a token").click()
    page.get_by_role("link", name="My account").click()
    page.get_by_role("button", name="Revoke Nightly").click()
    assert "The token is revoked" in said(page)
    administrator.open("/retention")
    page.get_by_role("button", name="Count what is due").click()
    assert "Nothing was deleted" in said(page)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/people/new", ["Name", "E-mail address", "Add this person"]),
        ("/schools/new", ["URN", "Name", "Add this school"]),
        ("/account", ["What it is for", "Manage people and roles", "Make a token"]),
        ("/audit", ["E-mail address of who did it", "What was done", "Find", "Find every event about one pupil"]),
        ("/retention", ["UPN, also a former one", "Find the pupil"]),
    ],
)
def test_the_keyboard_reaches_the_main_action(administrator: Any, path: str, wanted: list[str]) -> None:
    administrator.open(path)
    stops = [re.sub(r"\s+", " ", stop) for stop in administrator.stops()]
    assert [stop for stop in stops if stop in wanted][: len(wanted)] == wanted
