"""A check changed on its page: only what was changed is sent, and a form that is out of date loses nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from roni import load_scorecard
from service import tables as t
from service.clock import now, today
from tests.service.caseloads import Checked, fresh
from tests.service.page_forms import form_of


@pytest.fixture
def november(tmp_path, start_service) -> Checked:
    checked = fresh(tmp_path, start_service)
    with checked.service.database.write() as connection:
        connection.execute(update(t.checks).values(stage="draft"))
        for school in checked.service.schools.values():
            connection.execute(insert(t.check_schools).values(check_id=checked.check_id, school_id=school))
    return checked


class Page:
    """The analyst's page of the check: its form, as it was when it was opened."""

    def __init__(self, november: Checked, who: str = "analyst") -> None:
        self.browser, self.address = november.service.browser(who), f"/checks/{november.ref}/change"
        opened = self.browser.get(self.address)
        assert opened.status_code == 200
        self.form = form_of(opened.text, self.address)

    def say(self, **said: str | list[str]) -> None:
        self.form |= {name: [value] if isinstance(value, str) else value for name, value in said.items()}

    def on(self, name: str, day: Any) -> None:
        """Type a day into its three boxes."""
        boxes = (
            {"day": day.day, "month": day.month, "year": day.year}
            if day
            else dict.fromkeys(("day", "month", "year"), "")
        )
        self.say(**{f"{name}-{part}": str(value) for part, value in boxes.items()})

    def save(self) -> Any:
        return self.browser.post(self.address, data=self.form)

    def again(self, answer: Any) -> None:
        """Go on with the form as it was shown again."""
        self.form = form_of(answer.text, self.address)


def check_of(november: Checked) -> dict[str, Any]:
    return november.service.as_("analyst").get(f"/v1/checks/{november.ref}").json()


def test_everything_of_a_check_is_changed_on_one_page(november: Checked) -> None:
    page = Page(november)
    due, published = today() + timedelta(days=20), today() + timedelta(days=30)
    page.on("due_on", due)
    page.on("publish_on", published)
    page.say(capacity="25", few_sessions="40", focus_years=["10", "11"], accepted_years=["10", "11"], stage="moderated")
    page.say(schools=["100001"], scorecard="oxfordshire")
    answer = page.save()
    assert answer.headers["location"] == f"/checks/{november.ref}?done=worked_out"
    check = check_of(november)
    assert (check["due_on"], check["publish_on"]) == (due.isoformat(), published.isoformat())
    assert (check["capacity"], check["few_sessions"], check["stage"]) == (25, 40, "moderated")
    assert (check["focus_years"], check["accepted_years"]) == ([10, 11], [10, 11])
    assert [line["urn"] for line in check["schools"]] == ["100001"]
    assert check["scorecard_digest"] == load_scorecard("oxfordshire").digest


def test_a_new_scorecard_works_the_lists_out_again_and_the_page_says_so_first(november: Checked) -> None:
    page = Page(november)
    shown = page.browser.get(page.address).text
    assert "work the list of 24 pupils out again when you save" in shown
    before = [row.line for row in november.rows()]
    page.say(scorecard="oxfordshire")
    page.save()
    assert [row.line for row in november.rows()] != before
    assert (
        "every list of this check is worked out again"
        in page.browser.get(f"/checks/{november.ref}?done=worked_out").text
    )


def test_saving_what_was_not_changed_changes_nothing(november: Checked) -> None:
    assert Page(november).save().headers["location"] == f"/checks/{november.ref}"
    assert check_of(november)["version"] == 1


def test_the_newest_text_of_its_own_card_is_not_taken_in_passing(november: Checked) -> None:
    with november.service.database.write() as connection:
        card = {"ref": "scorecard-old", "name": "roni", "version_text": "old", "digest": "b" * 64, "content": "x"}
        by = november.service.people["analyst"]
        connection.execute(insert(t.scorecards).values(**card, by_id=by))
        connection.execute(update(t.checks).values(scorecard_digest="b" * 64))
    page = Page(november)
    assert page.form["scorecard"] == ["b" * 64]
    assert "roni, newer version" in page.browser.get(page.address).text
    page.say(capacity="25")
    assert page.save().status_code == 303
    assert check_of(november)["scorecard_digest"] == "b" * 64


def test_what_may_be_empty_is_emptied(november: Checked) -> None:
    with november.service.database.write() as connection:
        values = {"publish_on": today() + timedelta(days=3), "capacity": 9, "model": "demo", "model_digest": "a" * 64}
        connection.execute(update(t.checks).values(**values))
    page = Page(november)
    page.on("publish_on", None)
    page.say(capacity="", model="")
    assert page.save().status_code == 303
    check = check_of(november)
    assert (check["publish_on"], check["capacity"], check["model"]) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "said", "sentence"),
    [
        ("due_on", {"due_on-month": "13"}, "Enter a real day"),
        ("due_on", {"due_on-day": "", "due_on-month": "", "due_on-year": ""}, "Enter the day by which schools must"),
        ("capacity", {"capacity": "0"}, "Enter a whole number from 1"),
        ("capacity", {"capacity": "many"}, "Enter a whole number from 1"),
        ("few_sessions", {"few_sessions": "401"}, "Enter a whole number from 0 to 400"),
        ("few_sessions", {"few_sessions": ""}, "Enter a whole number from 0 to 400"),
        ("focus_years", {"focus_years": []}, "Choose at least one year group"),
        ("schools", {"schools": []}, "Choose at least one school"),
    ],
)
def test_what_cannot_be_is_said_at_its_control_and_the_rest_stays_typed(
    november: Checked, name: str, said: dict[str, Any], sentence: str
) -> None:
    page = Page(november)
    page.say(stage="moderated", **said)
    answer = page.save()
    assert answer.status_code == 422
    assert f'id="{name}-error"' in answer.text.replace(f'id="{name}-date-error"', f'id="{name}-error"')
    assert sentence in answer.text
    page.again(answer)
    assert page.form["stage"] == ["moderated"]
    assert check_of(november)["version"] == 1


