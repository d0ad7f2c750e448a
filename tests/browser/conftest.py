"""Chromium, a service to visit, and visitors. `RONI_SCREENSHOTS` names a folder for pictures of every page."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from tests.conftest import PICTURES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.service import Live
    from tests.browser.visitor import Visitor

REQUIRED = os.environ.get("CI") == "true" or "1" in (
    os.environ.get("RONI_REQUIRE_BROWSER"), os.environ.get("RONI_REQUIRE_ALL"),
)  # fmt: skip
CHROMIUM = os.environ.get("RONI_CHROMIUM", "/usr/bin/chromium")
QUIET = (  # no sandbox inside containers, and nothing that calls home
    "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 10  # seconds for a server to start


def _absent(reason: str) -> NoReturn:
    """Skip with the reason, or fail where browser tests are required."""
    if REQUIRED:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a file.

    Not for all: while it is open, Playwright keeps an event loop running in this thread, and what other tests run
    (notebooks, Dask workers) would wait for it for ever.
    """
    try:
        import axe_playwright_python.sync_playwright  # noqa: F401 - only whether it is there
        from playwright.sync_api import sync_playwright
    except ImportError:
        _absent("playwright or axe is not installed: pip install 'roni[test]'")
    if shutil.which(CHROMIUM) is None:
        _absent(f"there is no Chromium at {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def live_server() -> Iterator[Callable[[Any], str]]:
    """`live_server(app)` serves an ASGI app on a free port of this machine until the tests are over: its address."""
    import uvicorn

    servers: list[tuple[uvicorn.Server, threading.Thread]] = []

    def serve(app: Any) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        servers.append((server, thread))
        _wait_for(server, thread)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    for server, thread in servers:
        server.should_exit = True
        thread.join(PATIENCE)


def _wait_for(server: Any, thread: threading.Thread) -> None:
    limit = time.monotonic() + PATIENCE
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        assert time.monotonic() < limit, f"the service did not start within {PATIENCE} seconds"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def pictures() -> Path:
    """The folder of the pictures, never in the repository; it is told at the end."""
    folder = Path(os.environ[PICTURES])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def visit(browser: Browser, pictures: Path) -> Iterator[Callable[..., Visitor]]:
    """`visit(address, **options)`: a visitor with a browser session of their own; options as of a playwright context.

    Afterwards nobody may have met an error in the console, or had their browser call another address.
    """
    from tests.browser.visitor import TALL, WIDE, Visitor

    visitors: list[Visitor] = []

    def come(address: str, **options: Any) -> Visitor:
        context = browser.new_context(**{"viewport": {"width": WIDE, "height": TALL}, "locale": "en-GB", **options})
        visitors.append(Visitor(context.new_page(), address, pictures))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.page.context.close()
    assert [trouble for visitor in visitors for trouble in visitor.troubles] == []


@pytest.fixture
def live(tmp_path: Path, live_server: Callable[[Any], str], visit: Callable[..., Visitor]) -> Iterator[Live]:
    """A service of its own for each test, with three schools, somebody of every role and nothing else."""
    from tests.browser.service import Live
    from tests.service.conftest import furnish, start, stop

    service = furnish(start(f"sqlite:///{tmp_path / 'roni.db'}"))
    yield Live(service, live_server(service.app), visit)
    stop(service)
