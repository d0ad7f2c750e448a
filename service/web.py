"""Pages: the Jinja environment, and `render`, which every page's handler ends with.

A handler:       return render(request, "checks/list.html", title="Checks", checks=checks)
A refused form:  return render(request, "checks/new.html", 422, title="Open a check", errors={"due": "Enter a date"})

A page:          {% extends "base.html" %}
                 {% from "macros/forms.html" import form, text_field, button %}
                 {% block content %} <h1 class="govuk-heading-l">{{ title }}</h1> ... {% endblock %}

What base.html reads, beside `title` (which `render` needs):
  back      address of the back link                 errors   {control name: sentence}; "" for one without a control
  notice    Notice(text, kind)                       shell    Shell: council, person, role, navigation (see below)
  wide      True for a list of many columns          landscape True to print on its side
  part      address of the part of the service it belongs to, where its own address begins otherwise
Blocks: content (inside main), before (above main, below the back link), footer_note, head, page_title, main.
Macros, each file beginning with how to use it: forms.html, lists.html, tables.html, problems.html, filters.html.
`shell` is `request.state.shell` where the sign-in put one there; without it the page shows a stranger's header.

Undefined names are errors. The macros of the design system expect them to be blank, so those alone run in an
environment of their own. A macro call costs microseconds: in the rows of a long list write plain HTML with the same
classes, over tuples taken apart in the loop and escaped a row at a time, as registers/lines.html does.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined, Template
from jinja2.loaders import FileSystemLoader
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from service.assets import ADDRESS as ADDRESS
from service.assets import StaticFiles as StaticFiles
from service.assets import static as static
from service.guards import SameOrigin as SameOrigin
from service.guards import SecurityHeaders as SecurityHeaders
from service.guards import secure as secure
from service.phrases import FILTERS
from service.registers.row import escaped

SERVICE = "Risk of NEET checks"
TEMPLATES = Path(__file__).parent / "templates"
DESIGN_SYSTEM = "govuk_frontend_jinja"
TITLES = {
    400: "This did not work",
    403: "You cannot see or do this",
    404: "Page not found",
    409: "This no longer fits how things stand",
    412: "Somebody else changed this first",
    413: "This file is too big",
    422: "Some of this needs putting right",
    429: "Too many tries",
    500: "Sorry, there is a problem with the service",
}
CODE_TITLES = {"other_origin": "This was sent from another website"}


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A link at the top of every page; the one whose address begins the page's own is marked as current."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Shell:
    """What stands around a page: whose service it is, who is signed in and as what, and where they may go."""

    council: str = ""
    person: str = ""
    role: str = ""
    navigation: tuple[NavigationItem, ...] = ()
    home: str = "/"
    switch: str = ""  # address where somebody with several roles or schools chooses another
    sign_out: str = "/sign-out"  # is sent a POST
    demo: bool = False  # the pupils are invented, and every page says so


@dataclass(frozen=True, slots=True)
class Notice:
    """What has just happened, above the page: `kind` is "success" or "information"."""

    text: str | Markup
    kind: str = "success"


NOBODY = Shell()
DEFAULTS: Mapping[str, Any] = {
    "back": "", "errors": {}, "notice": None, "wide": False, "landscape": False, "part": "", "path": "/", "nonce": "",
    "shell": NOBODY,
}  # fmt: skip


class _Pages(Environment):
    """Our templates are strict; the design system's own are found in an environment that is not."""

    lenient: Environment

    def _load_template(self, name: str, globals: Any) -> Template:  # noqa: A002 - the name is Jinja's
        if name.startswith(DESIGN_SYSTEM + "/"):
            return self.lenient._load_template(name, globals)
        return super()._load_template(name, globals)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates of the service; made once, safe to share between threads."""
    return make_environment(FileSystemLoader(TEMPLATES))


def make_environment(loader: BaseLoader) -> Environment:
    """An environment over other templates beside the design system's: autoescape on, undefined names an error."""
    pages = _Pages(loader=loader, undefined=StrictUndefined, **_SETTINGS)
    pages.lenient = Environment(loader=PrefixLoader({DESIGN_SYSTEM: PackageLoader(DESIGN_SYSTEM)}), **_SETTINGS)
    pages.filters.update(FILTERS, escaped=escaped)
    pages.globals.update(static=static, new_key=new_key, service_name=SERVICE, is_current=is_current)
    return pages


_SETTINGS: Mapping[str, Any] = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True, "auto_reload": False}


def new_key() -> str:
    """A fresh key for a form, so that the same press sent twice is done once."""
    return secrets.token_urlsafe(16)


def is_current(href: str, path: str) -> bool:
    """Whether a link's address is the page's own or begins it.

    >>> is_current("/checks", "/checks/nov"), is_current("/checks", "/checks-old"), is_current("/", "/checks")
    (True, False, False)
    """
    return path == href or (href != "/" and path.startswith(href.rstrip("/") + "/"))


def render(
    request: Request,
    name: str | Template,
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """The page of a template. `context` needs a `title`; a page with `errors` says so in its title by itself."""
    state = request.state
    surroundings = {
        "path": request.url.path,
        "nonce": getattr(state, "nonce", ""),
        "shell": getattr(state, "shell", NOBODY),
    }
    page = _template(name).render({**DEFAULTS, **surroundings, **context})
    return HTMLResponse(page, status, headers)


def error_page(
    request: Request, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> HTMLResponse:
    """The page of a refusal: `detail` says what went wrong here, the page what to do about its kind.

    `errors` among `more` are problems of a file's rows (file, row, column, message), listed under it.
    """
    number = status if status in TITLES else 500 if status >= 500 else 400
    title = CODE_TITLES.get(code, TITLES[number])
    rows = [error for error in more.get("errors", ()) if "message" in error]
    return render(request, f"errors/{number}.html", status, headers=headers, title=title, detail=detail, rows=rows)


def _template(name: str | Template) -> Template:
    return environment().get_template(name)
