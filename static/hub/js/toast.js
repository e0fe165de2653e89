/**
 * Toasts: said by the server (HX-Trigger: {"toast": {"words", "tone", "undo_url"}}) or by a module. Text only, never markup.
 * While a dialog is open they are said in it: it lies above everything else and all behind it is mute.
 * A click on it or Escape takes it away, and what ends a page can be brought above it.
 */
const STAY = 8_000;

function place() {
  const dialog = document.querySelector("dialog[open]");
  if (!dialog) return document.getElementById("toasts");
  const there = dialog.querySelector(":scope > .toasts");
  if (there) return there;
  const made = Object.assign(document.createElement("div"), { className: "toasts" });
  dialog.append(made);
  return made;
}

export function toast({ words, tone = "good", undo_url: undoUrl = "" }) {
  const into = place();
  if (!into) return;
  const box = document.createElement("div");
  box.className = "toast";
  box.dataset.tone = tone;
  if (into.id !== "toasts") box.setAttribute("role", tone === "stop" ? "alert" : "status");
  const text = document.createElement("span");
  text.className = "words";
  text.textContent = words;
  box.append(text);
  if (undoUrl) {
    const undo = document.createElement("button");
    undo.type = "button";
    undo.className = "undo";
    undo.dataset.undo = "";
    undo.textContent = document.documentElement.lang === "ja" ? "元に戻す" : "Undo";
    undo.setAttribute("hx-post", undoUrl);
    undo.setAttribute("hx-swap", "none");
    box.append(undo);
  }
  into.append(box);
  globalThis.htmx?.process(box);
  leaveLater(box);
}

function leaveLater(box) {
  let timer = setTimeout(() => box.remove(), STAY);
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("focusin", () => clearTimeout(timer));
  box.addEventListener("pointerleave", () => { timer = setTimeout(() => box.remove(), STAY / 2); });
}

for (const box of document.querySelectorAll(".toast")) if (box.dataset.tone !== "stop") leaveLater(box);
document.addEventListener("toast", (event) => toast(event.detail));
/** Take all toasts of the page away and say whether there were any. */
export function dismiss() {
  const boxes = document.querySelectorAll("#toasts .toast");
  for (const box of boxes) box.remove();
  return boxes.length > 0;
}

/** The room at the end of the page never shrinks while the page stands, so that nothing moves when a toast goes. */
const MOST_ROOM = 240;
const corner = document.querySelector(".corner");
let room = 0;
if (corner) new ResizeObserver(() => {
  room = Math.min(Math.max(room, corner.offsetHeight), MOST_ROOM);
  document.documentElement.style.setProperty("--said", room ? `${room + 28}px` : "0px");
}).observe(corner);

document.addEventListener("click", (event) => {
  const box = event.target.closest(".toast");
  if (box && !event.target.closest("button, a") && getSelection().isCollapsed) box.remove();
  if (event.target.closest("[data-dismiss]")) event.target.closest(".toast, .banner, .alert")?.remove();
  if (event.target.closest("[data-tray]")) document.querySelector(".tray")?.toggleAttribute("open");
});

/** A lost connection says so; htmx errors say what the server said. */
const offline = (gone) => document.documentElement.toggleAttribute("data-offline", gone);
addEventListener("offline", () => offline(true));
addEventListener("online", () => offline(false));
document.addEventListener("htmx:sendError", () => {
  offline(true);
  const banner = document.querySelector(".offline span");
  if (banner && document.querySelector("dialog[open]")) toast({ tone: "stop", words: banner.textContent });
});
document.addEventListener("htmx:afterOnLoad", () => offline(false));
document.addEventListener("htmx:responseError", (event) => {
  const japanese = document.documentElement.lang === "ja";
  const { status, responseText } = event.detail.xhr;
  const page = new DOMParser().parseFromString(responseText, "text/html");
  const said = ["[data-error-words]", "[data-error-id]"].map((part) => page.querySelector(part)?.textContent.trim()).filter(Boolean).join(" ");
  toast({ tone: "stop", words: said || (japanese ? `できませんでした(${status})。もう一度お試しください。` : `That did not work (${status}). Please try again.`) });
});
