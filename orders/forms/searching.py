"""Saving a search under a name."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class SaveSearch(forms.Form):
    name = forms.CharField(label=_("名前"), max_length=60, help_text=_("一覧の上に、タブとして並びます"))
    shared = forms.BooleanField(label=_("全員のタブに出す"), required=False)

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            del self.fields["shared"]