def test_a_form_that_is_out_of_date_loses_nothing_of_either_and_says_so(november: Checked) -> None:
    first, second = Page(november), Page(november)
    due = today() + timedelta(days=9)
    first.on("due_on", due)
    first.say(schools=["100001", "100002"])
    assert first.save().status_code == 303
    second.say(capacity="31", schools=["100002", "100003"])
    stale = second.save()
    assert stale.status_code == 412
    assert "somebody else changed this check" in stale.text
    assert f"the day on which it is due is now {due.day} " in stale.text
    second.again(stale)
    assert second.save().status_code == 303
    check = check_of(november)
    assert (check["due_on"], check["capacity"]) == (due.isoformat(), 31)
    assert [line["urn"] for line in check["schools"]] == ["100002"]  # each asked one school no more


def test_what_both_changed_is_named_before_one_takes_the_others_place(november: Checked) -> None:
    first, second = Page(november), Page(november)
    for page, number in ((first, "20"), (second, "30")):
        page.say(capacity=number)
    first.save()
    stale = second.save()
    assert "how many pupils coaches can see is now 20: if you save, yours takes its place" in stale.text
    second.again(stale)
    assert second.form["capacity"] == ["30"]
    assert second.save().status_code == 303
    assert check_of(november)["capacity"] == 30


def test_a_school_that_has_confirmed_is_no_choice_and_stays(november: Checked) -> None:
    with november.service.database.write() as connection:
        line, school = t.check_schools, november.service.schools["100002"]
        submission = {"signed_off_at": now(), "started_at": now(), "submission_id": 1}
        connection.execute(update(line).where(line.c.school_id == school).values(**submission))
    page = Page(november)
    assert "Sample High School has confirmed, and stays" in page.browser.get(page.address).text
    page.say(schools=[urn for urn in page.form["schools"] if urn != "100003"])
    assert page.save().status_code == 303
    assert [line["urn"] for line in check_of(november)["schools"]] == ["100001", "100002"]


def test_a_school_that_confirmed_while_it_was_taken_off_stays_and_the_page_says_so(november: Checked) -> None:
    page = Page(november)
    with november.service.database.write() as connection:
        line, school = t.check_schools, november.service.schools["100002"]
        connection.execute(update(line).where(line.c.school_id == school).values(submission_id=1, signed_off_at=now()))
    page.say(schools=["100001", "100003"])
    answer = page.save()
    assert (answer.status_code, "A school that has returned its roll stays" in answer.text) == (409, True)


def test_a_school_that_is_no_longer_active_stays_where_it_is_asked(november: Checked) -> None:
    with november.service.database.write() as connection:
        connection.execute(update(t.schools).where(t.schools.c.urn == "100002").values(active=False))
    page = Page(november)
    page.say(schools=["100001", "100002"])
    assert page.save().status_code == 303
    assert [line["urn"] for line in check_of(november)["schools"]] == ["100001", "100002"]


def test_a_closed_check_is_still_published_and_nothing_of_its_lists_changes(november: Checked) -> None:
    with november.service.database.write() as connection:
        connection.execute(update(t.checks).values(closed_at=now()))
    page = Page(november)
    assert {"scorecard", "schools", "due_on-day", "closed"} & page.form.keys() == set()
    page.say(stage="published")
    assert page.save().status_code == 303
    assert check_of(november)["stage"] == "published"
    analyst = november.service.as_("analyst")
    for change in ({"scorecard": "oxfordshire"}, {"schools": ["100001"]}, {"due_on": "2026-12-01"}):
        answer = analyst.patch(f"/v1/checks/{november.ref}", json=change)
        assert (answer.status_code, answer.json()["code"]) == (409, "check_closed")


@pytest.mark.parametrize(("later", "status"), [(1, 409), (0, 200), (None, 409)])
def test_a_list_that_its_day_has_published_is_not_taken_back(november: Checked, later: int | None, status: int) -> None:
    with november.service.database.write() as connection:
        connection.execute(update(t.checks).values(publish_on=today() - timedelta(days=1)))
    day = None if later is None else (today() + timedelta(days=later)).isoformat()
    answer = november.service.as_("analyst").patch(f"/v1/checks/{november.ref}", json={"publish_on": day})
    assert answer.status_code == status
    assert check_of(november)["stage"] == "published"
