"""Where a school and a council list disagree: who said what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from roni.cohort import Cohort, Source
from roni.errors import ProblemBlock, Problems
from roni.readers.files import read_cohort
from roni.readers.supplements import Supplement
from roni.wording.disagreements import disagreements
from tests.strategies import FILE, cohort_of

CARERS, EARLY_HELP = Source("Carers list", date(2026, 10, 1), "council"), Source("Early Help list", None, "council")


def told(cohort: Cohort) -> list[tuple[list[int], str]]:
    return [(places.tolist(), sentence) for _, places, sentence in disagreements(cohort, cohort.fields)]


def of_one(name: str, value: object, origin: int, sources: tuple[Source, ...], **says: str) -> str:
    cohort = cohort_of({name: [value]})
    rows: Mapping[str, str] = {"label": cohort.fields[name].label, **says}
    problems = Problems([ProblemBlock("sources_disagree", FILE, "", np.array([2]), rows)])
    origins = {name: np.array([origin], np.int8)}
    return told(replace(cohort, problems=problems, sources=sources, origin=origins))[0][1]


YES = "counts as yes until a person decides"


@pytest.mark.parametrize(
    ("origin", "sources", "says", "said"),
    [
        (0, (CARERS,), {}, f"the school says no, Carers list (1 Oct 2026) says yes; {YES}"),
        (-1, (CARERS,), {}, f"Carers list (1 Oct 2026) says no, the school says yes; {YES}"),
        (-1, (CARERS, EARLY_HELP), {}, f"a council list says no, the school says yes; {YES}"),
        (1, (CARERS, EARLY_HELP), {}, f"the school or another list says no, Early Help list says yes; {YES}"),
        (-1, (CARERS, EARLY_HELP), {"list": "Early Help list"}, f"Early Help list says no, the school says yes; {YES}"),
        (1, (CARERS, EARLY_HELP), {"list": "Early Help list"}, f"the school says no, Early Help list says yes; {YES}"),
        (
            0,
            (CARERS, EARLY_HELP),
            {"list": "Early Help list", "other": "Carers list"},
            f"Early Help list says no, Carers list (1 Oct 2026) says yes; {YES}",
        ),
    ],
)
def test_of_a_flag_it_says_who_says_yes_and_who_no(
    origin: int, sources: tuple[Source, ...], says: dict[str, str], said: str
) -> None:
    assert of_one("young_carer", True, origin, sources, **says) == f"young carer: {said}"


@pytest.mark.parametrize(
    ("name", "value", "origin", "counts"),
    [("sen_provision", "K", 0, "Carers list (1 Oct 2026)"), ("school_moves", 3, -1, "the school")],
)
def test_of_other_fields_it_says_who_differ_and_whose_answer_counts(
    name: str, value: object, origin: int, counts: str
) -> None:
    said = of_one(name, value, origin, (CARERS,))
    assert said.endswith(
        f": the school and Carers list (1 Oct 2026) differ; what {counts} says counts until a person decides"
    )


def test_a_list_that_was_read_is_named_for_each_pupil_it_contradicts(tmp_path: Path) -> None:
    head = "UPN,Surname,Year,Young carer"
    rows = ("H801200001001,Example,11,Y", "B801200005001,Sample,10,N", "Z330418811002,Same,11,Y")
    (tmp_path / "school.csv").write_text("\n".join([head, *rows]) + "\n", "utf-8")
    (tmp_path / "list.csv").write_text("UPN,Surname\nB801200005001,Sample\nZ330418811002,Same\n", "utf-8")
    carers = Supplement(tmp_path / "list.csv", field="young_carer", complete=True)
    cohort = read_cohort(tmp_path / "school.csv", "november", academic_year="2026/27", supplements=[carers])
    assert told(cohort) == [
        ([0], f"young carer: list.csv says no, the school says yes; {YES}"),
        ([1], f"young carer: the school says no, list.csv says yes; {YES}"),
    ]


def test_nothing_is_said_of_other_fields_or_of_problems_of_other_kinds() -> None:
    says = {"label": "young carer"}
    blocks = [
        ProblemBlock("merged", FILE, "", np.array([2]), says),
        ProblemBlock("sources_disagree", "another.csv", "", np.array([2]), says),
        ProblemBlock("sources_disagree", FILE, "", None, says),
        ProblemBlock("sources_disagree", FILE, "", np.array([2]), {"label": "looked after"}),
    ]
    cohort = replace(cohort_of({"young_carer": [True]}), problems=Problems(blocks))
    assert list(disagreements(cohort, ["young_carer"])) == []
