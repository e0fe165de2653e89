/**
 * Filling fields in: data-fill='{"id": "value"}' on a button writes them when pressed; data-fill-empty, in what htmx brings, writes those that are still empty.
 * data-hide="id" hides its part while the box is ticked. data-submit-key is pressed by Ctrl (or Command) and Enter anywhere in its form.
 */
function fill(values, { emptyOnly = false } = {}) {
  for (const [id, value] of Object.entries(values)) {
    const field = document.getElementById(id);
    if (!field || value === null || (emptyOnly && field.value && field.nodeName !== "SELECT")) continue;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fill]");
  if (button) fill(JSON.parse(button.dataset.fill));
});
document.addEventListener("htmx:afterSettle", ({ target }) => {
  for (const part of target.querySelectorAll?.("[data-fill-empty]") ?? []) {
    const values = JSON.parse(part.dataset.fillEmpty);
    delete part.dataset.fillEmpty;
    fill(values, { emptyOnly: true });
  }
});
document.addEventListener("change", (event) => {
  const part = document.getElementById(event.target.dataset?.hide ?? "");
  if (part) part.hidden = event.target.checked;
});
document.querySelector(".entry [aria-invalid=true]")?.focus();
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  const button = event.target.form?.querySelector("[data-submit-key]") ?? document.querySelector("[data-submit-key]");
  if (button) { event.preventDefault(); button.click(); }
});
