"""The days that persons of finished orders are kept."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.operations.settings.retention import LEAST_DAYS, MOST_DAYS


class RetentionForm(forms.Form):
    days = forms.IntegerField(
        label=_("保存する日数"), min_value=LEAST_DAYS, max_value=MOST_DAYS,
        help_text=_("7日から3,650日まで。はじめは180日です。"),
    )  # fmt: skip
