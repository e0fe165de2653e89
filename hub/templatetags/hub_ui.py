"""Words for templates: icons, money, moments and ages. They format what they are given; nothing here reads the database or a clock."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from django import template
from django.templatetags.static import static
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from hub import rights
from hub.ids import encode

register = template.Library()

WEEKDAYS_JA = "月火水木金土日"
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _japanese() -> bool:
    return (get_language() or "ja").startswith("ja")


def weekdays() -> tuple[str, ...]:
    """Return 月, 火, 水 …, or Mon, Tue, Wed … in English."""
    return tuple(WEEKDAYS_JA) if _japanese() else WEEKDAYS_EN


def short_day(value: date) -> str:
    """Return 11/22(日), or Sun 22 Nov in English."""
    if _japanese():
        return f"{value.month}/{value.day}({weekdays()[value.weekday()]})"
    return f"{weekdays()[value.weekday()]} {value.day} {MONTHS_EN[value.month - 1]}"


def full_day(value: date) -> str:
    """Return 2026年11月22日(日), or Sun 22 Nov 2026 in English."""
    if _japanese():
        return f"{value.year}年{value.month}月{value.day}日({WEEKDAYS_JA[value.weekday()]})"
    return f"{short_day(value)} {value.year}"


@register.filter
def listed(words: Iterable[str]) -> str:
    """Return words one after the other: with 、 or, in English, a comma."""
    return ("、" if _japanese() else ", ").join(words)


@register.filter
def open_to(url: str, may: Mapping[str, bool]) -> str:
    """Return the address where the page behind it opens for this reader, else nothing, so that no link leads to a refusal."""
    try:
        right = getattr(resolve(urlsplit(url).path).func, "right", "")
    except Resolver404:
        return url
    return url if not right or may[right.replace(".", "_")] else ""


@register.simple_tag
def icon(name: str, kind: str = "") -> SafeString:
    """Draw the symbol of this name from the sprite; it is decoration, so the words beside it carry the meaning."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        f" {kind}" if kind else "",
        static("hub/icons.svg"),
        name,
    )


@register.filter
def yen(value: int | Literal[""] | None) -> str:
    """Return 12,340円, or ¥12,340 in English; a dash for an amount that is not fixed yet."""
    if value is None or value == "":
        return "–"
    number = f"{abs(int(value)):,}"
    minus = "−" if int(value) < 0 else ""
    return f"{minus}{number}円" if _japanese() else f"{minus}¥{number}"


@register.filter
def num(value: int | Literal[""] | None) -> str:
    """Return a count with thousands marked."""
    return "–" if value is None or value == "" else f"{int(value):,}"


def _time(local: datetime, words: str) -> SafeString:
    """Return a <time> that says these words and, on hover, the full day and second."""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        f"{full_day(local.date())} {local:%H:%M:%S}",
        words,
    )


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """Return 11/22(日) 14:05 with the full form on hover."""
    if not value:
        return "–"
    local = timezone.localtime(value)
    return _time(local, f"{short_day(local.date())} {local:%H:%M}")


@register.filter
def day(value: date | None) -> SafeString | str:
    """Return 11/22(日) with the full form on hover; a day, not an instant."""
    if not value:
        return "–"
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), full_day(value), short_day(value))


@register.filter
def clock(value: datetime | None) -> SafeString | str:
    """Return 14:05 with day and seconds on hover."""
    if not value:
        return "–"
    local = timezone.localtime(value)
    return _time(local, f"{local:%H:%M}")


def span(seconds: float) -> str:
    """Return a length of time in its largest sensible unit."""
    minutes = int(abs(seconds) // 60)
    if minutes < 1:
        return gettext("数秒")
    if minutes < 60:
        return ngettext("%(n)d分", "%(n)d分", minutes) % {"n": minutes}
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        if rest and hours < 10:
            return gettext("%(h)d時間%(m)d分") % {"h": hours, "m": rest}
        return ngettext("%(n)d時間", "%(n)d時間", hours) % {"n": hours}
    days = minutes // (24 * 60)
    return ngettext("%(n)d日", "%(n)d日", days) % {"n": days}


@register.simple_tag(takes_context=True)
def age(context: dict[str, Any], value: datetime | None) -> SafeString | str:
    """Say how long ago (or until when) an instant is, seen from `frame.now`, with the instant itself on hover."""
    if not value:
        return "–"
    local = timezone.localtime(value)
    gone: timedelta = context["frame"].now - value
    return _time(local, span(gone.total_seconds()))


@register.filter
def role_label(role: str) -> str:
    """Return the word for a role."""
    return str(rights.LABELS.get(role, role))


@register.filter
def oid(pk: int) -> str:
    """Return the outside form of a row's id, for a form's value; `url` does it by itself."""
    return encode(pk)


@register.filter
def duration(seconds: float | None) -> str:
    """Return a number of seconds as words."""
    return "–" if seconds is None else span(seconds)


@register.simple_tag(takes_context=True)
def current(context: dict[str, Any], url_name: str) -> SafeString | str:
    """Mark the link to `url_name` as the current place when the page lies at or under it."""
    path, here = context["request"].path, reverse(url_name)
    inside = path == here or (here != "/" and path.startswith(here))
    return format_html('aria-current="{}"', "page" if path == here else "true") if inside else ""
