// A field above each long table that leaves the rows which have all its words. Nothing is asked from anywhere.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const LONG = 20;
  for (const table of document.querySelectorAll("article table")) {
    const rows = [...table.querySelectorAll("tbody tr")];
    if (rows.length < LONG) continue;
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const field = document.createElement("input");
    const count = document.createElement("output");
    field.type = "search";
    field.className = "table-filter";
    field.placeholder = "filter: words that a row must have";
    field.setAttribute("aria-label", "Filter the rows of this table");
    const filter = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      rows.forEach((row, at) => {
        row.hidden = !words.every((word) => texts[at].includes(word));
        left += row.hidden ? 0 : 1;
      });
      count.textContent = ` ${left} of ${rows.length}`;
    };
    field.addEventListener("input", filter);
    const place = table.closest(".table-wrapper") || table;
    place.before(field, count);
    filter();
  }
});
