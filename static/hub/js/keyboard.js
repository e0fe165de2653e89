/** Keys. Every one presses a button, follows a link or goes into a field that is also on the page; data-key="s" on it is all that is needed. */
import { show } from "./dialog.js";
import { clear, rows, toggle } from "./selection.js";
import { dismiss } from "./toast.js";

const GO = { h: "/", o: "/orders/", t: "/attention/", s: "/shipping/", r: "/rules/", p: "/products/", m: "/mail/" };
let waitsForGo = false;
let here = -1;

const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

function move(step) {
  const all = rows();
  if (!all.length) return;
  all[here]?.classList.remove("here");
  here = Math.min(Math.max(here + step, 0), all.length - 1);
  all[here].classList.add("here");
  all[here].scrollIntoView({ block: "nearest" });
  all[here].querySelector("a.number, a.row")?.focus({ preventScroll: true });
}

const row = () => rows()[here];

const ACTS = {
  "/": () => document.getElementById("search")?.focus(),
  "?": () => show(document.getElementById("keys")),
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => rows().length && here >= 0 && move(1),
  ArrowUp: () => rows().length && here >= 0 && move(-1),
  x: () => row() && toggle(row()),
  X: () => row() && toggle(row(), { range: true }),
  Enter: () => row()?.querySelector("a.number, a.row")?.click(),
  " ": () => row()?.querySelector("[data-peek]")?.click(),
  "]": () => document.querySelector(".pager [rel=next]")?.click(),
  "[": () => document.querySelector(".pager [rel=prev]")?.click(),
  u: () => [...document.querySelectorAll("[data-undo]")].at(-1)?.click(),
  Escape: () => dismiss() || clear(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (document.querySelector("dialog[open]")) return;
  if (waitsForGo) {
    waitsForGo = false;
    if (GO[event.key]) location.assign(GO[event.key]);
    return;
  }
  if (event.key === "g") {
    waitsForGo = true;
    setTimeout(() => { waitsForGo = false; }, 1200);
    return;
  }
  const onControl = event.target.closest("a, button, summary, input");
  if ((event.key === "Enter" || event.key === " ") && onControl && !onControl.matches("a.number, a.row")) return;
  const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]:not([hidden])`);
  const visible = button && button.offsetParent !== null;
  if (visible) {
    if (button.matches("summary")) { button.parentElement.open = true; button.parentElement.querySelector(".item, input:not([type=hidden])")?.focus(); } else if (typing(button)) button.focus(); else button.click();
    event.preventDefault();
  } else if (ACTS[event.key]) {
    const did = ACTS[event.key]();
    if (did !== 0 && did !== false) event.preventDefault();
  }
});
document.addEventListener("htmx:afterSettle", ({ detail }) => { if (detail.target?.id === "list") here = -1; });
