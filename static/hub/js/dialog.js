/** Dialogs: data-open="id" shows one (data-choose="value" with that choice made), data-close closes it; a click on the backdrop too. Never one above another. */
/** What a person came for: the field to fill, or else the one act of the panel; never the cross in its corner. */
const FIRST = "[autofocus], .body :is(input:not([type=hidden]), select, textarea):not(:disabled), footer .primary:not(:disabled)";

export function show(dialog) {
  for (const other of document.querySelectorAll("dialog[open]")) other.close();
  dialog.showModal();
  dialog.querySelector(FIRST)?.focus();
}

/** Whoever closes a dialog is where it was opened: at its button, or at the menu that held it and is shut now. */
function goBack(opener) {
  if (document.activeElement === document.body) (opener.closest("details")?.querySelector("summary") ?? opener).focus();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.open);
    opener.closest("details[open]")?.removeAttribute("open");
    if (!dialog) return;
    const choice = opener.dataset.choose && dialog.querySelector(`input[type=radio][value="${opener.dataset.choose}"]`);
    if (choice) choice.checked = true;
    show(dialog);
    if (choice) choice.focus();
    dialog.addEventListener("close", () => goBack(opener), { once: true });
    return;
  }
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  if (event.target.nodeName === "DIALOG") {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside && !event.target.querySelector("form[data-changed]")) event.target.close();
  }
});

/** An address may name a dialog of its page: /orders/…/#tracking opens it. */
const asked = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
if (asked?.nodeName === "DIALOG" && asked.id !== "peek") show(asked);

/** What came open with the page, because its form was refused, lies above the page like any other. */
const refused = document.querySelector("dialog[open]");
if (refused) show(refused);

/** The side panel shows itself when htmx has put something into it. */
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id === "peek") show(event.detail.target);
});
