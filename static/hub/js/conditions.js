/**
 * The condition builder. [data-condition] holds a hidden field with the JSON of a condition; it is drawn as nested cards from the
 * vocabulary (json_script "fields") in the words of json_script "condition-words", and written back with each change.
 */
const read = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** From the JSON of a condition to a tree of groups {word, items} and tests {field, op, value, of}, and back. */
function treeOf(data) {
  if (data.field) return { ...data };
  if (data.not) return { word: "none", items: (data.not.any ?? [data.not]).map(treeOf) };
  const word = data.all ? "all" : "any";
  return { word, items: data[word].map(treeOf) };
}
function jsonOf(node) {
  if (!node.items) return node.of && node.of !== "any" ? { field: node.field, op: node.op, value: node.value, of: node.of } : { field: node.field, op: node.op, value: node.value };
  const items = node.items.map(jsonOf).filter(Boolean);
  if (node.word === "none") return items.length ? { not: { any: items } } : null;
  return items.length ? { [node.word]: items } : null;
}

class Builder {
  constructor(root) {
    this.root = root;
    this.hidden = root.querySelector("input[type=hidden]");
    this.fields = new Map(read("fields").map((field) => [field.key, field]));
    this.words = read("condition-words");
    const tree = treeOf(JSON.parse(this.hidden.value || '{"all": []}'));
    this.tree = tree.items ? tree : { word: "all", items: [tree] };
    this.draw();
    root.addEventListener("input", () => this.write());
  }

  write() {
    this.hidden.value = JSON.stringify(jsonOf(this.tree) ?? { all: [] });
  }

  /** Draws everything again after a change of shape; the focus goes to the control with this place. */
  draw(focus = "") {
    this.root.querySelector(".condition-group")?.remove();
    this.root.append(this.group(this.tree, "", null));
    this.write();
    if (focus) this.root.querySelector(`[data-place="${focus}"]`)?.focus();
  }

  changed(focus) {
    this.draw(focus);
    document.body.dispatchEvent(new Event("rows-changed"));
    this.hidden.form.dataset.changed = "";
  }

  group(node, place, parent) {
    const box = make("div", { class: "condition-group" });
    const join = this.select(`${place}/join`, this.words.join, ["all", "any", "none"].map((word) => [word, this.words[word]]), node.word, (word) => { node.word = word; this.changed(`${place}/join`); });
    join.classList.add("join");
    const head = make("div", { class: "line between" }, join);
    if (parent) head.append(this.button("", "x", this.words.remove_group, () => { parent.items.splice(parent.items.indexOf(node), 1); this.changed(""); }));
    box.append(head);
    const step = node.word === "none" ? "not/any" : node.word;
    node.items.forEach((item, at) => {
      const here = `${place}/${step}/${at}`;
      box.append(item.items ? this.group(item, here, node) : this.test(item, here, node));
    });
    if (!node.items.length) box.append(make("p", { class: "small muted" }, parent ? this.words.empty : this.words.everything));
    box.append(make("div", { class: "line" },
      this.button(this.words.add_test, "plus", "", () => { node.items.push(this.fresh()); this.changed(`${place}/${step}/${node.items.length - 1}/field`); }),
      this.button(this.words.add_group, "plus", "", () => { node.items.push({ word: node.word === "any" ? "all" : "any", items: [this.fresh()] }); this.changed(""); })));
    return box;
  }

  fresh() {
    const field = this.fields.get("payment_method") ?? this.fields.values().next().value;
    const test = { field: field.key, op: field.ops[0].key, of: "any", value: null };
    test.value = this.first(field, field.ops[0]);
    return test;
  }

  /** A value to begin with, so that a new test is whole wherever the vocabulary offers one. */
  first(field, op) {
    if (op.takes === "none") return null;
    const one = field.kind === "flag" ? true : ["number", "yen"].includes(field.kind) ? 0 : field.relative ? { days_ago: 0 } : field.choices?.[0]?.value ?? "";
    return op.takes === "one" ? one : op.takes === "two" ? [one, one] : one === "" ? [] : [one];
  }

  test(node, place, parent) {
    const field = this.fields.get(node.field);
    const row = make("div", { class: "condition", "data-row": "" });
    const wrong = this.root.dataset.errorPath?.startsWith(`${place}/`) || this.root.dataset.errorPath === place;
    row.append(this.fieldSelect(node, place));
    const op = field?.ops.find(({ key }) => key === node.op) ?? field?.ops[0];
    const middle = make("div", { class: "stack tight" });
    if (field?.of.length) middle.append(this.select(`${place}/of`, this.words.of, field.of.map(({ key, label }) => [key, label]), node.of ?? "any", (of) => { node.of = of; this.changed(`${place}/of`); }));
    if (field) middle.append(this.select(`${place}/op`, this.words.op, field.ops.map(({ key, label }) => [key, label]), node.op, (key) => { const next = field.ops.find((one) => one.key === key); if (next.takes !== op.takes) node.value = this.first(field, next); node.op = key; this.changed(`${place}/op`); }));
    row.append(middle, field ? this.value(node, field, op, place) : make("span"));
    if (wrong) for (const control of row.querySelectorAll("select, input")) control.setAttribute("aria-invalid", "true");
    row.append(this.button("", "x", this.words.remove_test, () => { parent.items.splice(parent.items.indexOf(node), 1); this.changed(""); }));
    return row;
  }

