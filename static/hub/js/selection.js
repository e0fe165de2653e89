/**
 * Selecting rows. A table with data-select has row checkboxes named "orders" and one [data-select-all] in its head; .selection is the bar.
 * The chosen ids survive paging and reloading (sessionStorage, one set for each list address) and "all of this condition" is a flag, not a list.
 */
const box = (row) => row.querySelector('input[type="checkbox"][name="orders"]');
const table = () => document.querySelector("table[data-select]");
const storageKey = () => `selection:${table()?.dataset.select}`;
let chosen = new Set();
let whole = false;
let last = null;

function load() {
  try { chosen = new Set(JSON.parse(sessionStorage.getItem(storageKey()) ?? "[]")); } catch { chosen = new Set(); }
}

export function rows() {
  return [...(table()?.tBodies[0]?.rows ?? [])].filter(box);
}

export function draw() {
  const bar = document.querySelector(".selection");
  if (!table() || !bar) return;
  sessionStorage.setItem(storageKey(), JSON.stringify([...chosen]));
  for (const row of rows()) {
    const on = whole || chosen.has(box(row).value);
    box(row).checked = on;
    row.setAttribute("aria-selected", String(on));
  }
  const here = rows();
  const all = document.querySelector("[data-select-all]");
  if (all) {
    const marked = here.filter((row) => box(row).checked).length;
    all.checked = here.length > 0 && marked === here.length;
    all.indeterminate = marked > 0 && marked < here.length;
  }
  const total = Number(bar.dataset.total);
  const count = whole ? total : chosen.size;
  bar.hidden = count === 0;
  for (const figure of bar.querySelectorAll("[data-n]")) figure.textContent = count.toLocaleString();
  const offer = bar.querySelector("[data-whole]");
  if (offer) offer.hidden = whole || !all?.checked || total <= chosen.size;
  for (const input of document.querySelectorAll("[data-selected-orders]")) input.value = whole ? "" : [...chosen].join(",");
  for (const input of document.querySelectorAll("[data-selected-all]")) input.value = whole ? "1" : "";
}

export function toggle(row, { range = false } = {}) {
  const on = !box(row).checked;
  const here = rows();
  const [from, until] = range && last ? [here.indexOf(last), here.indexOf(row)].sort((a, b) => a - b) : [here.indexOf(row), here.indexOf(row)];
  for (const each of here.slice(Math.max(from, 0), until + 1)) chosen[on ? "add" : "delete"](box(each).value);
  whole = false;
  last = row;
  draw();
}

export function clear() {
  chosen.clear();
  whole = false;
  draw();
}

document.addEventListener("click", (event) => {
  const tick = event.target.closest('table[data-select] tbody input[type="checkbox"][name="orders"]');
  if (tick) {
    const row = tick.closest("tr");
    tick.checked = !tick.checked;
    toggle(row, { range: event.shiftKey });
    setTimeout(draw);
  }
  const all = event.target.closest("[data-select-all]");
  if (all) {
    whole = false;
    for (const row of rows()) chosen[all.checked ? "add" : "delete"](box(row).value);
    draw();
  }
  if (event.target.closest("[data-whole]")) { whole = true; draw(); }
  if (event.target.closest("[data-select-none]")) clear();
});
document.addEventListener("htmx:afterSettle", draw);
document.addEventListener("selection-done", clear);
load();
draw();
