"""A small app whose pages show every macro in every state, with invented pupils: what the tests of the macros visit."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader
from markupsafe import Markup

from roni.charts import Line, Step, waterfall
from roni.evaluation import plots
from service import web

SHELL = web.Shell(
    council="Bexford Council",
    person="Ayesha Khan-Featherstonehaugh",
    role="Coach, north district",
    navigation=(
        web.NavigationItem("My list", "/register"),
        web.NavigationItem("Checks", "/forms"),
        web.NavigationItem("Find a pupil", "/found"),
    ),
    switch="/switch",
    demo=True,
)
LONG = "Bartholomew-Alexander Featherstonehaugh-Cholmondeley"
PUPILS = [
    {
        "name": name, "form": "11C", "band": band, "place": place, "could_be": could_be, "new": new,
        "why": [("attendance 71.5 % (below 85 %)", "2"), ("EHC plan", "2"), ("suspended", "1")][: 3 - place],
        "contact": "Not yet",
    }
    for name, band, place, could_be, new in [
        (LONG, "red", 0, "", True), ("Sam Field", "red", 0, "", False), ("Jo Park", "amber", 1, "red", False),
        ("Alex Rowe", "green", 2, "amber", False),
    ]
]  # fmt: skip

REGISTER = """
{% extends "base.html" %}
{% from "macros/tables.html" import pupil_table, data_table, figure %}
{% from "macros/lists.html" import band, mark, reasons, pagination, counts, tag, summary_list, details, warning %}
{% from "macros/filters.html" import filter_form %}
{% from "macros/forms.html" import select_field, print_button, one_button_form %}
{% block content %}
<h1 class="govuk-heading-l">{{ title }}</h1>
{{ counts([(3, "in the red band"), (12, "in the amber band", "/register?band=amber"), (240, "pupils altogether")]) }}
{% call filter_form("/register", clear="/register", chosen=[("Year 11", "/register")]) %}
  {{ select_field("school", "School", [("1", "Ash School"), ("2", "The Very Reverend Bishop of Bexford Academy")],
     first="All schools") }}
  {{ select_field("band", "Band", [("red", "Red"), ("amber", "Amber")], "amber", first="All bands") }}
{% endcall %}
{{ print_button("Print this list") }}
{% call pupil_table("Pupils, most urgent first", ("Pupil", "Form", "Band", "Why",
   ("Last contact", "/register", "none")),
   actions="Action", printed="Bexford Council. November 2026 check, Year 11. Printed 21 November 2026 for A Khan") %}
{% for pupil in pupils %}
<tr class="govuk-table__row{{ ' roni-row--new' if pupil.new }}">
  <th scope="row" class="govuk-table__header"><a class="govuk-link" href="/register">{{ pupil.name }}</a>
    {% if pupil.new %} {{ mark("new") }}{% endif %}</th>
  <td class="govuk-table__cell"><span class="roni-row__label">Form: </span>{{ pupil.form }}</td>
  <td class="govuk-table__cell">{{ band(pupil.band, pupil.place, pupil.could_be) }}</td>
  <td class="govuk-table__cell"><span class="roni-row__label">Why: </span>{{ reasons(pupil.why) }}</td>
  <td class="govuk-table__cell"><span class="roni-row__label">Last contact: </span>{{ pupil.contact }}</td>
  <td class="govuk-table__cell roni-no-print">{{ one_button_form("/send", "Take on", about=pupil.name) }}</td>
