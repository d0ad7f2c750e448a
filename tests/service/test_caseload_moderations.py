"""Moderation: an addition stands at once, a removal is a request, and nobody is ever gone."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select, update

from service import tables as t
from service.access import Access
from service.caseload.carrying import carry_moderations
from service.caseload.rates import override_rates
from service.registers.working_out import work_out
from tests.service.caseloads import Checked, checked, events, fresh, fresh_two


@pytest.fixture
def november(tmp_path, start_service) -> Checked:
    return fresh(tmp_path, start_service)


def test_a_school_adds_a_pupil_who_stands_first_in_the_band_marked(service) -> None:
    november = checked(service)
    pupil = november.pupils(section="ranked", automatic=False)[-1]
    answer = november.ask("careers", pupil, "add", "red")
    assert (answer.status_code, answer.json()["state"], answer.headers["etag"]) == (201, "standing", '"1"')
    assert answer.headers["location"] == f"/v1/moderations/{answer.json()['ref']}"
    assert november.pupils("100001")[0] == pupil
    row = november.row(pupil)
    assert (row.moderated, row.section, row.band) == ("added", "ranked", max(each.band for each in november.rows()))
    line = november.line(pupil)
    assert (line["moderated"], line["moderation"][0]["by"]) == ("added", "Invented careers")
    assert line["rules_band"] != line["band"] == "red"
    assert len(events(service, "moderation.ask")) == 1
    assert events(service, "moderation.ask")[0].pupils


def test_an_addition_to_a_low_band_is_allowed_and_never_lowers(november: Checked) -> None:
    low = november.pupils(section="ranked")[-1]
    assert november.ask("returns", low, "add", "green").status_code == 201
    high = november.pupils(section="ranked")[0]
    before = november.row(high).band
    assert november.ask("returns", high, "add", "none").status_code == 201
    assert november.row(high).band == before


def test_a_pupil_who_is_not_on_the_roll_is_not_added(november: Checked) -> None:
    pupil = november.pupils()[-1]
    with november.service.database.write(Access.system()) as connection:
        one = select(t.pupils.c.id).where(t.pupils.c.ref == pupil).scalar_subquery()
        connection.execute(update(t.roll_pupils).where(t.roll_pupils.c.pupil_id == one).values(status="left"))
    answer = november.ask("careers", pupil, "add", "red")
    assert (answer.status_code, answer.json()["code"]) == (422, "not_on_roll")
    assert "on the roll" in answer.json()["detail"]


def test_the_band_is_one_of_the_card_and_stated_where_it_must_be(november: Checked) -> None:
    pupil = november.pupils()[-1]
    assert november.ask("careers", pupil, "add", "purple").json()["code"] == "no_such_band"
    assert november.ask("careers", pupil, "add").json()["code"] == "invalid"
    assert november.ask("careers", pupil, "remove", "red").json()["code"] == "invalid"
    assert november.ask("careers", pupil, "add", "red", reason="no").json()["code"] == "invalid"
    assert november.ask("careers", pupil, "add", "red").status_code == 201
    assert november.ask("careers", pupil, "add", "red").json()["code"] == "already_asked"


def test_a_removal_is_a_request_until_a_coach_accepts_and_the_pupil_is_never_gone(service) -> None:
    november = checked(service)
    pupil = november.pupils(section="ranked", automatic=False)[0]
    asked = november.ask("careers", pupil, "remove").json()
    assert (asked["state"], asked["decided_by"]) == ("asked", None)
    assert (november.row(pupil).section, november.row(pupil).moderated) == ("ranked", "removal_asked")

    done = november.decide("coach", asked["ref"], "accept", "Starts an apprenticeship in June.")
    assert (done.status_code, done.json()["state"], done.headers["etag"]) == (200, "accepted", '"2"')
    assert (november.row(pupil).section, november.row(pupil).moderated) == ("taken_off", "taken_off")
    said = november.line(pupil)["moderation"][0]
    assert (said["decided_by"], said["decided_reason"]) == ("Invented coach", "Starts an apprenticeship in June.")

    assert november.decide("coach", asked["ref"], "decline", "It fell through.").status_code == 200
    assert november.row(pupil).section == "ranked"
    assert [event.role for event in events(service, "moderation.decide")] == ["coach", "coach"]


def test_whom_the_card_always_includes_only_the_council_takes_off(november: Checked) -> None:
    pupil = november.pupils(section="ranked", automatic=True)[0]
    asked = november.ask("careers", pupil, "remove").json()
    refused = november.decide("coach", asked["ref"], "accept")
    assert (refused.status_code, refused.json()["code"]) == (403, "needs_council")
    assert november.row(pupil).section == "ranked"
    assert november.decide("analyst", asked["ref"], "accept").json()["state"] == "accepted"
    assert november.row(pupil).section == "taken_off"


def test_what_a_coach_asks_and_may_decide_is_done_at_once_and_else_asked(november: Checked) -> None:
    plain, always = (november.pupils(section="ranked", automatic=automatic)[0] for automatic in (False, True))
    assert november.ask("coach", plain, "remove").json()["state"] == "accepted"
    assert november.ask("coach", always, "remove").json()["state"] == "asked"
    assert november.ask("analyst", november.pupils("100002", automatic=True)[0], "remove").json()["state"] == "accepted"


def test_who_becomes_always_included_after_a_coach_took_them_off_is_back(november: Checked) -> None:
    pupil = november.pupils(section="ranked", automatic=True)[0]
    ref = november.ask("careers", pupil, "remove").json()["ref"]
    with november.service.database.write(Access.system()) as connection:  # as a coach accepted before it was known
        row = t.moderations.c.ref == ref
        values = {"state": "accepted", "decided_role": "coach", "decided_at": t.moderations.c.created_at}
        connection.execute(update(t.moderations).where(row).values(**values))
        work_out(connection, november.service.settings, november.check_id)
    assert (november.row(pupil).section, november.row(pupil).moderated) == ("ranked", "removal_asked")


def test_who_is_added_again_after_a_removal_is_back(november: Checked) -> None:
    pupil = november.pupils(section="ranked", automatic=False)[0]
    assert november.ask("coach", pupil, "remove").status_code == 201
    assert november.row(pupil).section == "taken_off"
    assert november.ask("careers", pupil, "add", "red").status_code == 201
    assert november.row(pupil).section == "ranked"


def test_a_priority_that_raises_stands_and_one_that_lowers_is_a_request(november: Checked) -> None:
    low, high = november.pupils(section="ranked")[-1], november.pupils(section="ranked", automatic=False)[0]
    assert november.ask("careers", low, "priority", "red").json()["state"] == "standing"
    assert november.line(low)["band"] == "red"
    before = november.line(high)["band"]
    asked = november.ask("careers", high, "priority", "none").json()
    assert asked["state"] == "asked"
    assert (november.line(high)["band"], november.row(high).moderated) == (before, "priority")
    assert november.decide("coach", asked["ref"], "accept").status_code == 200
    assert november.line(high)["band"] == "none"


def test_only_who_asked_withdraws_and_only_what_is_not_decided(november: Checked) -> None:
    pupil = november.pupils(section="ranked")[-1]
    asked = november.ask("careers", pupil, "add", "red").json()["ref"]
    refused = november.decide("returns", asked, "withdraw", None)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_yours")
    assert november.decide("careers", asked, "withdraw", None).json()["state"] == "withdrawn"
    assert november.row(pupil).moderated is None
    assert november.decide("careers", asked, "withdraw", None).json()["code"] == "already_decided"
    assert november.decide("coach", asked, "accept").json()["code"] == "already_decided"


def test_a_school_does_not_decide_and_a_decision_needs_a_reason(november: Checked) -> None:
    asked = november.ask("careers", november.pupils(section="ranked", automatic=False)[0], "remove").json()["ref"]
    assert november.decide("careers", asked, "accept").status_code == 403
    assert november.decide("coach", asked, "accept", None).json()["code"] == "invalid"


@pytest.mark.parametrize("who", ["returns2", "coach_south", "coach_own", "virtual_school"])
def test_another_school_or_coach_finds_no_such_pupil(november: Checked, who: str) -> None:
    pupil = november.pupils("100001")[-1]
    ref = november.ask("careers", pupil, "add", "red").json()["ref"]
    asked = november.ask(who, pupil, "add", "red").status_code
    assert asked == (403 if who == "virtual_school" else 404)
    assert november.service.as_(who).get(f"/v1/moderations/{ref}").status_code == 404
    listed = november.service.as_(who).get(f"/v1/checks/{november.ref}/moderations")
    assert (listed.status_code, listed.json()["items"]) == (200, [])


def test_who_reads_only_the_school_view_does_not_read_what_others_wrote(november: Checked) -> None:
    pupil = november.pupils("100001", section="ranked")[-1]
    ref = november.ask("careers", pupil, "add", "red").json()["ref"]
    seen = november.service.as_("returns").get(f"/v1/moderations/{ref}").json()
    assert (seen["reason"], seen["why"], seen["reason_withheld"], seen["by"]) == (None, None, True, "Invented careers")
    assert (
        november.service.as_("coach").get(f"/v1/moderations/{ref}").json()["reason"]
        == "No plan, and has stopped coming to form."
    )
    assert november.line(pupil, "full")["moderation"][0]["reason"] is None  # a line is shared by views that are alike


def test_moderations_are_listed_and_filtered_a_page_at_a_time(november: Checked) -> None:
    low, second = november.pupils("100001", section="ranked")[-2:]
    november.ask("careers", low, "add", "red")
    november.ask("careers", second, "remove")
    november.ask("analyst", november.pupils("100002", section="ranked")[-1], "add", "red")

    def found(who: str, **query: str | int) -> list[tuple[str, str]]:
        items = november.service.as_(who).get(f"/v1/checks/{november.ref}/moderations", params=query).json()["items"]
        return [(item["kind"], item["school"]["urn"]) for item in items]

    assert found("analyst") == [("add", "100002"), ("remove", "100001"), ("add", "100001")]
    assert found("analyst", school="100001", kind="add") == [("add", "100001")]
    assert found("analyst", state="asked") == [("remove", "100001")]
    assert found("returns") == [("remove", "100001"), ("add", "100001")]
    page = november.service.as_("analyst").get(f"/v1/checks/{november.ref}/moderations?limit=2").json()
    assert len(page["items"]) == 2
    assert found("analyst", limit=2, cursor=page["next"]) == [("add", "100001")]
    assert len(events(november.service, "moderations.read")) == 6


def test_the_same_request_with_its_key_is_done_once(november: Checked) -> None:
    pupil = november.pupils()[-1]
    path, body = f"/v1/checks/{november.ref}/pupils/{pupil}/moderations", {"kind": "remove", "reason": "Has a place."}
    sent = [november.service.as_("careers").post(path, json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [201, 201]
    assert sent[0].json()["ref"] == sent[1].json()["ref"]


def test_of_two_decisions_at_once_one_is_stale(service) -> None:
    november = checked(service)
    asked = november.ask("careers", november.pupils(section="ranked", automatic=False)[0], "remove").json()["ref"]
    answers: list[int] = []

    def send(decision: str) -> None:
        body = {"decision": decision, "reason": "At the same time."}
        path = f"/v1/moderations/{asked}"
        answers.append(service.as_("coach").patch(path, json=body, headers={"if-match": '"1"'}).status_code)

    threads = [threading.Thread(target=send, args=(decision,)) for decision in ("accept", "decline")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 412]


def test_a_coach_does_nothing_before_the_register_is_published(sqlite_service) -> None:
    november = checked(sqlite_service, stage="draft")
    pupil = november.pupils()[-1]
    refused = november.ask("coach", pupil, "add", "red")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_published")
    assert november.ask("careers", pupil, "add", "red").status_code == 201


def test_november_is_carried_to_january_once_and_waits_for_a_review(service) -> None:
    november = checked(service)
    low, off, declined = [*november.pupils(section="ranked")[-2:], november.pupils(section="ranked")[1]]
    november.ask("careers", low, "add", "red")
    november.ask("analyst", off, "remove")
    november.decide("coach", november.ask("careers", declined, "priority", "red").json()["ref"], "decline")

    january = checked(service, "january", earlier_id=november.check_id)
    with service.database.write(Access.system()) as connection:
        assert carry_moderations(connection, november.check_id, january.check_id) == 2
        assert carry_moderations(connection, november.check_id, january.check_id) == 0
        work_out(connection, service.settings, january.check_id)
    items = service.as_("analyst").get(f"/v1/checks/{january.ref}/moderations").json()["items"]
    label = next(item["review"] for item in items)
    assert [(item["kind"], item["state"]) for item in items] == [("remove", "accepted"), ("add", "standing")]
    assert label.startswith("from November")
    assert label.endswith(", review")
    assert (january.row(low).moderated, january.row(off).section) == ("added", "taken_off")
    assert january.line(low)["moderation"][0]["review"] == label

    kept = january.decide("careers", items[1]["ref"], "keep", None)
    assert (kept.status_code, kept.json()["review"], kept.json()["state"]) == (200, None, "standing")
    assert january.decide("careers", items[1]["ref"], "keep", None).json()["code"] == "nothing_to_review"
    assert january.line(low)["moderation"][0]["review"] is None


def test_opening_january_carries_what_november_has(november: Checked) -> None:
    november.ask("careers", november.pupils(section="ranked")[-1], "add", "red")
    opened = november.service.as_("analyst").post("/v1/checks", json={"academic_year": "2026/27", "name": "january"})
    assert opened.status_code == 201
    items = november.service.as_("analyst").get(f"/v1/checks/{opened.json()['ref']}/moderations").json()["items"]
    assert [item["review"] is not None for item in items] == [True]


# --- asked and decided on November after January was opened ----------------------------------------------------------


@pytest.fixture
def both(tmp_path, start_service) -> tuple[Checked, Checked]:
    """November and January, opened with the rolls of November before anything is asked on November."""
    return fresh_two(tmp_path, start_service)


def items_of(check: Checked) -> list[dict]:
    return check.service.as_("analyst").get(f"/v1/checks/{check.ref}/moderations").json()["items"]


@pytest.mark.parametrize(
    ("who", "kind", "band", "marked"),
    [("careers", "add", "red", "added"), ("careers", "remove", None, "removal_asked"),
     ("analyst", "remove", None, "taken_off"), ("careers", "priority", "red", "priority")],
)  # fmt: skip
def test_what_is_asked_on_november_later_is_carried_to_be_reviewed(
    both: tuple[Checked, Checked], who, kind, band, marked
) -> None:
    november, january = both
    pupil = november.pupils(section="ranked", automatic=False)[-1]
    assert november.ask(who, pupil, kind, band).status_code == 201
    (item,) = items_of(january)
    assert (item["kind"], item["review"]) == (kind, "from November 2026, review")
    assert january.row(pupil).moderated == marked
    assert january.line(pupil)["moderation"][0]["review"] == "from November 2026, review"
    assert len(events(november.service, "moderation.ask")) == 1


def test_what_became_of_it_on_november_is_followed_until_somebody_reviews_it(both: tuple[Checked, Checked]) -> None:
    november, january = both
    pupil = november.pupils(section="ranked", automatic=False)[-1]
    asked = november.ask("careers", pupil, "remove").json()["ref"]
    november.decide("coach", asked, "accept")
    assert (january.row(pupil).section, items_of(january)[0]["state"]) == ("taken_off", "accepted")
    november.decide("coach", asked, "decline")
    assert (january.row(pupil).section, items_of(january)[0]["state"]) == ("ranked", "declined")


def test_what_january_has_reviewed_stays_whatever_becomes_of_it_on_november(both: tuple[Checked, Checked]) -> None:
    november, january = both
    pupil = november.pupils(section="ranked", automatic=False)[-1]
    asked = november.ask("careers", pupil, "add", "red").json()["ref"]
    january.decide("coach", items_of(january)[0]["ref"], "keep", None)
    november.decide("coach", asked, "decline")
    assert (january.row(pupil).moderated, november.row(pupil).moderated) == ("added", None)


def test_nothing_that_january_has_decided_meanwhile_is_overridden(both: tuple[Checked, Checked]) -> None:
    november, january = both
    pupil = november.pupils(section="ranked", automatic=False)[-1]
    assert january.ask("analyst", pupil, "remove").json()["state"] == "accepted"
    assert november.ask("careers", pupil, "add", "red").json()["state"] == "standing"
    assert (november.row(pupil).moderated, january.row(pupil).moderated) == ("added", "taken_off")
    carried = items_of(january)[0]
    assert (carried["state"], carried["review"]) == ("asked", "from November 2026, review")
    assert january.decide("coach", carried["ref"], "accept").json()["state"] == "accepted"
    assert (january.row(pupil).section, january.line(pupil)["band"]) == ("ranked", "red")


def test_a_priority_of_january_is_not_overridden_by_a_later_one_of_november(both: tuple[Checked, Checked]) -> None:
    november, january = both
    pupil = november.pupils(section="ranked", automatic=False)[0]
    assert january.ask("coach", pupil, "priority", "green").json()["state"] == "accepted"
    before = january.row(pupil).band
    assert november.ask("coach", pupil, "priority", "red").status_code == 201
    assert january.row(pupil).band == before
    assert [(item["band"], item["state"]) for item in items_of(january)] == [("red", "asked"), ("green", "accepted")]


def test_what_january_asks_already_is_not_carried_once_more(both: tuple[Checked, Checked]) -> None:
    november, january = both
    pupil = november.pupils(section="ranked", automatic=False)[-1]
    january.ask("careers", pupil, "add", "red")
    november.ask("careers", pupil, "add", "red")
    assert [item["review"] for item in items_of(january)] == [None]


def test_who_is_on_no_roll_of_january_yet_is_carried_and_waits(november: Checked) -> None:
    opened = november.service.as_("analyst").post("/v1/checks", json={"academic_year": "2026/27", "name": "january"})
    january = Checked(november.service, 0, opened.json()["ref"])
    november.ask("careers", november.pupils(section="ranked")[-1], "add", "red")
    assert [item["review"] for item in items_of(january)] == ["from November 2026, review"]
    assert november.service.as_("analyst").get(f"/v1/checks/{january.ref}/register").status_code == 404


def test_a_check_that_is_closed_keeps_what_it_closed_with(both: tuple[Checked, Checked]) -> None:
    november, january = both
    pupil, other = november.pupils(section="ranked", automatic=False)[-2:]
    asked = november.ask("careers", other, "remove").json()["ref"]
    for check in (january, november):
        url = f"/v1/checks/{check.ref}"
        assert check.service.as_("analyst").patch(url, json={"closed": True}).status_code == 200
        if check is january:
            november.ask("careers", pupil, "add", "red")
            assert january.row(pupil).moderated is None
    assert november.decide("coach", asked, "accept").json()["code"] == "check_closed"
    page = november.service.browser("coach").get(f"/moderations/{asked}").text
    assert "The check that this is about is closed" in page
    for address in (f"/checks/{november.ref}/pupils/{other}", f"/checks/{november.ref}/moderations"):
        assert "Decide or withdraw" not in november.service.browser("coach").get(address).text


def test_override_rates_count_by_school_reason_and_state(november: Checked) -> None:
    pupils = november.pupils("100001", section="ranked", automatic=False)
    november.ask("careers", pupils[-1], "add", "red")
    november.ask("careers", pupils[-2], "add", "red")
    withdrawn = november.ask("careers", pupils[-3], "add", "red").json()["ref"]
    november.decide("careers", withdrawn, "withdraw", None)
    november.ask("analyst", november.pupils("100002")[0], "remove", why="data_wrong")
    with november.service.database.read() as connection:
        analyst = Access(1, "p", "n", "analyst", schools=None)
        lines = override_rates(connection, analyst, november.check_id)
    assert [(each["school"]["urn"], each["kind"], each["why"], each["state"], each["count"]) for each in lines] == [
        ("100001", "add", "no_plan", "standing", 2),
        ("100002", "remove", "data_wrong", "accepted", 1),
    ]
    assert (lines[0]["pupils"], lines[0]["rate_pct"]) == (12, 16.7)


def test_a_pupil_who_has_died_or_is_restricted_is_not_moderated(november: Checked) -> None:
    died, restricted = november.pupils()[-2:]
    with november.service.database.write(Access.system()) as connection:
        pupils = t.pupils
        connection.execute(update(pupils).where(pupils.c.ref == died).values(died_at=pupils.c.created_at))
        connection.execute(update(pupils).where(pupils.c.ref == restricted).values(restricted=True))
    assert november.ask("careers", died, "add", "red").json()["code"] == "record_closed"
    assert november.ask("careers", restricted, "add", "red").json()["code"] == "restricted"
