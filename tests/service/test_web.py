"""Pages and their guards without a browser: templates, assets, headers, and who may send what."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.testclient import TestClient
from jinja2 import DictLoader, UndefinedError

from service import assets, web

COOKIE = "roni_session"
HOST = "http://testserver"


def refuse(status: int, code: str, title: str, detail: str, request: Request) -> Response:
    assert title
    return web.error_page(request, status, code, detail)


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = FastAPI(openapi_url=None)
    app.mount(web.ADDRESS, web.StaticFiles())
    app.add_middleware(web.SameOrigin, cookie=COOKIE, problem=refuse, trusted=["https://proxy.example/"])
    web.secure(app)

    @app.exception_handler(Exception)
    def unforeseen(request: Request, _: Exception) -> Response:
        return web.error_page(request, 500, "unexpected", "In a sentence.")

    @app.get("/broken")
    def broken() -> Response:
        raise RuntimeError

    @app.get("/page")
    def page(request: Request) -> Response:
        return web.render(request, "errors/404.html", title="A <title>", detail="Nothing & nobody", rows=[])

    @app.api_route("/thing", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def thing() -> Response:
        return JSONResponse({"done": True}, headers={"cache-control": "public"})

    @app.get("/refused/{status}/{code}")
    def refused(request: Request, status: int, code: str) -> Response:
        return web.error_page(request, status, code, "In a sentence.", errors=[{"message": "Row 2"}, {"where": "body"}])

    return TestClient(app, raise_server_exceptions=False)


def test_the_files_are_those_of_the_manifest_and_each_has_its_digest() -> None:
    entries = json.loads((assets.FOLDER / "manifest.json").read_text(encoding="utf-8"))["files"]
    there = {path.name for path in assets.FOLDER.iterdir() if path.suffix in assets.KINDS}
    assert there == {entry["file"] for entry in entries.values()}
    for name, entry in entries.items():
        digest = hashlib.sha256((assets.FOLDER / entry["file"]).read_bytes()).hexdigest()
        assert digest == entry["sha256"], name
        assert digest[:8] in entry["file"], name


def test_pages_name_only_files_of_the_manifest_and_nothing_elsewhere(client: TestClient) -> None:
    page = client.get("/page").text
    named = re.findall(r'(?:src|href|action)="([^"#]+)"', page)
    files = [name for name in named if name.startswith("/static/")]
    assert {web.static("roni.css"), web.static("roni.js"), web.static("favicon.svg")} == set(files)
    assert not [name for name in named if "//" in name]
    for name in files:
        assert client.get(name).status_code == 200


def test_nothing_that_a_browser_gets_asks_for_anything_elsewhere_or_bears_the_crown() -> None:
    for file in assets.manifest().values():
        text = (assets.FOLDER / file).read_text(encoding="utf-8")
        assert "url(" not in text.replace('url("data:', "")
        assert "@font-face" not in text
        assert "GDS Transport" not in text
        assert "sourceMappingURL" not in text


def test_no_template_has_a_style_attribute_or_a_script_of_its_own() -> None:
    for path in web.TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"""\sstyle=|\son[a-z]+=["']|<style""", text), path
        assert all('nonce="{{ nonce }}"' in tag for tag in re.findall(r"<script[^>]*>", text)), path


