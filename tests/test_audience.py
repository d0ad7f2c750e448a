"""What a person may not see is not there, nor anything that was worked out from it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.audience import hidden_fields
from roni.calendar import get_check
from roni.cohort import Cohort, Reading
from roni.errors import ProblemBlock, Problems, RoniError
from roni.fields import Dictionary, national
from roni.movement.carry import carry_over
from roni.readers.files import read_cohort
from roni.readers.records import read_rows
from roni.readers.supplements import Supplement
from roni.scorecard import load_scorecard
from roni.scoring import score
from roni.stored import cohort_to_dict
from tests.readers.test_lists import CELLS
from tests.strategies import cohort_of, cohorts
from tests.test_stored import same

NOVEMBER = get_check("november", "2026/27")
ANN, BOB, CAT = "H801200001001", "B801200005001", "X00180001701A"
AUDIENCES = ("everyone", "school", "sensitive", "youth_justice", "monitoring")
WHO = {"Surname": "Example", "Forename": "Ann", "DOB": "01/02/2011", "Year": 11}
SCHOOL = ("everyone", "school")


def hiding(names: Iterable[str]) -> Dictionary:
    """The national dictionary, these of its fields for people of another audience."""
    hidden = set(names)
    return Dictionary(
        replace(item, audience="sensitive" if name in hidden else "everyone") for name, item in national().items()
    )


TABLES = st.lists(
    st.fixed_dictionaries({}, optional={heading: st.sampled_from(cells) for heading, cells in CELLS.items()}),
    min_size=1,
    max_size=5,
)
NAMES = st.sets(
    st.sampled_from([
        "attendance", "sessions_possible", "sessions_attended", "absence", "suspensions", "ever_suspended", "ehcp",
        "suspended", "sen_provision", "sen_support", "eal", "first_language", "pregnant", "pregnant_or_parent", "fsm",
        "looked_after", "permanently_excluded", "permanent_exclusion_status", "young_carer",
    ])
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(TABLES, NAMES)
def test_it_is_as_if_the_columns_had_been_deleted_before_the_file_was_read(table: Any, hidden: set[str]) -> None:
    fields = hiding(hidden)
    rows = [WHO | {"UPN": f"{place:013}"} | dict.fromkeys(CELLS) | row for place, row in enumerate(table)]
    whole = read_rows(rows, NOVEMBER, fields=fields)
    headings = {item.heading for item in whole.readings if item.field in hidden}
    deleted = read_rows(
        [{key: cell for key, cell in row.items() if key not in headings} for row in rows], NOVEMBER, fields=fields
    )
    seen = whole.seen_by(["everyone"])
    assert set(seen.columns) == set(deleted.columns) - hidden
    assert all(same(seen.columns[name], deleted.columns[name]) for name in seen.columns)
    assert all(same(seen.given[name], deleted.given.get(name)) for name in seen.given)
    assert_scores_alike(seen, _but_for(deleted, hidden), fields)


def _but_for(cohort: Cohort, hidden: set[str]) -> Cohort:
    """Deleted columns, but not what other columns give of the same fields."""
    return replace(cohort, columns={name: values for name, values in cohort.columns.items() if name not in hidden})


def assert_scores_alike(one: Cohort, other: Cohort, fields: Dictionary) -> None:
    card = load_scorecard("oxfordshire", fields)
    left, right = score(one, card), score(other, card)
    assert left.to_table().equals(right.to_table())
    assert left.notes == right.notes
    assert np.array_equal(left.assessment.ask_first, right.assessment.ask_first)
    assert left.assessment.columns_not_known == right.assessment.columns_not_known


@settings(max_examples=30, deadline=None)
@given(cohorts(), st.sets(st.sampled_from(AUDIENCES)))
def test_no_column_of_another_audience_is_left_anywhere(cohort: Cohort, audiences: set[str]) -> None:
    seen = cohort.seen_by(audiences)
    left = hidden_fields([*seen.columns, *seen.given, *seen.origin], audiences)
    assert set(left) <= {"leaving_destination"}
    assert all(same(seen.columns[name], cohort.columns[name]) for name in set(seen.columns) - set(left))
    assert list(seen) == list(cohort)


def test_whoever_may_see_everything_sees_the_cohort_as_it_is() -> None:
    cohort = read_rows([WHO | {"UPN": ANN, "Custody": "Y", "EHCP": "Y", "Suspensions": 2}], NOVEMBER)
    assert cohort_to_dict(cohort.seen_by(AUDIENCES)) == cohort_to_dict(cohort)


def test_what_only_a_hidden_column_gave_is_not_there() -> None:
    cohort = read_rows([WHO | {"UPN": ANN, "EHCP": "Y"}], NOVEMBER, fields=hiding(["ehcp"]))
    assert cohort.value("sen_provision", 0) == "E"
    seen = cohort.seen_by(["everyone"])
    assert not {"ehcp", "sen_provision", "sen_support"} & set(seen.columns)
    assert [item.field for item in seen.readings if item.state == "absent" and item.field == "sen_provision"]


def test_what_a_hidden_column_said_of_another_field_is_not_there() -> None:
    rows = [WHO | {"UPN": upn, "FSM": said} for upn, said in ((ANN, "Ever 6"), (BOB, "Y"), (CAT, "N"))]
    cohort = read_rows(rows, NOVEMBER, fields=hiding(["fsm"]))
    assert cohort.column("fsm_ever6").tolist() == [1, 0, 0]
    assert "fsm_ever6" not in cohort.seen_by(["everyone"]).columns


def test_problems_about_a_hidden_column_or_field_are_not_there() -> None:
    blocks = [
        ProblemBlock("unreadable", "a.csv", "YOT", np.array([2]), {"expects": "yes or no"}),
        ProblemBlock("routes_disagree", "a.csv", "Carer / YOT", np.array([2]), {"label": "something"}),
        ProblemBlock("sources_disagree", "a.csv", "", np.array([2]), {"label": "custody", "list": "x"}),
        ProblemBlock("unreadable", "a.csv", "FSM", np.array([2]), {"expects": "yes or no"}),
        ProblemBlock("unreadable", "b.csv", "YOT", np.array([2]), {"expects": "yes or no"}),
    ]
    readings = (Reading("a.csv", "YOT", "youth_justice", "as written"), Reading("a.csv", "FSM", "fsm", "as written"))
    cohort = replace(
        cohort_of({"youth_justice": [True], "fsm": [True]}, files=["a.csv"], readings=readings),
        problems=Problems(blocks),
    )
    assert [(item.file, item.column) for item in cohort.seen_by(SCHOOL).problems] == [
        ("a.csv", "FSM"),
        ("b.csv", "YOT"),
    ]
    assert [item.heading for item in cohort.seen_by(SCHOOL).readings] == ["FSM"]


def test_what_a_list_said_of_a_hidden_field_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "roll.csv").write_text(f"UPN,Surname,Young carer\n{ANN},Example,N\n{BOB},Sample,\n", "utf-8")
    (tmp_path / "list.csv").write_text(f"UPN,Surname\n{ANN},Example\n", "utf-8")
    cohort = read_cohort(
        tmp_path / "roll.csv", NOVEMBER, supplements=[Supplement(tmp_path / "list.csv", "young_carer", name="Carers")]
    )
    assert [problem.code for problem in cohort.problems] == ["sources_disagree"]
    seen = cohort.seen_by(SCHOOL)
    assert not seen.origin
    assert not len(seen.problems)
    assert "carer" not in json.dumps(cohort_to_dict(seen)["pupils"])


def test_a_restricted_pupil_stays_restricted_and_who_has_died_stays_in_no_list() -> None:
    columns = {"restricted_sharing": [True, False, None], "leaving_destination": [None, "died", "college"]}
    fields = hiding(["restricted_sharing", "leaving_destination"])
    seen = cohort_of(columns, fields=fields).seen_by([])
    register = score(seen, load_scorecard("oxfordshire", fields))
    assert register.section.tolist() == score(cohort_of(columns), "oxfordshire").section.tolist() == [1, 2, 0]
    assert [seen.value("leaving_destination", place) for place in range(3)] == [None, "died", None]


def test_what_stands_from_an_earlier_check_by_way_of_a_hidden_column_is_not_there() -> None:
    fields = hiding(["ehcp"])
    before = read_rows(
        [WHO | {"UPN": ANN, "EHCP": "Y"}, WHO | {"UPN": BOB, "SEN": "K"}, WHO | {"UPN": CAT, "SEN": "N"}],
        NOVEMBER,
        fields=fields,
    )
    now = read_rows([WHO | {"UPN": upn} for upn in (ANN, BOB)], "january", "2026/27", fields=fields)
    cohort = carry_over(now, before)
    assert [cohort.value("sen_provision", place) for place in (0, 1)] == ["E", "K"]
    seen = cohort.seen_by(["everyone"])
    assert [seen.value("sen_provision", place) for place in (0, 1)] == [None, "K"]
    again = carry_over(now.seen_by(["everyone"]), before.seen_by(["everyone"]))
    assert again.column("sen_provision").tolist() == seen.column("sen_provision").tolist()


def test_the_fields_of_a_card_that_are_not_seen_can_be_named() -> None:
    card = load_scorecard("oxfordshire")
    assert hidden_fields(card.fields, AUDIENCES) == ()
    assert "looked_after" in hidden_fields(card.fields, SCHOOL)
    assert "attendance" not in hidden_fields(card.fields, [])


def test_an_audience_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RoniError, match="“police” is not an audience"):
        cohort_of({"fsm": [True]}).seen_by(["police"])
