/** Forms: warns before unsaved words are lost, keeps a draft of [data-draft] fields, submits [data-submit-on-change] by itself, sends a form once. */
const changed = () => document.querySelector("form[data-changed]:not([data-sent])");

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form || form.method !== "post" || form.hasAttribute("data-careless")) return;
  form.dataset.changed = "";
  if (event.target.dataset.draft) sessionStorage.setItem(`draft:${event.target.dataset.draft}`, event.target.value);
});
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-submit-on-change]")) event.target.form.requestSubmit();
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent !== undefined && !form.hasAttribute("hx-post")) { event.preventDefault(); return; }
  if (form.method === "post") form.dataset.sent = "";
  for (const field of form.querySelectorAll("[data-draft]")) sessionStorage.removeItem(`draft:${field.dataset.draft}`);
});
document.addEventListener("htmx:afterRequest", (event) => { event.target.closest?.("form")?.removeAttribute("data-sent"); });
addEventListener("beforeunload", (event) => { if (changed()) event.preventDefault(); });
addEventListener("pageshow", (event) => { if (event.persisted) for (const form of document.forms) form.removeAttribute("data-sent"); });

for (const field of document.querySelectorAll("[data-draft]")) {
  const kept = sessionStorage.getItem(`draft:${field.dataset.draft}`);
  if (kept && !field.value) field.value = kept;
}

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
