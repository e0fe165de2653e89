/** The rule builder: adds and removes rows, and offers for each field its own comparisons and values (from json_script "fields" and "actions"). */
const form = document.querySelector("[data-builder]");

if (form) {
  const read = (id) => new Map(JSON.parse(document.getElementById(id)?.textContent ?? "[]").map((entry) => [entry.key, entry]));
  const fields = read("fields");
  const actions = read("actions");

  const option = ({ key, value = key, label }) => new Option(label, value);

  function control(old, choices, name, placeholder = "") {
    const next = document.createElement(choices?.length ? "select" : "input");
    next.name = name;
    next.setAttribute("aria-label", old.getAttribute("aria-label"));
    if (choices?.length) next.append(...choices.map(option));
    else next.placeholder = placeholder;
    old.replaceWith(next);
  }

  form.addEventListener("change", ({ target }) => {
    const row = target.closest("[data-row]");
    if (target.name === "field") {
      const field = fields.get(target.value);
      row.querySelector("[name=op]").replaceChildren(...field.ops.map(option));
      control(row.querySelector("[name=value]"), field.values, "value");
    }
    if (target.name === "act") {
      const action = actions.get(target.value);
      control(row.querySelector("[name=act_value]"), action.values, "act_value", action.placeholder);
    }
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
