/** Back returns to the same scroll. The address carries filter and page; this keeps how far down each address was. */
const keepers = () => document.querySelectorAll("[data-scroll-keep]");
const key = (element, at) => `scroll:${location.pathname}${location.search}:${at}:${element.id}`;

addEventListener("pagehide", () => {
  [...keepers()].forEach((element, at) => sessionStorage.setItem(key(element, at), String(element.scrollTop)));
});

const how = performance.getEntriesByType("navigation")[0]?.type;
if (how === "back_forward" || how === "reload") {
  [...keepers()].forEach((element, at) => { element.scrollTop = Number(sessionStorage.getItem(key(element, at)) ?? 0); });
}
