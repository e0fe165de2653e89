/** Forms: warns before unsaved words are lost, submits [data-submit-on-change] by itself, sends a form once and shows that it waits for the answer. */
const changed = () => document.querySelector("form[data-changed]:not([data-sent])");

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form || form.method !== "post" || form.hasAttribute("data-careless")) return;
  form.dataset.changed = "";
});
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-submit-on-change]")) event.target.form.requestSubmit();
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent !== undefined && !form.hasAttribute("hx-post")) { event.preventDefault(); return; }
  if (form.method === "post") form.dataset.sent = "";
  if (event.defaultPrevented || form.method === "dialog" || form.target === "_blank") return;
  busy(event.submitter, true);
  document.documentElement.dataset.leaving = "";
});
addEventListener("beforeunload", (event) => { if (changed()) event.preventDefault(); });
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.documentElement.removeAttribute("data-leaving");
  for (const form of document.forms) form.removeAttribute("data-sent");
  for (const button of document.querySelectorAll("[aria-busy=true]")) busy(button, false);
});

/** The button that was pressed says that its answer is under way: for a page to come (above) and for a part of this one. */
const waiting = new WeakMap();

function busy(button, on) {
  if (on) button?.setAttribute("aria-busy", "true");
  else button?.removeAttribute("aria-busy");
}

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const button = detail.requestConfig.triggeringEvent?.submitter ?? (detail.elt.matches("button, a") ? detail.elt : null);
  if (button) waiting.set(detail.xhr, button);
  busy(button, true);
});
document.addEventListener("htmx:afterRequest", (event) => {
  busy(waiting.get(event.detail.xhr), false);
  event.target.closest?.("form")?.removeAttribute("data-sent");
});

/** [data-reveal="id"] shows its part while checked or while its value is the wanted one (data-reveal-value). */
function reveal(control) {
  const part = document.getElementById(control.dataset.reveal);
  if (part) part.hidden = control.type === "checkbox" || control.type === "radio" ? !control.checked : control.value !== control.dataset.revealValue;
}
document.addEventListener("change", (event) => {
  const name = event.target.name;
  for (const control of document.querySelectorAll("[data-reveal]")) if (control.name === name) reveal(control);
});
for (const control of document.querySelectorAll("[data-reveal]")) reveal(control);
