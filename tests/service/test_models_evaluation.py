"""The page of a model's evaluation: what it says, what it leaves out, and what it does with a file that is none."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from roni import save_model
from service.models.evaluations import found_of
from service.models.shelf import Shelved
from tests.service.conftest import furnish
from tests.service.test_models_shelf import other_model

PAGE = "/models/demo/evaluation"
SHIPPED = resources.files("roni").joinpath("models", "demo")
DEMO: dict[str, Any] = json.loads(SHIPPED.joinpath("evaluation.json").read_text("utf-8"))


@pytest.fixture
def page(module_service: Any) -> str:
    answer = module_service.browser("analyst").get(PAGE)
    assert answer.status_code == 200
    return str(answer.text)


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def stored(folder: Path, **changed: Any) -> Shelved:
    (folder / "evaluation.json").write_text(json.dumps({**DEMO, **changed}))
    return Shelved("demo", folder, None)


def test_it_says_in_words_what_the_list_held_and_missed_and_whether_the_model_adds_to_the_rules(page: str) -> None:
    said = plain(page)
    assert "held 54 of the 133 who became NEET: 41 % (33 to 49 %). 79 who became NEET were not on it" in said
    assert "By the scorecard “oxfordshire” alone a list of the same length held 51: 38 % (31 to 46 %)." in said
    assert "The difference in percentage points, +2.3 (−3.6 to +9.0), could be chance." in said
    assert "Figures from invented pupils" in said


def test_it_has_every_picture_with_its_numbers_and_no_inline_style(page: str) -> None:
    assert page.count('role="img"') == 5  # lists, recall, two rankings with bands, one with probabilities
    assert page.count("The same numbers in a table") == 5
    assert "style=" not in page
    for said in ("40.6 (32.8 to 48.9)", "about 1 in 8 like this", "about 1 in 10 (1 in 12 to 1 in 8)"):
        assert said in page


def test_a_probability_never_stands_without_how_many_like_this(module_service: Any, page: str) -> None:
    table = page[page.index("Probability said, %") :]
    rows = re.findall(r'<th scope="row"[^>]*>([\d.]+)</th>\s*<td[^>]*>([^<]+)</td>', table[: table.index("</table>")])
    assert len(rows) == len(DEMO["calibrations"][0]["bins"])
    assert all(re.fullmatch(r"about 1 in \d+ like this", words) for _, words in rows)
    for text in (page, module_service.browser("analyst").get("/models/demo").text):
        assert "will be NEET" not in text
    assert re.search(r"starts from [\d.]+ %, about 1 in \d+ like this", text)


def test_small_groups_are_withheld(page: str, tmp_path: Path) -> None:
    male = page[page.index(">male</th>") :]
    assert "fewer than 10" in male[: male.index("</tr>")]
    assert male[: male.index("</tr>")].count("too small to say") == 4
    [one] = [group for group in DEMO["groups"] if group["field"] == "sex"]
    rows = [{**row, "pupils": size} for row, size in zip(one["rows"][:2], (19, 20), strict=True)]
    by = rows[0]["ranking"]
    found = found_of(stored(tmp_path, groups=[{**one, "rows": rows}]), by)
    assert found
    assert [row[1] for row in found.parts["groups"][0].rows] == ["fewer than 20", "20"]


def test_groups_are_shown_of_the_list_that_is_asked_for(module_service: Any, page: str) -> None:
    assert "by “oxfordshire with model demo”" in page
    browser = module_service.browser("analyst")
    chosen = browser.get(PAGE, params={"by": "attendance alone"}).text
    assert '<option value="attendance alone" selected>' in chosen
    assert "by “attendance alone”" in chosen
    assert "Everybody with so many points" not in chosen  # it has none
    assert browser.get(PAGE, params={"by": "<b>"}).text.count("by “oxfordshire with model demo”") > 0


def test_what_one_evaluation_lacks_is_left_out(tmp_path: Path) -> None:
    found = found_of(stored(tmp_path, differences=[], calibrations=[], completeness=None, drift=[], added={}))
    assert found
    assert {name for name, made in found.parts.items() if not made} == {"rules", "errors", "known", "added", "drift"}
    nothing = {"value": None, "low": None, "high": None, "events": None, "pupils": None, "why": "too small to say: why"}
    few = [{**row, "caught": None, "missed": None, "recall": nothing} for row in DEMO["at_capacity"]]
    found = found_of(stored(tmp_path, at_capacity=few))
    assert found
    assert found.in_short == [
        "A list of 420 of 4,204 pupils by “oxfordshire with model demo” could not be judged: too small to say: why."
    ]


def test_text_of_the_figures_is_text(tmp_path: Path, start_service: Any) -> None:
    save_model(other_model(), tmp_path / "shelf")
    groups = [{**one, "title": "<img src=x>"} for one in DEMO["groups"]]
    stored(tmp_path / "shelf" / "other", title="<script>alert(1)</script>", notes=["<b>"], groups=groups)
    service = furnish(start_service(f"sqlite:///{tmp_path / 'roni.db'}", models=str(tmp_path / "shelf")))
    shown = service.browser("analyst").get("/models/other/evaluation").text
    assert "&lt;script&gt;alert(1)" in shown
    assert "<img" not in shown
    assert "<b>" not in shown


def test_figures_that_are_none_are_said_to_be_unreadable_and_none_is_not_found(
    tmp_path: Path, start_service: Any
) -> None:
    save_model(other_model(), tmp_path / "shelf")
    service = furnish(start_service(f"sqlite:///{tmp_path / 'roni.db'}", models=str(tmp_path / "shelf")))
    browser, place = service.browser("analyst"), tmp_path / "shelf" / "other" / "evaluation.json"
    assert browser.get("/models/other/evaluation").status_code == 404
    wrong = {"population": {}, "rankings": [], "capacity": None, "groups": [3], "drift": [{}], "notes": 3}
    contents = ["{", "[]", "{}", "[" * 100_000, *(json.dumps({**DEMO, name: value}) for name, value in wrong.items())]
    for content in contents:
        place.write_text(content)
        answer = browser.get("/models/other/evaluation")
        assert answer.status_code == 200
        assert "cannot be read" in answer.text
    assert "Download the report" not in answer.text
    (place.parent / "evaluation.html").write_text("<p>")
    assert "/models/other/evaluation/file" in browser.get("/models/other/evaluation").text
    assert browser.get("/models/other/evaluation/file").text == "<p>"
