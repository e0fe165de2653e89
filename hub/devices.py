"""What a browser calls itself, in words that a person recognises: 「iPhone の Safari」. Guessed; nothing is decided by it."""

from __future__ import annotations

from django.utils.translation import gettext as _

BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("YaBrowser/", "Yandex"), ("Line/", "LINE"),
    ("CriOS/", "Chrome"), ("FxiOS/", "Firefox"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
)  # fmt: skip
"""What stands in the text → the name, in this order: nearly all of them claim to be Chrome and Safari as well."""

SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"), ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


def in_words(agent: str) -> str:
    """Return device and browser of a User-Agent header, as far as they are known."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    if browser and system:
        return _("%(system)s の %(browser)s") % {"system": system, "browser": browser}
    return browser or system or _("不明なブラウザ")
