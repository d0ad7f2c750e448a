"""A whole evaluation of an invented authority: what is in it, what is kept out, and what is written."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roni.cohort import Cohort
from roni.errors import RoniError
from roni.evaluation import (
    Evaluation,
    Ranking,
    at_random,
    attendance_alone,
    count_of_flags,
    evaluate,
    follow_up,
    ranking_of_probability,
    ranking_of_register,
)
from roni.evaluation.population import INVENTED
from roni.outcomes import Outcome, Outcomes, label_outcomes
from roni.scoring import score
from roni.synthetic import make_authority

CAPACITY = 60
RESAMPLES = 100


class Case:
    """One invented authority's November, what became of its Year 11, and rankings of them."""

    def __init__(self) -> None:
        authority = make_authority(5, schools=5, pupils_per_year=220, years=2)
        self.before, _, check, _ = (authority.cohort(check) for check in authority.checks())
        self.cohort: Cohort = check
        summer = check.check.year.leavers(11)
        march = Outcome.neet_on(date(summer + 1, 3, 1))
        self.outcomes: Outcomes = label_outcomes(authority.spells(summer), march)
        register = score(self.cohort, "oxfordshire")
        said = np.clip(register.assessment.points / 40, 0.005, 1)
        self.rankings: list[Ranking] = [
            ranking_of_register("oxfordshire", register),
            ranking_of_probability("points as a probability", said),
            attendance_alone(self.cohort),
            count_of_flags(register.assessment),
        ]

    def judged(self, **options: Any) -> Evaluation:
        given = {"cohort": self.cohort, "outcomes": self.outcomes, "rankings": self.rankings, "capacity": CAPACITY}
        return evaluate(**{**given, "resamples": RESAMPLES, **options})


@pytest.fixture(scope="module")
def case() -> Case:
    return Case()


@pytest.fixture(scope="module")
def found(case: Case) -> Evaluation:
    first = case.rankings[0]
    return case.judged(
        earlier=case.before, hours=2.0, added={"attendance": (case.rankings[2], first)}, notes=["Said so."]
    )


def test_every_pupil_followed_up_is_accounted_for(case: Case, found: Evaluation) -> None:
    count = found.population
    assert count["neet"] + count["not_neet"] + count["not_known"] == count["pupils"]
    assert count["pupils"] + sum(count["left_out_by_year_group"].values()) == len(case.cohort)
    assert set(count["left_out_by_year_group"]) == {9, 10, 12}


def test_what_a_list_caught_is_what_counting_says(case: Case, found: Evaluation) -> None:
    people = follow_up(case.cohort, case.outcomes)
    listed = case.rankings[2].take(people.places).listed(CAPACITY)
    row = found.at_capacity[2]
    assert row.caught == pytest.approx(listed[people.label > 0].sum())
    assert row.recall.value == pytest.approx((row.caught or 0) / people.neet)


def test_recall_only_rises_with_the_length_of_the_list(found: Evaluation) -> None:
    for name, _ in found.rankings:
        recall = [row.recall.value for row in found.curve if row.ranking == name]
        assert recall == sorted(recall, key=lambda value: value or 0)
        assert recall[-1] == pytest.approx(1)


def test_groups_add_up_to_everybody(found: Evaluation) -> None:
    for one in (*found.groups, found.completeness):
        assert one is not None
        mine = [row.pupils for row in one.rows if row.ranking == "oxfordshire"]
        assert sum(mine) == found.population["pupils"]


def test_the_same_arguments_give_the_same_figures(case: Case, found: Evaluation) -> None:
    again = case.judged()
    assert again.at_capacity == found.at_capacity
    assert again.differences == found.differences


def test_the_order_of_the_file_changes_no_figure(case: Case, found: Evaluation) -> None:
    order = np.random.default_rng(0).permutation(len(case.cohort))
    again = case.judged(cohort=case.cohort.take(order), rankings=[one.take(order) for one in case.rankings])
    for here, there in zip(again.at_capacity, found.at_capacity, strict=True):
        assert here.recall.value == pytest.approx(there.recall.value)
        assert here.precision.value == pytest.approx(there.precision.value)
    assert again.bands == found.bands
    assert again.thresholds == found.thresholds


def test_the_not_known_counted_either_way_bound_the_neet_pupils(found: Evaluation) -> None:
    events = {policy: rows[0].recall.events for policy, rows in found.not_known.items()}
    neet, unknown = found.population["neet"], found.population["not_known"]
    assert events == {"excluded": neet, "counted as NEET": neet + unknown, "counted as not NEET": neet}
    pupils = {policy: rows[0].recall.pupils for policy, rows in found.not_known.items()}
    assert pupils["counted as not NEET"] == found.population["pupils"]


