"""Somebody at a browser: opens pages, looks at them as the tests of every page do, and keeps pictures of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # where there is no browser these are not installed, and the fixture says what is missing
    from playwright.sync_api import ConsoleMessage, Page, Request, Response

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
WIDE, TALL = 1280, 1024
NARROW = 320  # WCAG 1.4.10, reflow: no scrolling two ways at this width
ZOOMED = WIDE // 2  # what is left of a laptop's screen at 200 % zoom
MOST_STOPS = 400  # of the keyboard on one page

# What has the focus, in words, and whether it is to be seen there: shown, and drawn otherwise than without the focus.
FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const words = at.getAttribute("aria-label") || at.labels?.[0]?.innerText || at.innerText || at.name || at.id;
  const style = (it) => { const s = getComputedStyle(it); return [s.outline, s.boxShadow, s.backgroundColor].join(); };
  const box = at.getBoundingClientRect(), shown = box.width > 0 && box.height > 0;
  const drawn = [at, at.labels?.[0], at.parentElement].filter(Boolean);
  const during = drawn.map((it) => style(it) + getComputedStyle(it, "::before").boxShadow
    + (at.labels?.[0] ? getComputedStyle(at.labels[0], "::before").boxShadow : ""));
  at.blur();
  const after = drawn.map((it) => style(it) + getComputedStyle(it, "::before").boxShadow
    + (at.labels?.[0] ? getComputedStyle(at.labels[0], "::before").boxShadow : ""));
  at.focus();
  return { words: words.trim().replace(/\\s+/g, " "), seen: shown && during.join() !== after.join() };
}"""


class Visitor:
    """A page of a browser, the address of the service, and a record of what went wrong unasked."""

    def __init__(self, page: Page, address: str, pictures: Path) -> None:
        self.page, self.address, self.pictures = page, address, pictures
        self.troubles: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.troubles.append(f"script error: {error}"))
        page.on("request", self._request)

    def open(self, path: str) -> Response:
        """Go to a page of the service."""
        response = self.page.goto(self.address + path)
        assert response is not None
        return response

    def violations(self, also: tuple[str, ...] = ("best-practice",)) -> list[str]:
        """What axe finds against WCAG 2.2 AA, and its rules of good practice, in the page as it stands."""
        from axe_playwright_python.sync_playwright import Axe

        options = {"runOnly": {"type": "tag", "values": [*WCAG, *also]}, "resultTypes": ["violations"]}
        there: bool = self.page.evaluate("() => 'axe' in window")  # half a megabyte: given to each page once
        axe = Axe("undefined") if there else Axe()
        found = axe.run(self.page, options=options).response["violations"]
        return [f"{one['id']}: {one['help']}: {node['html']}" for one in found for node in one["nodes"]]

    def too_wide(self, width: int) -> list[str]:
        """What makes the page scroll sideways at this width of the window; nothing where it fits."""
        self.page.set_viewport_size({"width": width, "height": TALL})
        wide: list[str] = self.page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth ? [] :
               [...document.body.querySelectorAll("*")].filter(
                 (it) => it.getBoundingClientRect().right > innerWidth + 1 && !it.closest(".roni-scroll *")
               ).map((it) => it.outerHTML.slice(0, 120)).slice(-5)"""
        )
        self.page.set_viewport_size({"width": WIDE, "height": TALL})
        return wide

    def stops(self) -> list[str]:
        """Where the tab key stops, in order, in words; fails at a stop that cannot be seen."""
        self.page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0); }")
        found: list[str] = []
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            at: dict[str, Any] | None = self.page.evaluate(FOCUSED)
            if at is None:
                return found
            assert at["seen"], f"the focus cannot be seen on: {at['words']}"
            found.append(at["words"])
        raise AssertionError(f"more than {MOST_STOPS} stops of the tab key")

    def tab_to(self, words: str) -> None:
        """Press the tab key from the top of the page until it stops there."""
        self.page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0); }")
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            at: dict[str, Any] | None = self.page.evaluate(FOCUSED)
            if at is not None and at["words"] == words:
                return
        raise AssertionError(f"the tab key never stops at {words}")

    def picture(self, name: str) -> Path:
        """The whole page as it stands, kept where people may look."""
        path = self.pictures / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def printed(self, name: str) -> Path:
        """The page as it would be printed: the words of paper, and a PDF beside the pictures."""
        self.page.emulate_media(media="print")
        path = self.pictures / f"{name}.pdf"
        self.page.pdf(path=path, prefer_css_page_size=True)
        self.page.emulate_media(media="screen")
        return path

    def look(self, name: str) -> None:
        """What every page must pass as it stands, with pictures of it: axe, a narrow screen, 200 % zoom, troubles."""
        self.picture(name)
        _nothing(self.violations(), "by axe")
        _nothing(self.too_wide(ZOOMED), "at 200 % zoom")
        _nothing(self.too_wide(NARROW), f"at a width of {NARROW}")
        self.page.set_viewport_size({"width": NARROW, "height": TALL})
        self.picture(f"{name}-narrow")
        _nothing(self.violations(), "by axe, on a narrow screen")
        self.page.set_viewport_size({"width": WIDE, "height": TALL})
        _nothing(self.troubles, "unasked")

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium reports a page that is itself a 404 or 422 as a failure to load; the tests ask for those.
        refused = message.text.startswith("Failed to load resource") and message.location["url"] == self.page.url
        if message.type in ("error", "warning") and not refused:
            self.troubles.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith(self.address + "/") and not request.url.startswith("blob:" + self.address):
            self.troubles.append(f"request elsewhere: {request.url}")


def _nothing(found: list[str], how: str) -> None:
    if found:
        raise AssertionError(f"found {how}:\n" + "\n".join(found))
