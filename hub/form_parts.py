"""What forms on pages share: rows chosen by their outside id, the twelve colours, what the person saw, and refusals told in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.core import signing
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from hub.ids import NotAnId, decode, encode
from hub.problems import explain, known

COLOURS = ("grey", "blue", "cyan", "teal", "green", "olive", "amber", "orange", "red", "pink", "purple", "indigo")
"""The colours that the stylesheet knows, for statuses, labels, tasks and shops."""
Words = Any
"""A text, or one that is translated when it is shown."""


class Swatches(forms.Widget):
    """One of the twelve colours, as a row of dots."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        shown = COLOURS if value in COLOURS or not value else (*COLOURS, value)
        return render_to_string(
            "components/swatches.html", {"name": name, "value": value, "colours": shown, "attrs": attrs or {}}
        )

    def id_for_label(self, id_: str) -> str:
        return ""


def colour_field(label: Words, **more: Any) -> forms.CharField:
    """Ask for a colour; one that is no longer offered may stay."""
    return forms.CharField(label=label, widget=Swatches(), max_length=20, **more)


def row_field(
    rows: Iterable[tuple[int, Words]], *, label: Words, empty: Words | None = None, **more: Any
) -> forms.TypedChoiceField:
    """Ask for one of these rows; cleaned to its id. `empty` names the choice of none, which cleans to None."""
    choices = [(encode(pk), words) for pk, words in rows]
    if empty is not None:
        choices.insert(0, ("", empty))
    return forms.TypedChoiceField(
        choices=choices, coerce=decode, empty_value=None, label=label, required=empty is None, **more
    )


def ids_of(values: Iterable[str]) -> list[int]:
    """Return the rows' ids of outside ids; what is no id of ours is left out, as a row that is not there."""
    found = []
    for value in values:
        try:
            found.append(decode(value))
        except NotAnId:
            continue
    return found


# A stale page must not overwrite what somebody else wrote meanwhile (promise G22).

SEEN = "seen"


def seen_box(row: models.Model, names: Iterable[str]) -> str:
    """Return the row's values as the person sees them, signed, for a hidden field."""
    return signing.dumps({name: getattr(row, name) for name in names}, salt="seen", compress=True)


def read_seen(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the values that the page was made with, or None for a page without."""
    try:
        values: dict[str, Any] = signing.loads(data.get(SEEN, ""), salt="seen")
    except signing.BadSignature:
        return None
    return values


# Refusals.


def words_of(error: BaseException) -> str:
    """Return what happened and what to do, in the reader's language."""
    problem = explain(error)
    assert problem is not None, error
    return f"{problem.title()} {problem.advice()}".strip()


def refused(act: Callable[[], Any]) -> str:
    """Do an act of one button; return an empty text, or why it was refused. What a refused act began is undone."""
    try:
        with transaction.atomic():
            act()
    except known() as error:
        return words_of(error)
    return ""


def attempt(form: forms.Form, act: Callable[[], Any]) -> bool:
    """Do what a form asks for; a refusal is told at its field, or above the form. What a refused act began is undone."""
    try:
        with transaction.atomic():
            act()
    except known() as error:
        problem = explain(error)
        field = problem.field.removesuffix("_id") if problem else ""
        form.add_error(field if field in form.fields else None, words_of(error))
        return False
    return True


def form_page(
    request: HttpRequest,
    form: forms.Form,
    *,
    title: Words,
    back_url: str,
    back_words: Words,
    row: models.Model | None = None,
    seen: Iterable[str] = (),
    danger: Mapping[str, Any] | None = None,
    lead: Words = "",
    submit_words: Words = "",
    template: str = "form_page.html",
    **more: Any,
) -> HttpResponse:
    """Show one form on a page of its own. `row` and `seen`: what is being changed, and the columns that must not change meanwhile."""
    hidden = [(SEEN, request.POST.get(SEEN) or seen_box(row, seen))] if row is not None and seen else []
    context = {
        "title": title,
        "form": form,
        "back_url": back_url,
        "back_words": back_words,
        "cancel_url": back_url,
        "hidden": hidden,
        "danger": danger,
        "lead": lead,
        "submit_words": submit_words,
        **more,
    }
    return render(request, template, context, status=422 if form.is_bound and form.errors else 200)
