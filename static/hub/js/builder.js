/** Rows of a form: what a rule does (an act and its value, from json_script "actions"), and placeholders put into a text. */
const form = document.querySelector("[data-builder]");

if (form) {
  const actions = new Map(JSON.parse(document.getElementById("actions")?.textContent ?? "[]").map((action) => [action.key, action]));

  function control(old, action) {
    const next = document.createElement(action.values?.length ? "select" : "input");
    next.name = "act_value";
    next.setAttribute("aria-label", old.getAttribute("aria-label"));
    if (action.values?.length) next.append(...action.values.map(({ value, label }) => new Option(label, value)));
    else if (action.bare) next.type = "hidden";
    else next.placeholder = action.placeholder;
    old.replaceWith(next);
  }

  form.addEventListener("change", ({ target }) => {
    if (target.name === "act") control(target.closest("[data-row]").querySelector("[name=act_value]"), actions.get(target.value));
  });

  form.addEventListener("click", ({ target }) => {
    const add = target.closest("[data-add-row]");
    const remove = target.closest("[data-remove-row]");
    if (add) {
      const rows = add.closest("[data-rows]").querySelectorAll("[data-row]");
      const copy = rows[rows.length - 1].cloneNode(true);
      rows[rows.length - 1].after(copy);
      const select = copy.querySelector("select");
      select.selectedIndex = 0;
      select.dispatchEvent(new Event("change", { bubbles: true }));
      select.focus();
    }
    if (remove && remove.closest("[data-rows]").querySelectorAll("[data-row]").length > 1) remove.closest("[data-row]").remove();
    if (add || remove) document.body.dispatchEvent(new Event("rows-changed"));
  });
}

/** data-insert puts a placeholder where the cursor is in the field named by data-insert-into. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  const field = button && document.getElementById(button.dataset.insertInto);
  if (!field) return;
  field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