</tr>
{% endfor %}
{% endcall %}
{{ pagination("/register?before=a", "/register?after=b", "pupils", "Pupils 51 to 100 of 240") }}
{{ figure(waterfall, "Why Jo Park is in the amber band", ("Reason", "Points"), [("Attendance", "+2")]) }}
{{ figure(lines, "Of the pupils who became NEET, how many a list of each length would have named",
   ("Length", "Share"), [("50", "62 %"), ("100", "81 %")], open=true) }}
{{ figure(reliability, "What the model said, and what happened") }}
{{ data_table("Bands by school", ("School", "Red", "Amber", "Green", "No band", "Not yet returned", "Signed off"),
   [("The Very Reverend Bishop of Bexford Academy", 12, 31, 190, 2, 0, 1), ("Ash School", 3, 9, 120, 0, 4, 0)],
   sortable=true) }}
{{ summary_list([("Name", "Jo Park"), ("School", "Ash School", [("Change", "/register", "school")])], card="Pupil") }}
{{ tag("Signed off", "green") }} {{ band("") }}
{% call details("What the points mean") %}Points add up from what is known.{% endcall %}
{{ warning("This list names children. Keep it safe.") }}
{% endblock %}
"""

FORMS = """
{% extends "base.html" %}
{% from "macros/forms.html" import form, text_field, number_field, password_field, text_area, select_field %}
{% from "macros/forms.html" import radios_field, checkboxes_field, checkbox, date_field, upload_field %}
{% from "macros/forms.html" import button, confirm_button, link_button %}
{% from "macros/problems.html" import problem_row %}
{% from "macros/lists.html" import progress, panel, empty %}
{% block content %}
<h1 class="govuk-heading-l">{{ title }}</h1>
{% call form("/send", upload=true, key="a-key") %}
  {{ text_field("name", "Name of the check", hint="For example, November 2026", errors=errors) }}
  {{ number_field("capacity", "How many pupils can you see?", value=40, suffix="pupils", errors=errors) }}
  {{ password_field("password", "Password", errors=errors) }}
  {{ text_area("why", "Why are you adding this pupil?", most=500, errors=errors) }}
  {{ text_area("note", "Note", "What was said", errors=errors) }}
  {{ select_field("school", "School", [(1, "Ash School"), (2, "Elm School")], 2, hint="Where registered",
     errors=errors) }}
  {{ radios_field("blank", "12 cells are blank. What do they mean?", [("no", "No"), ("unknown", "Not known",
     "The pupil keeps what is known")], "no", errors=errors) }}
  {{ radios_field("all", "Is that all of them?", [("y", "Yes"), ("n", "No")], inline=true, small=true, errors=errors) }}
  {{ checkboxes_field("years", "Which years?", [("11", "Year 11"), ("12", "Year 12")], ["11"], errors=errors) }}
  {{ checkbox("sure", "I have checked with the school", errors=errors, hint="By telephone or in writing") }}
  {{ date_field("due", "When is it due?", due, errors=errors) }}
  {{ upload_field("file", "Drop your export here, or choose it", accept=".csv,.xlsx", errors=errors) }}
  <h2 class="govuk-heading-m">Problems</h2>
  {{ problem_row("autumn.csv, row 14, column “Attendance”", "The attendance is above 100.", "row-14-attendance",
     value="842", hint="A percentage, such as 84.2", errors=errors) }}
  {{ problem_row("autumn.csv, row 15, column “SEN”", "This SEN code is not one of ours.", "row-15-sen", value="K",
     options=[("N", "None"), ("K", "SEN support")], errors=errors) }}
  {{ problem_row("autumn.csv, row 16", "This row is there twice.", answered="One was kept.") }}
  <div class="govuk-button-group">{{ confirm_button("Confirm") }}{{ button("Save for later", "secondary") }}
    {{ link_button("Cancel", "/register") }}</div>
{% endcall %}
{{ progress(30, 60, "Reading the file: 30 of 60 schools", again="/forms") }}
{{ empty("Nobody has returned yet", "Schools were asked on 2 November 2026.", "/forms", "Send a reminder") }}
{% endblock %}
"""

PANEL = """
{% extends "base.html" %}{% from "macros/lists.html" import panel %}
{% block content %}{{ panel(title, "Your reference is A-1234") }}{% endblock %}
"""

WRONG = {
    "name": "Enter a name", "capacity": "Enter a number", "password": "Enter your password", "why": "Say why",
    "note": "Too long", "school": "Choose a school", "blank": "Choose what blank means", "all": "Choose yes or no",
    "years": "Choose a year", "sure": "Check first", "due": "Enter a date", "file": "Choose a file",
    "row-14-attendance": "Enter a percentage", "": "The school has sent another file since",
}  # fmt: skip


def make_app() -> FastAPI:
    """Pages of the macros, pages of refusals, and a form that counts how often it was sent."""
    environment = web.make_environment(
        ChoiceLoader([DictLoader({"r": REGISTER, "f": FORMS, "p": PANEL}), FileSystemLoader(web.TEMPLATES)])
    )
    app = FastAPI(openapi_url=None)
    app.state.sent = []
    app.mount(web.ADDRESS, web.StaticFiles())
    app.add_middleware(web.SameOrigin, cookie="session", problem=_problem)
    web.secure(app)

    def page(request: Request, name: str, **context: Any) -> HTMLResponse:
        request.state.shell = SHELL
        return web.render(request, environment.get_template(name), **context)

    @app.get("/register")
    def register(request: Request, times: int = 1) -> Response:
        return page(
            request,
            "r",
            title="My list",
            pupils=PUPILS * times,
            wide=times > 1,
            back="/forms",
            landscape=True,
            **_pictures(),
        )

    @app.get("/forms")
    def forms(request: Request, wrong: bool = False, done: bool = False) -> Response:
        notice = web.Notice("The check is open") if done else web.Notice("Bexford closes early", "information")
        return page(
            request, "f", title="Open a check", due=date(2026, 11, 27), errors=WRONG if wrong else {}, notice=notice
        )

    @app.post("/send")
    async def send(request: Request) -> Response:
        async with request.form() as sent:
            app.state.sent.append(sent.get("idempotency_key"))
        return page(request, "p", title="Done")

    @app.get("/refused/{status}")
    def refused(request: Request, status: int) -> Response:
        rows = [{"message": f"Row {row}: the UPN is missing."} for row in range(1, 25)] if status == 422 else []
        return web.error_page(request, status, "refused", "What happened here, in a sentence.", errors=rows)

    return app


def _problem(status: int, code: str, _title: str, detail: str, request: Request) -> Response:
    return web.error_page(request, status, code, detail)


def _pictures() -> dict[str, Markup]:
    steps = [Step("attendance 84.2 % (below 85 %)", 2), Step("EHC plan", 2), Step("offer of a place", -1)]
    drawn = {
        "waterfall": waterfall(steps, 3, 5, "Why Jo Park is in the amber band", lines=[Line("amber from here", 2)]),
        "lines": plots.line_chart(
            "Recall by length", [plots.Line("scorecard", [(0, 0), (100, 0.8), (200, 1)]),
            plots.Line("with the model", [(0, 0), (100, 0.9), (200, 1)])], "length of the list", "share found",
        ),
        "reliability": plots.reliability_chart("Reliability", [(0.1, 0.12, 0.05, 0.2), (0.5, 0.45, 0.3, 0.6)]),
    }  # fmt: skip
    return {name: Markup(svg) for name, svg in drawn.items()}
