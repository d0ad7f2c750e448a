"""A page's form as a browser would send it when somebody presses its button and touches nothing else."""

from __future__ import annotations

from html.parser import HTMLParser


class _Form(HTMLParser):
    """Collects what the controls of one form hold."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action, self.inside = action, False
        self.found: dict[str, list[str]] = {}
        self.select = self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        had = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = had.get("action") == self.action
        if not self.inside:
            return
        if tag == "input":
            self._input(had)
        elif tag == "select":
            self.select = had["name"]
        elif tag == "option" and (self.select not in self.found or "selected" in had):
            self.found[self.select] = [had["value"]]
        elif tag == "textarea":
            self.area = had["name"]
            self.found[self.area] = [""]

    def _input(self, had: dict[str, str]) -> None:
        if had.get("type") not in ("checkbox", "radio") or "checked" in had:
            self.found.setdefault(had["name"], []).append(had.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self.area:
            self.found[self.area] = [self.found[self.area][0] + data]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""
        elif tag == "form":
            self.inside = False


def form_of(page: str, action: str) -> dict[str, list[str]]:
    """What the form of this address on a page would send, each control's values by its name."""
    reader = _Form(action)
    reader.feed(page)
    assert reader.found, f"the page has no form of {action}"
    return reader.found
