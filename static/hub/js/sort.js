/** Lists put in order by hand: [data-sort] with a data-sort-url. Drag the grip, or focus it and press Alt with an arrow; saved at once. */
const lists = document.querySelectorAll("[data-sort]");

async function save(list) {
  const order = [...list.querySelectorAll(":scope > [data-id]")].map((item) => item.dataset.id);
  const token = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
  const body = new URLSearchParams(order.map((id) => ["order", id]));
  if (list.dataset.sortGroup) body.set("group", list.dataset.sortGroup);
  const answer = await fetch(list.dataset.sortUrl, { method: "POST", body, headers: { "X-CSRFToken": token, "HX-Request": "true" } });
  const said = answer.headers.get("HX-Trigger");
  if (said) for (const [name, detail] of Object.entries(JSON.parse(said))) document.dispatchEvent(new CustomEvent(name, { detail }));
  if (!answer.ok) location.reload();
}

if (lists.length) {
  const { default: Sortable } = await import(new URL("../vendor/sortable.esm.js", import.meta.url));
  for (const list of lists) {
    new Sortable(list, { handle: ".grip", draggable: "[data-id]", group: list.dataset.sort, animation: 120, onEnd: async ({ from, to }) => { await save(to); if (from !== to) await save(from); } });
  }
}

document.addEventListener("keydown", (event) => {
  const grip = event.target.closest(".grip");
  if (!grip || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const item = grip.closest("[data-id]");
  const other = event.key === "ArrowUp" ? item.previousElementSibling : item.nextElementSibling;
  if (!other?.dataset.id) return;
  other[event.key === "ArrowUp" ? "before" : "after"](item);
  grip.focus();
  event.preventDefault();
  save(item.parentElement);
});
