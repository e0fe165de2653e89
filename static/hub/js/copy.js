/** data-copy="text": copies, and shows a tick for a moment. */
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const use = button.querySelector("use");
  const before = use?.getAttribute("href");
  use?.setAttribute("href", before.replace(/#.*/, "#check"));
  button.dataset.done = "";
  setTimeout(() => { use?.setAttribute("href", before); delete button.dataset.done; }, 1200);
});