def test_an_asset_is_kept_for_a_year_and_compressed(client: TestClient) -> None:
    answer = client.get(web.static("roni.css"))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    plain = client.get(web.static("roni.css"), headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == answer.text


@pytest.mark.parametrize("name", ["manifest.json", "README.md", "refresh.py", "source/roni.scss", "../web.py", ""])
def test_nothing_else_in_the_folder_is_handed_out(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_an_asset_can_only_be_read(client: TestClient) -> None:
    assert client.post(web.static("roni.css")).status_code == 405


def test_every_answer_has_the_policy_and_pages_are_never_stored(client: TestClient) -> None:
    for path in ("/page", "/thing", "/nowhere", "/broken"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self' 'nonce-")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers.get_list("cache-control") == ["no-store"]
        assert "strict-transport-security" not in headers


def test_the_nonce_of_the_policy_is_the_pages_own_and_new_each_time(client: TestClient) -> None:
    nonces = set()
    for _ in range(2):
        answer = client.get("/page")
        found = set(re.findall(r'nonce="([^"]+)"', answer.text))
        assert len(found) == 1
        assert f"'nonce-{min(found)}'" in answer.headers["content-security-policy"]
        nonces |= found
    assert len(nonces) == 2


def test_browsers_are_told_to_stay_with_https_only_over_https(client: TestClient) -> None:
    secure = TestClient(client.app, base_url="https://testserver")
    assert secure.get("/page").headers["strict-transport-security"].startswith("max-age=")
    behind_a_proxy = FastAPI(openapi_url=None)
    behind_a_proxy.add_middleware(web.SecurityHeaders, https=True)
    assert "strict-transport-security" in TestClient(behind_a_proxy).get("/").headers


SIGNED_IN = {"cookie": f"theme=dark; {COOKIE}=abc"}
BEARER = {"authorization": "Bearer roni_x"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({**SIGNED_IN, "sec-fetch-site": "same-origin"}, 200),
        ({**SIGNED_IN, "sec-fetch-site": "none"}, 200),
        ({**SIGNED_IN, "sec-fetch-site": "same-site"}, 403),
        ({**SIGNED_IN, "sec-fetch-site": "cross-site", "origin": HOST}, 403),
        ({**SIGNED_IN, "origin": HOST}, 200),
        ({**SIGNED_IN, "origin": "https://proxy.example"}, 200),
        ({**SIGNED_IN, "origin": "https://elsewhere.example"}, 403),
        ({**SIGNED_IN, "origin": "null"}, 403),
        (SIGNED_IN, 403),
        ({**SIGNED_IN, **BEARER}, 403),  # the cookie would be used: a token beside it does not excuse it
        (BEARER, 200),
        ({**BEARER, "sec-fetch-site": "cross-site"}, 200),
        ({}, 200),  # nobody is signed in, and no browser says where this comes from
        ({"sec-fetch-site": "cross-site"}, 403),  # signing somebody in from elsewhere
        ({"origin": "https://elsewhere.example"}, 403),
        ({"cookie": f"x{COOKIE}=abc"}, 200),  # another cookie whose name only ends like ours
    ],
)
def test_what_changes_something_must_come_from_our_own_pages(
    client: TestClient, method: str, headers: dict[str, str], status: int
) -> None:
    assert client.request(method, "/thing", headers=headers).status_code == status


def test_reading_needs_no_origin(client: TestClient) -> None:
    assert client.get("/thing", headers={**SIGNED_IN, "sec-fetch-site": "cross-site"}).status_code == 200


def test_a_request_from_elsewhere_is_refused_with_a_page_that_says_so(client: TestClient) -> None:
    page = client.post("/thing", headers={**SIGNED_IN, "sec-fetch-site": "cross-site"}).text
    assert "This was sent from another website" in page


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 412, 413, 415, 422, 428, 429, 500, 503])
def test_every_refusal_has_a_page_in_plain_english(client: TestClient, status: int) -> None:
    answer = client.get(f"/refused/{status}/code")
    assert answer.status_code == status
    assert "In a sentence." in answer.text
    assert "Row 2" in answer.text
    assert web.TITLES.get(status, web.TITLES[400 if status < 500 else 500]) in answer.text


def test_what_a_page_says_is_escaped(client: TestClient) -> None:
    page = client.get("/page").text
    assert "A &lt;title&gt;" in page
    assert "Nothing &amp; nobody" in page


def test_a_name_that_a_template_does_not_have_is_an_error() -> None:
    templates = web.make_environment(
        DictLoader({"a": "{{ pupil }}", "b": "{{ {}.name }}", "c": "{% if pupil %}{% endif %}"})
    )
    for name in "abc":
        with pytest.raises(UndefinedError, match=r"is undefined|has no attribute"):
            templates.get_template(name).render()


def test_a_page_shows_whose_it_is_and_where_one_is() -> None:
    shell = web.Shell(
        "Bexford", "A Khan", "Coach", (web.NavigationItem("Lists", "/lists"),), switch="/switch", demo=True
    )
    page = _page(shell=shell, path="/lists/2")
    assert "Bexford" in page
    assert "A Khan, Coach" in page
    assert 'aria-current="true"' in page
    assert "Invented pupils" in page
    assert 'action="/sign-out"' in page


def test_a_stranger_sees_no_menu_and_nobody_is_said_to_be_invented() -> None:
    page = _page()
    assert "<nav" not in page
    assert "Sign out" not in page
    assert "Invented pupils" not in page


def test_errors_are_said_in_the_title_and_lead_to_their_controls() -> None:
    page = _page(errors={"due": "Enter a date", "": "Somebody else was quicker"})
    assert "<title>Error: Title" in page
    assert '<a href="#due">Enter a date</a>' in page
    assert "<li>Somebody else was quicker</li>" in page


def test_the_licences_name_every_package_of_the_manifest() -> None:
    text = (Path(assets.FOLDER) / "LICENCES.txt").read_text(encoding="utf-8")
    for package in json.loads((assets.FOLDER / "manifest.json").read_text(encoding="utf-8"))["packages"]:
        assert package["name"] in text
        assert package["integrity"].startswith("sha512-")


def _page(**context: Any) -> str:
    return web.environment().get_template("base.html").render({**web.DEFAULTS, "title": "Title", **context})
