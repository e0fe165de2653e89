/** Menus are <details class="menu">: they work without this. Here: one open at a time, Escape and a click outside close, arrows move. */
const openMenus = () => document.querySelectorAll("details.menu[open], details.chip[open]");

document.addEventListener("click", (event) => {
  const chosen = event.target.closest(".drop .item");
  for (const menu of openMenus()) if (chosen ? menu.contains(chosen) : !menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu[open], details.chip[open]");
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopImmediatePropagation();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const items = [...menu.querySelectorAll(".item")];
    if (!items.length) return;
    const step = event.key === "ArrowDown" ? 1 : -1;
    const at = items.indexOf(document.activeElement);
    items[(at + step + items.length) % items.length].focus();
    event.preventDefault();
  }
});

/** A menu at the right or lower edge opens to the other side; one that fits on neither is pushed into the window. */
document.addEventListener("toggle", (event) => {
  const drop = event.target.open && event.target.querySelector?.(":scope > .drop");
  if (!drop) return;
  drop.style.insetInlineEnd = "";
  const box = drop.getBoundingClientRect();
  if (box.right > innerWidth - 8 && box.width < innerWidth - 16) drop.classList.add("right");
  if (box.bottom > innerHeight - 8 && box.top > box.height + 60) drop.classList.add("up");
  const { left } = drop.getBoundingClientRect();
  if (left < 8 && drop.classList.contains("right")) drop.style.insetInlineEnd = `${left - 8}px`;
}, true);
