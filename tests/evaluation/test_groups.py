"""Who is missed, group by group; small groups are shown as small."""

from __future__ import annotations

import numpy as np
import pytest

from roni.evaluation.evidence import plain
from roni.evaluation.groups import ALSO_ASKED, Grouping, by_group, by_school, grouping, groupings
from roni.evaluation.ranking import ranking_of_probability, ranking_of_scores
from roni.fields import national
from tests.strategies import cohort_of

# Group a: 10 NEET of 40, 5 of them listed; 6 of its 30 others listed. Group b: 9 NEET of 60.
GROUP = Grouping("g", "group", ("a", "b"), np.repeat([0, 1], [40, 60]))
LABEL = np.array([1] * 10 + [-1] * 30 + [1] * 9 + [-1] * 51, np.int8)
LISTED = np.array([1] * 5 + [0] * 5 + [1] * 6 + [0] * 24 + [1] * 9 + [0] * 51, np.float64)


def test_rates_of_a_group_are_those_worked_by_hand() -> None:
    said = np.where(LISTED > 0, 0.5, 0.1)
    first, _ = by_group([ranking_of_probability("m", said)], LABEL, 20, GROUP).rows
    assert (first.group, first.pupils, first.neet) == ("a", 40, 10)
    assert (first.recall.value, first.false_alarms.value) == (0.5, 0.2)
    assert first.observed.value == 0.25
    assert first.said == pytest.approx((11 * 0.5 + 29 * 0.1) / 40)
    assert first.precision.why == "too small to say: fewer than 20 pupils"


def test_precision_is_shown_where_enough_are_listed() -> None:
    (row,) = by_group(
        [ranking_of_scores("r", LISTED)], LABEL, 20, Grouping("g", "all", ("all",), np.zeros(100, int))
    ).rows
    assert row.precision.value == pytest.approx(14 / 20)


def test_a_group_with_nine_neet_pupils_is_too_small_and_its_count_is_not_printed() -> None:
    _, second = by_group([ranking_of_scores("r", LISTED)], LABEL, 20, GROUP).rows
    assert second.neet is None
    assert second.said is None
    judged = (second.recall, second.false_alarms, second.precision, second.observed)
    assert [figure.why for figure in judged] == ["too small to say: fewer than 10 NEET pupils"] * 4


@pytest.mark.parametrize(("neet", "shown"), [(9, False), (10, True)])
def test_a_group_of_too_few_neet_pupils_gives_away_no_count_of_the_others(neet: int, shown: bool) -> None:
    label = np.where(np.arange(100) < neet, 1, -1).astype(np.int8)
    everybody = Grouping("g", "all", ("all",), np.zeros(100, int))
    (row,) = by_group([ranking_of_scores("r", LISTED)], label, 20, everybody).rows
    assert row.neet == (neet if shown else None)
    assert row.false_alarms.pupils == (100 - neet if shown else None)
    assert (row.listed.value, row.listed.pupils, row.listed.events) == (0.2, 100, 0)
    kept = {number for name, figure in plain(row).items() if isinstance(figure, dict) for number in figure.values()}
    assert bool({neet, 100 - neet} & kept) == shown


def test_how_many_of_a_group_are_listed_is_said_of_those_too_whose_outcome_is_not_known() -> None:
    label = LABEL.copy()
    label[:40] = 0
    first = by_group([ranking_of_scores("r", LISTED)], label, 20, GROUP).rows[0]
    assert (first.neet, first.listed.value, first.listed.pupils) == (None, 11 / 40, 40)


def test_a_tie_at_the_cut_is_shared_between_groups() -> None:
    rows = by_group([ranking_of_scores("tied", np.zeros(100))], LABEL, 50, GROUP).rows
    assert rows[0].recall.value == 0.5
    assert rows[0].false_alarms.value == 0.5
    assert [row.listed.value for row in rows] == [0.5, 0.5]


