# mypy: ignore-errors
"""Take pictures of prototype pages: `python shoot.py PORT OUT page?query ...`; adds 390 px and dark when asked with +m and +d."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

port, out, *pages = sys.argv[1:]
Path(out).mkdir(parents=True, exist_ok=True)
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"]
with sync_playwright() as play:
    browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
    for wanted in pages:
        name, *kinds = wanted.split("+")
        full = "f" in kinds
        for width, height in ((1440, 900), (390, 844)) if "m" in kinds else ((390, 844),) if "M" in kinds else ((1440, 900),):
            for scheme in ("light", "dark") if "d" in kinds else ("dark",) if "D" in kinds else ("light",):
                view = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                said = []
                view.on("console", lambda message, said=said: said.append(message.text) if message.type == "error" else None)
                view.on("pageerror", lambda error, said=said: said.append(str(error)))
                view.goto(f"http://127.0.0.1:{port}/{name}")
                view.wait_for_timeout(150)
                if full:
                    tall = view.evaluate("Math.max(document.documentElement.scrollHeight, ...[...document.querySelectorAll('.sheet')].map(e => e.scrollHeight + 70))")
                    view.set_viewport_size({"width": width, "height": min(int(tall) + (60 if width < 800 else 0), 4200)})
                    view.wait_for_timeout(80)
                if "k" in kinds:
                    view.click("[data-select-all]")
                wide = view.evaluate("(() => { const s = document.querySelector('.sheet') ?? document.documentElement; return [s.scrollWidth - s.clientWidth, document.documentElement.scrollWidth - innerWidth]; })()")
                file = f"{out}/{name.replace('?', '_').replace('&', '_').replace('=', '-')}_{width}_{scheme}.png"
                view.screenshot(path=file)
                print(file, "sideways", wide, said[:4])
                view.close()
    browser.close()
