"""The service for browser tests: over a database of its own, with the invented people of the tests of the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.browser.visitor import Visitor


@dataclass
class Live:
    """A served app: `service` is as in the tests of the service."""

    service: Any
    address: str
    visit: Callable[..., Visitor]

    def as_(self, who: str, **options: Any) -> Visitor:
        """A visitor who is signed in as one of the people."""
        from service.accounts.credentials import cookie_name

        visitor = self.visit(self.address, **options)
        secret = self.service.browser(who).cookies[cookie_name(self.service.settings)]
        cookie = {"name": cookie_name(self.service.settings), "value": secret, "url": self.address}
        visitor.page.context.add_cookies([cookie])  # type: ignore[list-item]
        return visitor


def path_of(visitor: Visitor) -> str:
    """Where a visitor is."""
    return urlsplit(visitor.page.url).path
