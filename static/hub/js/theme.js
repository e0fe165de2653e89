/** Brightness, density and the width of the rail: kept in cookies, so that the server draws the page right the first time. */
const YEAR = 31_536_000;

function keep(name, value) {
  document.cookie = `hub-${name}=${value}; path=/; max-age=${YEAR}; samesite=lax`;
  if (value) document.documentElement.dataset[name] = value;
  else delete document.documentElement.dataset[name];
}

document.addEventListener("click", (event) => {
  const theme = event.target.closest("[data-theme-set]");
  if (theme) {
    keep("theme", theme.dataset.themeSet);
    for (const other of document.querySelectorAll("[data-theme-set]")) other.setAttribute("aria-pressed", String(other === theme));
  }
  if (event.target.closest("[data-rail-fold]")) keep("rail", document.documentElement.dataset.rail === "narrow" ? "" : "narrow");
  if (event.target.closest("[data-density-fold]")) keep("density", document.documentElement.dataset.density === "comfortable" ? "" : "comfortable");
});