  fieldSelect(node, place) {
    const select = make("select", { "data-place": `${place}/field`, "aria-label": this.words.field });
    const groups = new Map();
    for (const field of this.fields.values()) {
      if (!groups.has(field.subject)) groups.set(field.subject, make("optgroup", { label: field.subject }));
      groups.get(field.subject).append(new Option(field.label, field.key, false, field.key === node.field));
    }
    select.append(...groups.values());
    if (!this.fields.has(node.field)) select.prepend(new Option(node.field, node.field, false, true));
    select.addEventListener("change", () => {
      const field = this.fields.get(select.value);
      Object.assign(node, { field: field.key, op: field.ops[0].key, of: "any", value: this.first(field, field.ops[0]) });
      this.changed(`${place}/field`);
    });
    return select;
  }

  value(node, field, op, place) {
    if (op.takes === "none") return make("span");
    if (op.takes === "two") {
      const pair = make("div", { class: "line solid" });
      [0, 1].forEach((at) => { if (at) pair.append("–"); pair.append(this.one(field, node.value?.[at], `${place}/value/${at}`, (value) => { node.value[at] = value; })); });
      return pair;
    }
    if (op.takes === "one") return this.one(field, node.value, `${place}/value`, (value) => { node.value = value; });
    const chosen = Array.isArray(node.value) ? node.value : node.value == null ? [] : [node.value];
    if (!field.closed) {
      const input = make("input", { value: chosen.join("、"), placeholder: this.words.several, "data-place": `${place}/value`, "aria-label": this.words.value });
      input.addEventListener("input", () => { node.value = input.value.split(/[、,\n]/).map((word) => word.trim()).filter(Boolean); });
      return input;
    }
    return this.many(field, chosen, (value) => { node.value = value; });
  }

  many(field, chosen, set) {
    const box = make("div", { class: "chips", role: "group", "aria-label": this.words.value });
    const known = new Set(field.choices.map(({ value }) => value));
    const choices = [...field.choices, ...chosen.filter((value) => !known.has(value)).map((value) => ({ value, label: this.words.gone }))];
    const picked = new Set(chosen);
    if (choices.length > 14) {
      const select = make("select", { multiple: true, size: 6, "aria-label": this.words.value });
      select.append(...choices.map(({ value, label }) => new Option(label, value, false, picked.has(value))));
      select.addEventListener("input", () => set([...select.selectedOptions].map((option) => option.value)));
      return select;
    }
    for (const { value, label } of choices) {
      const input = make("input", { type: "checkbox", class: "sr", checked: picked.has(value) });
      const chip = make("label", { class: `chip${picked.has(value) ? " on" : ""}` }, make("span", { class: "face" }, input, label));
      input.addEventListener("input", () => { picked[input.checked ? "add" : "delete"](value); chip.classList.toggle("on", input.checked); set([...picked]); });
      box.append(chip);
    }
    return box;
  }

  one(field, value, place, set) {
    const label = this.words.value;
    if (field.kind === "flag") return this.select(place, label, [["1", this.words.yes], ["", this.words.no]], value ? "1" : "", (picked) => { set(picked === "1"); this.write(); });
    if (field.choices && field.closed) {
      const choices = field.choices.map((choice) => [choice.value, choice.label]);
      if (value != null && !choices.some(([known]) => known === value)) choices.push([value, this.words.gone]);
      return this.select(place, label, choices, value, (picked) => { set(picked); this.write(); });
    }
    if (field.kind === "number" || field.kind === "yen") {
      const input = make("input", { type: "number", step: "1", value: String(value ?? ""), "data-place": place, "aria-label": label });
      input.addEventListener("input", () => set(input.value === "" ? null : Number(input.value)));
      return input;
    }
    if (field.relative) return this.moment(value, place, set);
    const input = make("input", { value: String(value ?? ""), "data-place": place, "aria-label": label });
    input.addEventListener("input", () => set(input.value));
    if (!field.choices?.length) return input;
    const id = `choices-${place.replaceAll("/", "-")}`;
    input.setAttribute("list", id);
    return make("span", { class: "affix" }, input, make("datalist", { id }, ...field.choices.map((choice) => new Option(choice.label, choice.value))));
  }

  /** A day as it is, or told from today. */
  moment(value, place, set) {
    const mode = typeof value === "string" ? "day" : value && "days_ahead" in value ? "days_ahead" : "days_ago";
    const modes = ["days_ago", "days_ahead", "day"].map((key) => [key, this.words[key]]);
    const box = make("div", { class: "line solid" });
    const input = mode === "day" ? make("input", { type: value?.length > 10 ? "text" : "date", value: value ?? "", "aria-label": this.words.value }) : make("input", { type: "number", min: "0", max: "3660", value: String(value?.[mode] ?? 0), "aria-label": this.words.value });
    input.addEventListener("input", () => set(mode === "day" ? input.value : { [mode]: Number(input.value) }));
    const select = this.select(`${place}/mode`, this.words.value, modes, mode, (next) => { set(next === "day" ? new Date().toISOString().slice(0, 10) : { [next]: 0 }); this.changed(`${place}/mode`); });
    box.append(input, select);
    return box;
  }

  select(place, label, choices, chosen, set) {
    const select = make("select", { "data-place": place, "aria-label": label });
    select.append(...choices.map(([value, words]) => new Option(words, value, false, value === chosen)));
    select.addEventListener("change", () => set(select.value));
    return select;
  }

  button(words, icon, label, act) {
    const button = make("button", { type: "button", class: words ? "button small" : "button plain only-icon" });
    if (label) button.setAttribute("aria-label", label);
    const drawn = this.root.querySelector(`template[data-icon="${icon}"]`);
    if (drawn) button.append(drawn.content.cloneNode(true));
    button.append(words);
    button.addEventListener("click", act);
    return button;
  }
}

for (const root of document.querySelectorAll("[data-condition]")) new Builder(root);
