// Small comforts; every page works without them.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-switch]")) {
    const root = document.documentElement;
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.bsTheme);
  }
  if (event.target.closest("[data-print]")) window.print();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  if (event.key === "/" && !event.target.closest("input, textarea, select")) {
    const search = document.querySelector("input[type=search]");
    if (search) { event.preventDefault(); search.focus(); }
  }
});
document.addEventListener("submit", (event) => {
  const question = event.submitter && event.submitter.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-check-all]");
  if (all) for (const box of document.querySelectorAll(`input[name="${all.dataset.checkAll}"]`)) box.checked = all.checked;
  if (event.target.closest("[data-submit-on-change]")) event.target.form.requestSubmit();
});
document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]");
  if (token) event.detail.headers["X-CSRFToken"] = token.value;
});
// What scrolls must be reachable by keyboard: a wide table takes the focus while it is wider than its place.
// On a phone a table that is wider than its place becomes cards, each cell beside the head of its column; a grid of many
// columns stays one.
const MOST_COLUMNS = 12;
function reachable() {
  const phone = window.matchMedia("(max-width: 767px)").matches;
  for (const wrap of document.querySelectorAll(".table-wrap")) {
    const table = wrap.querySelector(":scope > table");
    const heads = table && table.tHead ? [...table.tHead.rows[0].cells].map((head) => head.textContent.trim()) : [];
    if (phone && table && heads.length <= MOST_COLUMNS && (heads.length || !table.tHead) && wrap.scrollWidth > wrap.clientWidth) {
      for (const row of [...table.tBodies].flatMap((body) => [...body.rows]))
        if (row.cells.length === heads.length) [...row.cells].forEach((cell, n) => { cell.dataset.head = heads[n]; });
      table.classList.add("cards");
    }
    if (wrap.scrollWidth > wrap.clientWidth) wrap.tabIndex = 0;
    else wrap.removeAttribute("tabindex");
  }
}
for (const moment of ["DOMContentLoaded", "htmx:afterSettle"]) document.addEventListener(moment, reachable);
window.addEventListener("resize", reachable);
document.addEventListener("DOMContentLoaded", () => {
  const here = document.querySelector(".site-nav [data-here]");
  if (here) here.scrollIntoView({ inline: "center", block: "nearest" });
});