def test_figures_from_invented_pupils_say_so(found: Evaluation) -> None:
    assert found.invented
    assert found.to_dict()["notice"] == INVENTED
    assert INVENTED in found.to_html()


def test_figures_of_real_pupils_do_not(found: Evaluation) -> None:
    real = replace(found, invented=False)
    assert INVENTED not in real.to_html()
    assert real.to_dict()["notice"] == ""


def test_drift_compares_the_same_year_groups(case: Case, found: Evaluation) -> None:
    assert {row.field for row in found.drift} >= {"attendance", "fsm"}
    assert all(row.field != "year_group" or row.index == 0 for row in found.drift)
    assert case.judged().drift == ()


def test_too_few_neet_pupils_are_refused_with_the_reason(case: Case) -> None:
    first = np.flatnonzero(case.outcomes.label == 1)[:9]
    label = np.full_like(case.outcomes.label, -1)
    label[first] = 1
    with pytest.raises(RoniError, match="With fewer than 10 no figure would mean anything"):
        case.judged(outcomes=replace(case.outcomes, label=label))


def test_a_list_of_nobody_is_refused_and_one_of_more_than_all_is_one_of_all(case: Case) -> None:
    with pytest.raises(RoniError, match="capacity of 1 or more"):
        case.judged(capacity=0)
    assert case.judged(capacity=10**6).capacity == case.judged().population["pupils"]


def test_data_are_json_and_every_figure_carries_what_it_rests_on(found: Evaluation) -> None:
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert data["split"] == found.split
    figures = list(figures_of(data))
    assert len(figures) > 100
    for figure in figures:
        if figure["value"] is None:
            assert figure["why"]
        else:
            assert figure["pupils"] > 0
            assert figure["events"] is not None


def figures_of(data: Any) -> Any:
    if isinstance(data, dict):
        if "why" in data and "value" in data:
            yield data
        for value in data.values():
            yield from figures_of(value)
    if isinstance(data, list):
        for value in data:
            yield from figures_of(value)


class Balance(HTMLParser):
    """Tags that are opened and closed, and the width of each table row."""

    VOID = ("meta", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.widths: list[set[int]] = []
        self.cells = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 - the parser's form
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "table":
            self.widths.append(set())
        if tag == "tr":
            self.cells = 0
        self.cells += tag in ("td", "th")

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "tr":
            self.widths[-1].add(self.cells)


def test_the_page_is_whole_and_its_tables_are_straight(found: Evaluation) -> None:
    page = Balance(found.to_html())
    assert page.open == []
    assert len(page.widths) > 10
    assert all(len(widths) == 1 for widths in page.widths)


def test_the_page_fetches_nothing_and_runs_nothing(found: Evaluation) -> None:
    page = found.to_html().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "http" not in page.replace("http-equiv", "")
    assert not re.search(r"<script|<link|<img|@import|url\(|\son\w+=|\sstyle=", page)


def test_every_part_of_the_page_says_what_it_rests_on(found: Evaluation) -> None:
    parts = found.to_html().split("<h2>")[1:]
    without = [part.partition("<")[0] for part in parts if found.basis not in part]
    assert without == ["Have the pupils changed since the earlier check?", "What these figures cannot say"]


def test_names_are_escaped(case: Case) -> None:
    odd = replace(case.rankings[0], name='<b>"card" & co')
    page = case.judged(rankings=[odd]).to_html()
    assert "<b>" not in page
    assert "&lt;b&gt;&quot;card&quot; &amp; co" in page


def test_what_a_model_asks_to_be_said_and_the_split_are_on_the_page(case: Case, found: Evaluation) -> None:
    assert "Said so." in found.to_html()
    split = at_random(np.array([1, -1] * 10, np.int8))[0]
    assert split.words in case.judged(split=split).to_html()


def test_page_and_data_are_written_into_a_new_folder(found: Evaluation, tmp_path: Path) -> None:
    page, data = found.write(tmp_path / "new" / "folder")
    assert page.read_text("utf-8") == found.to_html()
    assert json.loads(data.read_text("utf-8"))["schema"] == 1


def test_a_folder_that_is_a_file_is_refused(found: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(RoniError, match="cannot be made"):
        found.write(tmp_path / "taken")
