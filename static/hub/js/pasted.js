/**
 * A long list pasted into a search box goes ahead: an address cannot hold it, so the server keeps it and answers its short name.
 * The box keeps what was pasted, for whoever comes back to the page. Who is not signed in any more is led where the answer leads.
 */
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
    if (answer.redirected) { location.assign(answer.url); return; }
    if (!answer.ok) throw new Error(answer.status);
    const asked = new URLSearchParams(new FormData(form));
    asked.set(field.name, await answer.text());
    const to = new URL(form.action);
    to.search = asked;
    location.assign(to);
  } catch {
    toast({ words: field.dataset.keepFailed, tone: "stop" });
  }
}, { capture: true });
