/** A long list pasted into a search box goes ahead: an address cannot hold it, so the server keeps it and answers its short name. */
import { toast } from "./toast.js";

const LONGEST = 600;

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const field = form.querySelector("input[data-keep]");
  if (!field || field.value.trim().length <= LONGEST) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  try {
    const answer = await fetch(field.dataset.keep, { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams({ q: field.value }) });
    if (!answer.ok) throw new Error(answer.status);
    field.value = await answer.text();
    form.requestSubmit();
  } catch {
    toast({ words: field.dataset.keepFailed, tone: "stop" });
  }
}, { capture: true });
