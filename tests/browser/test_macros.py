"""The base page and every macro, looked at in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from tests.browser.demonstration import make_app
from tests.browser.visitor import NARROW, TALL, Visitor


@pytest.fixture(scope="module")
def app() -> object:
    return make_app()


@pytest.fixture(scope="module")
def address(app: object, live_server: Callable[[object], str]) -> str:
    return live_server(app)


@pytest.fixture
def visitor(visit: Callable[..., Visitor], address: str) -> Visitor:
    return visit(address)


@pytest.mark.parametrize("path", ["/register", "/forms", "/forms?wrong=1", "/forms?done=1"])
def test_every_macro_passes_axe_and_fits_narrow_and_zoomed_screens(visitor: Visitor, path: str) -> None:
    visitor.open(path)
    visitor.look("macros" + path.translate(str.maketrans("/?=", "---")))


@pytest.mark.parametrize("status", [404, 422, 500])
def test_every_refusal_has_a_page_that_says_what_to_do(visitor: Visitor, status: int) -> None:
    assert visitor.open(f"/refused/{status}").status == status
    visitor.look(f"refused-{status}")
    assert "What happened here, in a sentence." in visitor.page.inner_text("main")


def test_the_tab_key_stops_at_everything_in_order_and_can_be_seen_there(visitor: Visitor) -> None:
    visitor.open("/register")
    stops = visitor.stops()
    assert stops[:4] == ["Skip to main content", "Risk of NEET checks", "My list", "Checks"]
    assert stops.index("Sign out") < stops.index("Back") < stops.index("School") < stops.index("Next pupils")
    visitor.open("/forms?wrong=1")
    assert "Drop your export here, or choose it" in " ".join(visitor.stops())


def test_the_skip_link_leads_past_the_menu(visitor: Visitor) -> None:
    visitor.open("/forms")
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.id") == "name"


def test_the_summary_of_errors_leads_to_each_control(visitor: Visitor) -> None:
    visitor.open("/forms?wrong=1")
    assert visitor.page.title().startswith("Error: ")
    for link in visitor.page.locator(".govuk-error-summary__list a").all():
        target = (link.get_attribute("href") or "").removeprefix("#")
        named = visitor.page.locator(f"[id='{target}']")
        assert named.evaluate("it => ['INPUT', 'SELECT', 'TEXTAREA', 'BUTTON'].includes(it.tagName)"), target


def test_a_form_pressed_twice_is_sent_once(visitor: Visitor, app: object) -> None:
    visitor.open("/forms")
    app.state.sent.clear()  # type: ignore[attr-defined]
    visitor.page.get_by_role("button", name="Confirm").dblclick()
    visitor.page.get_by_role("heading", name="Done").wait_for()
    assert app.state.sent == ["a-key"]  # type: ignore[attr-defined]


def test_pages_work_without_scripts(visit: Callable[..., Visitor], address: str) -> None:
    visitor = visit(address, java_script_enabled=False)
    visitor.open("/forms")
    assert visitor.page.get_by_role("link", name="My list").is_visible()
    assert not visitor.page.get_by_role("button", name="Menu").is_visible()
    visitor.page.get_by_role("button", name="Confirm").click()
    assert visitor.page.get_by_role("heading", name="Done").is_visible()


def test_a_table_of_figures_is_sorted_in_place_where_there_are_scripts(visitor: Visitor) -> None:
    visitor.open("/register")
    table = visitor.page.locator("[data-module='moj-sortable-table']")
    table.get_by_role("button", name="Red").click()
    assert table.locator("tbody th").all_inner_texts()[0] == "Ash School"


def test_on_a_narrow_screen_each_cell_of_a_pupil_says_its_heading(visitor: Visitor) -> None:
    visitor.page.set_viewport_size({"width": NARROW, "height": TALL})
    visitor.open("/register")
    assert visitor.page.locator("tbody .roni-row__label", has_text="Why:").first.is_visible()


def test_paper_has_the_list_and_not_the_controls(visitor: Visitor) -> None:
    visitor.open("/register")
    visitor.page.emulate_media(media="print")
    assert visitor.page.get_by_text("Printed 21 November 2026").is_visible()
    assert visitor.page.get_by_text("Sam Field").first.is_visible()
    for control in (".roni-filters", "nav", ".govuk-button:visible", ".govuk-skip-link", ".govuk-back-link"):
        assert not visitor.page.locator(control).first.is_visible(), control
    visitor.picture("macros-register-print")
    assert visitor.printed("macros-register").stat().st_size > 0