def test_pupils_of_whom_it_is_not_known_count_as_pupils_and_in_no_rate() -> None:
    label = LABEL.copy()
    label[10:40] = 0
    row = by_group([ranking_of_scores("r", LISTED)], label, 20, GROUP).rows[0]
    assert (row.pupils, row.neet, row.recall.value) == (40, 10, 0.5)
    assert row.false_alarms.why == "too small to say: fewer than 20 pupils"
    assert row.observed.why == "too small to say: fewer than 20 pupils"


def test_groups_are_the_dictionarys_protected_attributes_and_their_proxies_and_what_is_also_asked() -> None:
    columns = {
        "sex": ["F", "M"], "sen_provision": ["N", None], "fsm": [True, False], "looked_after": [True, False],
        "eal": [True, False], "district": ["North", "South"], "attendance": [90.0, 80.0], "surname": ["A", "B"],
        "school_name": ["One", "Two"],
    }  # fmt: skip
    found = {item.field for item in groupings(cohort_of(columns))}
    assert found == {"school", "sex", "sen_provision", "fsm", "looked_after", "eal", "district"}
    assert all(name in national() for name in ALSO_ASKED)


def test_a_field_in_which_all_are_alike_makes_no_groups() -> None:
    assert groupings(cohort_of({"sex": ["F", "F"], "fsm": [None, None]})) == []


def test_not_known_is_a_group_of_its_own_and_stands_last() -> None:
    found = grouping(cohort_of({"fsm": [None, True, False]}), "fsm")
    assert (found.labels, found.code.tolist()) == (("yes", "no", "not known"), [2, 0, 1])


def test_codes_are_named_by_their_labels() -> None:
    found = grouping(cohort_of({"sex": ["M", "F", None]}), "sex")
    assert (found.labels, found.code.tolist()) == (("female", "male", "not known"), [1, 0, 2])


def test_texts_stand_in_their_order() -> None:
    found = grouping(cohort_of({"district": ["South", None, "North", "South"]}), "district")
    assert (found.labels, found.code.tolist()) == (("North", "South", "not known"), [1, 2, 0, 1])


@pytest.mark.parametrize(
    ("born", "term"),
    [
        ("2010-09-01", "born September to December"), ("2010-12-31", "born September to December"),
        ("2011-01-01", "born January to April"), ("2011-04-30", "born January to April"),
        ("2011-05-01", "born May to August"), ("2011-08-31", "born May to August"), (None, "not known"),
    ],
)  # fmt: skip
def test_a_birth_date_is_grouped_by_its_term(born: str | None, term: str) -> None:
    assert grouping(cohort_of({"date_of_birth": [born]}), "date_of_birth").labels == (term,)


def test_a_birth_month_adds_nothing_to_a_birth_date() -> None:
    born = ["2010-09-01", "2011-01-01"]
    found = groupings(cohort_of({"date_of_birth": born, "birth_month": born}))
    assert [item.field for item in found] == ["date_of_birth"]


def test_a_school_goes_by_name_else_urn_else_laestab() -> None:
    columns = {
        "school_name": ["One", None, None, None], "urn": ["1", "2", None, None], "laestab": [None, None, "3", None],
    }  # fmt: skip
    assert by_school(cohort_of(columns)).labels == ("2", "3", "One", "not known")


def test_a_file_that_names_no_school_is_one_school() -> None:
    files = {"files": ("north.csv", "south.csv"), "file_index": [0, 0, 1, 1]}
    assert by_school(cohort_of({}, size=4, **files)).labels == ("north.csv", "south.csv")
    assert by_school(cohort_of({"urn": ["1", None, None, None]}, **files)).labels == ("1", "south.csv", "not known")


def test_a_per_cent_makes_no_groups() -> None:
    with pytest.raises(ValueError, match="does not divide pupils"):
        grouping(cohort_of({"attendance": [90.0]}), "attendance")
