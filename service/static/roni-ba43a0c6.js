// Nicer with scripts, whole without them: components of the design system, tables sorted in place, one press a button.
import { initAll } from "./govuk-frontend-4e8b95d5.js";
import { SortableTable } from "./sortable-table-1223971c.js";

initAll();

for (const table of document.querySelectorAll("[data-module='moj-sortable-table']")) new SortableTable(table);

// A form marked so is sent once; coming back by the browser's button makes it ready again.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

// Filters that say so are applied as soon as they are chosen.
for (const form of document.querySelectorAll("form[data-apply]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
