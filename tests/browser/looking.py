"""What a look at a page can find: faults of accessibility (axe-core), sideways scroll, words cut off; and how a picture is kept."""

from __future__ import annotations

import base64
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

Theme = Literal["light", "dark"]
SIZES = {1440: 900, 390: 844}
COLOURS = ["color-contrast", "link-in-text-block"]
QUALITY = 82

CALM = """() => Promise.race([
  Promise.allSettled(document.getAnimations().map(one => one.finished)), new Promise(resolve => setTimeout(resolve, 500))])"""
RUN_AXE = """async ([only, but, inside]) => {
  const rules = Object.fromEntries(but.map(name => [name, {enabled: false}]));
  const options = {resultTypes: ["violations"], ...(only.length ? {runOnly: {type: "rule", values: only}} : {rules})};
  const {violations} = await axe.run(inside || document, options);
  return violations.flatMap(one => one.nodes.slice(0, 3).map(node =>
    `${one.impact} ${one.id}: ${node.target.join(" ")} ${(node.any[0] || node.all[0] || node.none[0] || {}).message || ""} ${node.html.slice(0, 120)}`));
}"""
WORDS_CUT = """() => {
  const cut = [];
  for (const element of document.querySelectorAll("body *")) {
    const style = getComputedStyle(element), hides = style.overflowX !== "visible" && style.overflowX !== "auto" && style.overflowX !== "scroll";
    if (!hides || element.scrollWidth <= element.clientWidth + 1 || !element.checkVisibility({visibilityProperty: true})) continue;
    if (element.clientWidth < 3 || element.closest("[title]") || element.querySelector("[title]") || element.matches("input, select, textarea, .sr")) continue;
    const words = element.innerText.trim();
    if (words) cut.push(`${element.tagName.toLowerCase()}.${element.className} cuts “${words.slice(0, 40)}”`);
  }
  return cut;
}"""


@cache
def axe_source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


def axe_faults(
    page: Page, *, only: list[str] | None = None, but: list[str] | None = None, inside: str = ""
) -> list[str]:
    """Return what axe-core finds on the page as it stands, each as one line that begins with its impact; `but`: rules left out."""
    page.evaluate(CALM)
    page.evaluate(f"typeof axe === 'undefined' && (() => {{ {axe_source()} }})()")
    found: list[str] = page.evaluate(RUN_AXE, [only or [], but or [], inside])
    return found


def sideways(page: Page) -> list[str]:
    """Return by how much the page is wider than the window, and what sticks out."""
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{over} pixels sideways"] if over > 0 else []


def words_cut(page: Page) -> list[str]:
    """Return words that are cut off and cannot be read in full by pointing at them."""
    found: list[str] = page.evaluate(WORDS_CUT)
    return found


def resize(page: Page, width: int) -> None:
    """Give the window a width of SIZES."""
    page.set_viewport_size({"width": width, "height": SIZES[width]})


def light_up(page: Page, theme: Theme) -> None:
    """Let the system ask for this theme, and wait until the colours have changed."""
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")


def speak(page: Page, language: str) -> None:
    """Choose the language of the next page."""
    host = page.url.split("//")[1].split(":")[0]
    page.context.add_cookies([{"name": "django_language", "value": language, "domain": host, "path": "/"}])


def keep(page: Page, folder: Path, name: str) -> None:
    """Keep a picture of the window as WebP."""
    folder.mkdir(parents=True, exist_ok=True)
    session: Any = page.context.new_cdp_session(page)
    shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    (folder / f"{name}.webp").write_bytes(base64.b64decode(shot["data"]))
    session.detach()
