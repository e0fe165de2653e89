"""How a CSV is to be written, and a pasted list of tracking numbers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from documents import exports, tracking_paste
from orders.carriers import CARRIERS
from orders.fields import FIELDS
from orders.models import SavedSearch


class ExportForm(forms.Form):
    columns = forms.MultipleChoiceField(
        label=_("列"), initial=list(exports.DEFAULT_COLUMNS), widget=forms.CheckboxSelectMultiple
    )
    profile = forms.ChoiceField(
        label=_("使い道"),
        choices=[("spreadsheet", _("表計算で開く")), ("machine", _("ほかのシステムに渡す"))],
        initial="spreadsheet",
    )
    encoding = forms.ChoiceField(
        label=_("文字コード"), choices=[("utf-8", "UTF-8"), ("cp932", "Shift_JIS (Windows)")], initial="utf-8"
    )
    replace = forms.BooleanField(label=_("Windowsにない文字は置き換える"), required=False)

    def __init__(self, *args: Any, saved: SavedSearch | None = None, may_keep: bool = False, **kwargs: Any) -> None:
        """`saved`: the search that is exported, whose columns are its format; with `may_keep` those chosen here may become it."""
        super().__init__(*args, **kwargs)
        self.fields["columns"].choices = [(key, one.label) for key, one in FIELDS.items()]  # type: ignore[attr-defined]
        if saved is None:
            return
        if kept := [key for key in saved.columns if key in FIELDS]:
            self.initial["columns"] = kept
        if not may_keep:
            return
        words = _("この列を、検索「%(name)s」の書式として保存する") % {"name": saved.name}
        self.fields["keep"] = forms.BooleanField(label=words, required=False)

    def params(self) -> dict[str, Any]:
        """Return the job's params."""
        return {name: self.cleaned_data[name] for name in ("columns", "profile", "encoding", "replace")}


class PasteForm(forms.Form):
    text = forms.CharField(
        label=_("貼り付ける"), required=False, max_length=20_000_000, strip=False,
        help_text=_("1行に1荷物。受注番号・送り状番号の2列か、受注番号・運送会社・送り状番号・出荷日の順です。見出しの行があれば、列の順は自由です。"),
        widget=forms.Textarea(attrs={"rows": 8, "placeholder": "338866-20261122-0034512998\t4012-3456-7890", "class": "code"}),
    )  # fmt: skip
    upload = forms.FileField(
        label=_("またはファイル"), required=False, help_text=_("CSV・TSV・テキスト(UTF-8かShift_JIS)、5,000行まで")
    )
    carrier = forms.ChoiceField(
        label=_("運送会社"),
        required=False,
        choices=[("", _("行に書いてある")), *((c.code, c.words) for c in CARRIERS.values())],
    )
    shipped_on = forms.DateField(label=_("出荷日"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        """Take the text from the file if one is given. Raises ValidationError when there is neither."""
        values = super().clean() or {}
        upload = values.get("upload")
        if upload is not None:
            try:
                values["text"] = tracking_paste.text_of(upload.read())
            except tracking_paste.Unreadable:
                raise forms.ValidationError(_("文字として読めません。CSVかテキストを選んでください。")) from None
        if not str(values.get("text", "")).strip():
            raise forms.ValidationError(_("受注番号と送り状番号を貼り付けるか、ファイルを選んでください。"))
        return values

    def listed(self) -> str:
        """Return the list, pasted or uploaded."""
        return str(self.cleaned_data["text"])

    def plain(self) -> dict[str, str]:
        """Return what is kept between checking and recording, beside the text."""
        day = self.cleaned_data["shipped_on"]
        return {"carrier": self.cleaned_data["carrier"], "shipped_on": day.isoformat() if day else ""}
