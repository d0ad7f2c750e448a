"""What visitors do on any page, one step each."""

from __future__ import annotations

from tests.browser.visitor import Visitor


def press(visitor: Visitor, name: str) -> None:
    """Press a button of a page, and wait for the next page."""
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name=name, exact=True).first.click()


def follow(visitor: Visitor, name: str) -> None:
    """Follow a link of a page."""
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("link", name=name).first.click()


def fill_day(visitor: Visitor, legend: str, day: str) -> None:
    """A day such as "2 9 2026" in its three boxes."""
    boxes = visitor.page.get_by_role("group", name=legend, exact=True)
    for label, text in zip(("Day", "Month", "Year"), day.split(), strict=True):
        boxes.get_by_label(label).fill(text)


def main_of(visitor: Visitor) -> str:
    """The words of the page."""
    return visitor.page.inner_text("main")


def error_of(visitor: Visitor) -> str:
    """What the page says first of what is wrong."""
    return visitor.page.inner_text(".govuk-error-summary")


def done_of(visitor: Visitor) -> str:
    """What the page says has just been done."""
    return visitor.page.inner_text(".govuk-notification-banner")
