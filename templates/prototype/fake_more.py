# mypy: ignore-errors
"""Made-up data for the pages beside the four main ones."""

from datetime import timedelta
from types import SimpleNamespace as S

import fake
from django import forms
from fake import NOW, PRODUCTS, SHOPS, STATUS, TAGS, TODAY, ago, rows

PAGE = S(first=1, last=3, total=3, previous_url="", next_url="")
ORDER = S(pk=1001, number="338866-20261122-0034512998")


def field(kind=forms.CharField, **more):
    return kind(**more)


def form(**fields):
    return type("Made", (forms.Form,), fields)()


def tabs(*words, at=0, counts=()):
    return [S(words=word, url="?", current=number == at, count=counts[number] if counts else "", tone="stop" if word == "要確認エラー" else "") for number, word in enumerate(words)]


def settings(query):
    item = lambda icon, name, words, badge=None: S(url="#", icon=icon, name=name, words=words, badge=badge)  # noqa: E731
    return "hub/settings.html", "/settings/", {"places": [
        S(title="つなぐ", items=[item("shop", "ショップ", "モールの鍵、取込、観察と本番", S(words="1つ見えません", tone="stop")), item("warehouse", "倉庫", "自社の棚、外の倉庫、締め時刻"), item("key", "APIの鍵", "ほかのシステムからの読み書き"), item("ban", "送信", "外へ出るものすべての元栓")]),
        S(title="流れ", items=[item("list", "状態", "2階層の状態、色、期限"), item("tag", "ラベル", "色つきの目印"), item("task", "タスク", "自動で付く確認と保留"), item("card", "支払・配送の言葉", "モールの言い方の意味", S(words="2件 未定", tone="wait"))]),
        S(title="人", items=[item("people", "メンバー", "権限と招待"), item("archive", "取込から外した受注", "戻すことができます")])]}


def members(query):
    people = [S(pk=n, name=name, email=mail, initial=name[0], role="x", role_label=role, second_factor=two, last_seen_at=ago(hours=n), is_me=n == 1, may_edit=n != 1) for n, (name, mail, role, two) in enumerate([("山田 花子", "hanako@example.jp", "管理者", True), ("鈴木 一郎", "ichiro.suzuki.very.long.address@example-corporation.co.jp", "オーナー", True), ("佐々木 小次郎", "kojiro@example.jp", "スタッフ", False), ("倉庫 太郎", "soko@example.jp", "梱包", False)], start=1)]
    return "hub/members.html", "/settings/members/", {"members": people, "invitations": [S(pk=9, email="new@example.jp", role_label="スタッフ", expires_at=NOW + timedelta(days=5), invited_by="山田")], "roles": [S(label="オーナー", words="すべて。本番の開始、契約、鍵の閲覧。"), S(label="管理者", words="設定、ルール、メンバー。"), S(label="スタッフ", words="受注の処理、届け先の修正、キャンセル。"), S(label="梱包", words="出荷と送り状番号。金額は見えません。"), S(label="閲覧", words="見るだけ。届け先は伏せられます。")], "may_invite": True, "form": form(email=field(forms.EmailField, label="メールアドレス"), role=field(forms.ChoiceField, label="権限", choices=[("staff", "スタッフ")]))}


def tokens(query):
    return "hub/tokens.html", "/settings/tokens/", {"tokens": [S(pk=1, name="会計ソフト連携", last_four="9f3a", scopes=["orders:read"], created_by="山田", created_at=ago(days=3), expires_at=NOW + timedelta(days=80), last_used_at=ago(minutes=4), revoked_at=None, expired=False), S(pk=2, name="旧倉庫", last_four="11aa", scopes=["orders:read", "orders:write", "settings:read"], created_by="山田", created_at=ago(days=300), expires_at=ago(days=3), last_used_at=None, revoked_at=None, expired=True)] if "rows" not in query else [], "fresh": "hub_1k4m9zq8w2e7r5t3y6u1i0o9p8a7s6d5f4g3h2j1k0l9" if "fresh" in query else "", "docs_url": "#", "may_make": True}


def errors(query):
    kinds = [("モールへの報告", "send", "stop", "出荷報告が届いたか分かりません", "送った後に返事が切れました。モールを見に行きましたが、まだ載っていません。"), ("届かない注文", "file", "stop", "読めない注文があります", "PackageModelList[0].basketId がありません"), ("見えないショップ", "plug-off", "stop", "アウトレット倉庫の注文が見えていません", "ライセンスキーの期限が切れました"), ("断られた依頼", "warehouse", "wait", "倉庫が出荷依頼を断りました", "SKU HOKKAI-HOTATE-1KG は倉庫に登録がありません"), ("実績なし", "hourglass", "wait", "出荷実績が届いていません", "依頼から26時間たちました"), ("メール", "mail", "wait", "送れたか分からないメールがあります", "相手のサーバーが受け取った後に切れました")]
    found = [S(pk=n, kind_words=kind, icon=icon, tone=tone, title=title, cause=cause, since=ago(hours=n * 3 + 1), order=ORDER if n not in (2, 3) else None, shop=SHOPS[3] if n in (2, 3) else None, yen=12340 if n == 1 else None, url="#", actions=[S(words="もう一度", url="#", value="again", primary=False)]) for n, (kind, icon, tone, title, cause) in enumerate(kinds, start=1)]
    none = query.get("rows") == "0"
    return "orders/errors.html", "/attention/errors/", {"tabs": tabs("保留中の受注", "要確認エラー", at=1, counts=(31, 0 if none else 6)), "sources": [] if none else [S(words="すべて", count=6, url="?", on=True), S(words="モールへの報告", count=1, url="?", on=False), S(words="メール", count=1, url="?", on=False)], "rows": [] if none else found, "page": None, "total": 0 if none else 6}


def attention(query):
    return "orders/attention.html", "/attention/", {"tabs": tabs("保留中の受注", "要確認エラー", counts=(31, 3)), "total": 31, "causes": [S(name=name, what_to_do=what, colour=colour, count=n, oldest_at=ago(hours=n * 2), url="#", triage_url="#") for name, what, colour, n in [("住所が違う可能性", "郵便番号と番地を見比べて直す", "amber", 12), ("一部商品未マッピング", "商品を自社のSKUに結び付ける", "orange", 9), ("備考あり", "読んで、必要なら対応する", "purple", 7), ("金額不一致", "モールの金額と明細を見比べる", "red", 3)]], "oldest": [row for row in rows(50) if row.held][:6], "columns": {}, "news": None}


def effect(query):
    acts = [S(value="again", words="もう一度送る", difference="送る前にモールをもう一度見に行き、載っていれば送りません。二重にはなりません。", primary=True, danger=False), S(value="done", words="済んだことにする", difference="モールの画面で手で入れたときに。", primary=False, danger=False), S(value="drop", words="やめる", difference="この報告は送りません。売上の入金が始まらないことがあります。", primary=False, danger=True)]
    return "hub/effect.html", "/attention/effects/x/", {"effect": S(pk=1, what="出荷報告", to="楽天市場(うつわと暮らしの店 あかり)", state_words="止まっています", tone="stop", since=ago(hours=3), attempts=4, reason_words="モールが受け付けませんでした", why_words="配送会社コードが登録されていません (ORDER_EXT_API_UPDATE_ORDERSHIPPING_ERROR_032)。", what_to_do="運送会社を直して、もう一度送ってください。", order=ORDER, shop=SHOPS[0], yen=12340, id="e-7f3k2m"), "found": S(words="モールには、まだ送り状番号がありません", at=ago(hours=2)), "tries": [S(at=ago(hours=n), act_words="送る", outcome_words="断られた", tone="stop", request='{\n  "orderNumber": "338866-20261122-0034512998"\n}', answer='{\n  "MessageModelList": []\n}') for n in (2, 3)], "acts": acts, "may_act": True}


def shop_list(query):
    found = [S(**vars(shop), channel_label="楽天市場", account="akari", mode_words="", observing=n == 2, polling=n != 3, blind_words="鍵が切れています" if n == 3 else "", seen_at=ago(seconds=40), next_at=NOW + timedelta(seconds=20), every_words="1分ごと", key_words=["あと62日", "あと12日", "", "期限切れ"][n], key_tone=["closed", "wait", "", "stop"][n], coverage_words="取りこぼしなし" if n != 3 else "3時間 読めていません", coverage_tone="good" if n != 3 else "stop", waiting=n, orders_today=[142, 88, 61, 0][n]) for n, shop in enumerate(SHOPS)]
    return "orders/shops.html", "/settings/shops/", {"shops": [] if query.get("rows") == "0" else found, "may_edit": True}


TEST = S(at=ago(minutes=3), all_good=False, lines=[S(function="rakutenpayorder/searchOrder", words="注文を探す", result_words="使えます", tone="good"), S(function="rakutenpayorder/getOrder", words="注文を読む", result_words="使えます", tone="good"), S(function="rakutenpayorder/confirmOrder", words="注文を確認する", result_words="使えます", tone="good"), S(function="rakutenpayorder/updateOrderShipping", words="出荷を報告する", result_words="許可がありません", tone="stop")])


def shop(query):
    coverage = S(label="取込の範囲", width=1000, spans=[S(x=0, width=700, kind="read", title="読んだ"), S(x=700, width=60, kind="gap", title="まだ"), S(x=760, width=240, kind="read", title="読んだ")], from_at=ago(days=7), until_at=NOW, gaps=[S(from_at=ago(days=2), until_at=ago(days=1.6), words="取込を止めていました。あと3分で読み終わります")])
    return "orders/shop.html", "/settings/shops/x/", {"shop": S(**vars(SHOPS[2]), channel_label="楽天市場", account="hibino-kitchen", observing=True, polling=True, blind_since=None, blind_words="", seen_at=ago(seconds=40), next_at=NOW, every_words="1分ごと", wait_minutes=30, confirm_by_words="このハブがする", next_day_name="最強翌日配送", key_hint="", key_expires_at=NOW + timedelta(days=62), key_words="あと62日", key_tone="closed", live_from=None, warehouse_name="RSL"), "test": TEST, "coverage": coverage, "would": [S(words="注文確認", count=137, url="#"), S(words="出荷依頼", count=96, url="#"), S(words="メール", count=233, url="#")], "read_from": S(min_on=TODAY, max_days=730), "unknown_fields": [S(name="OrderModel.newFlag", count=12)], "may_edit": True, "may_live": True, "polling_refused": ""}


def shop_form(query):
    return "orders/shop_form.html", "/settings/shops/new/", {"title": "ショップをつなぐ", "channels": [S(key="rakuten", label="楽天市場", on=True), S(key="yahoo", label="Yahoo!", on=False)], "forms": [S(title="ショップ", lead="", form=form(name=field(label="名前"), mark=field(label="印(1〜2文字)", help_text="一覧で店を見分けるための文字です"))), S(title="鍵", lead="保存した鍵は、だれも読み返せません。", form=form(service_secret=field(label="serviceSecret", widget=forms.PasswordInput), license_key=field(label="licenseKey", widget=forms.PasswordInput)))], "test": TEST if "failed" in query else None, "help_url": "#"}


def shop_live(query):
    return "orders/shop_live.html", "/settings/shops/x/live/", {"shop": SHOPS[2], "counts": [S(words="注文確認", count=0, note="これから入る注文から", url=""), S(words="出荷依頼", count=0, note="", url="")], "earlier": S(count=137, rows=rows(5), more=132), "other_system": "注文確認をこのハブが行うため、いままでのシステムでも「発送待ち」に動きます。両方で出荷しないでください。", "form": form(starts_at=field(forms.DateTimeField, label="いつから", required=False, help_text="空なら、いますぐ")), "may_live": True}


def statuses(query):
    groups = [S(pk=n, name=name, phase_words=phase, count=sum(20 for _ in names), statuses=[S(**vars(STATUS[each]), count=20, limit_words="24時間まで" if each in ("確認待", "入金待ち") else "", default_words="既定" if at == 0 else "", not_ours=each == "印刷待ち") for at, each in enumerate(names)]) for n, ((name, names), phase) in enumerate(zip(fake.GROUPS, ["取込", "決済", "出荷準備", "出荷中", "出荷後"], strict=True), start=1)]
    return "orders/statuses.html", "/settings/statuses/", {"groups": groups, "may_edit": True}


def tags(query):
    return "orders/tags.html", "/settings/tags/", {"tags": [S(**vars(tag), count=n * 7, url="#") for n, tag in enumerate(TAGS)] if query.get("rows") != "0" else [], "may_edit": True}


def tasks(query):
    found = [("住所が違う可能性", True, True, "郵便番号と住所が合わない、または番地がない"), ("楽天確認中", True, True, "モールが確認している間は出荷できません"), ("配送希望日が入っているので確認", False, False, "希望日 が 空でない"), ("離島なので送料変更", False, False, "届け先 が 離島 かつ 送料 が 送料表と違う")]
    return "orders/tasks.html", "/settings/tasks/", {"tasks": [S(pk=n, name=name, what_to_do="", colour="amber", holds=holds, enabled=n != 3, system=system, shop_words="北の恵み本舗" if n == 4 else "", sentence=words, broken="項目「送料表」がなくなったため止まりました" if n == 4 else "", open=n * 3, url="#") for n, (name, holds, system, words) in enumerate(found, start=1)], "may_edit": True}


def listings(query):
    found = [S(pk=n, shop=SHOPS[n % 3], key=f"akari-{1000 + n}-navy", name=PRODUCTS[n], variation="色: 藍" if n % 2 else "", waiting=[87, 12, 3, 0][n], product=S(sku="TENUGUI-01", name="手ぬぐい") if n == 3 else None, units=1, suggestions=[S(pk=1, sku="ARITA-18-5", name="有田焼 丸皿 6寸 5枚組", why="商品名が9割同じ")] if n in (0, 1) else [], error="SKU「TUMBLER-OLD」は廃番です。今の商品を選んでください。" if n == 2 else "") for n in range(4)]
    return "orders/listings.html", "/products/listings/", {"tabs": tabs("商品", "商品マッピング", at=1, counts=("", 3)), "result": S(item="「手ぬぐい 麻の葉」を TENUGUI-01 に結び付けました", looked_at=87, moved=64, moved_url="#", held=23, causes=[S(words="一部商品未マッピング", count=20, url="#"), S(words="住所", count=3, url="#")]), "chips": [S(words="未マッピング", count=3, url="?", on=True), S(words="すべて", count=1204, url="?", on=False)], "rows": found if query.get("rows") != "0" else [], "page": PAGE, "may_map": True}


def products(query):
    return "orders/products.html", "/products/", {"tabs": tabs("商品", "商品マッピング", counts=("", 3)), "q": "", "rows": [S(pk=n, sku=f"SKU-{n:04}", name=name, warehouse_name="RSL" if n % 2 else "", listings=n, units_30d=n * 37, retired=n == 4) for n, name in enumerate(PRODUCTS)] if query.get("rows") != "0" else [], "page": PAGE, "may_edit": True}


def shipping(query):
    urls = S(wanted="#", asked="#", working="#", shipped="#", misses="#")
    return "orders/shipping.html", "/shipping/", {"warehouses": [S(pk=1, name="楽天スーパーロジスティクス", kind_words="API", paused=False, until=NOW, seconds=5088, wanted=180, asked=318, working=57, shipped=402, misses=6, missing=[S(words="住所が違う可能性", count=4, url="#"), S(words="備考あり", count=2, url="#")], late_results=3, urls=urls), S(pk=2, name="自社倉庫", kind_words="自社の棚", paused=True, until=NOW, seconds=10488, wanted=24, asked=0, working=0, shipped=11, misses=0, missing=[], late_results=0, urls=urls)], "unreported": S(count=12, yen=148200, url="#", rows=[S(order=ORDER, shop=SHOPS[0], shipped_at=ago(hours=20), cause="夜間の処理を待っています", yen=12340)])}


def paste(query):
    checked = S(good=2, bad=1, unchanged=1, token="x", rows=[S(line=1, order=ORDER, number_given="", name="佐藤 結衣", carrier_words="ヤマト運輸", number="4012-3456-7890", ok=True, words="出荷を記録します"), S(line=2, order=ORDER, number_given="", name="鈴木 大翔", carrier_words="ヤマト運輸", number="4012-3456-7901", ok=True, words="出荷を記録します"), S(line=3, order=None, number_given="338866-20261199-x", name="", carrier_words="", number="4012", ok=False, words="この受注番号はありません。番号を見直してください")]) if "checked" in query else None
    return "orders/paste_tracking.html", "/orders/tracking/", {"form": form(text=field(label="貼り付ける", widget=forms.Textarea(attrs={"rows": 8, "placeholder": "338866-20261122-0034512998\t4012-3456-7890"})), carrier=field(forms.ChoiceField, label="運送会社", choices=[("1001", "ヤマト運輸")]), shipped_on=field(forms.DateField, label="出荷日", widget=forms.DateInput(attrs={"type": "date"}))), "checked": checked}


def removed(query):
    return "orders/removed.html", "/orders/removed/", {"rows": [S(**{**vars(row), "deleted_at": ago(days=2), "deleted_by": "山田", "may_take_back": True}) for row in rows(4)] if query.get("rows") != "0" else [], "page": PAGE}


def rejected(query):
    return "orders/rejected.html", "/attention/rejected/x/", {"rejected": S(pk=1, number="338866-20261122-0034512998", shop=SHOPS[0], path="PackageModelList[0].basketId", reason_words="荷物の番号がありません", what_to_do="モールの画面で注文を確かめ、もう一度読んでください。", tries=3, first_at=ago(hours=4), last_at=ago(hours=1), body='{\n  "orderNumber": "338866-20261122-0034512998"\n}', solved_at=None), "may_act": True}


def rules(query):
    part = lambda kind, text: S(kind=kind, text=text)  # noqa: E731
    when = lambda *tests: [piece for f, v, o, j in tests for piece in (part("word", f" {j} " if j else ""), part("field", f), part("word", " が "), part("value", v), part("word", f" {o}"))]  # noqa: E731
    made = [S(pk=1, name="代引きで備考なし", version=4, enabled=True, broken="", shop_words="", hits=412, lint=[], parts=when(("支払方法", "代金引換", "である", ""), ("備考", "", "空である", "かつ")), acts=[S(words="状態", value="発送待ち"), S(words="出荷を依頼", value="")]), S(pk=2, name="銀行振込は入金待ちへ", version=1, enabled=True, broken="", shop_words="", hits=88, lint=[], parts=when(("支払方法", "銀行振込", "である", "")), acts=[S(words="状態", value="入金待ち")]), S(pk=3, name="離島は宅配便", version=2, enabled=False, broken="", shop_words="北の恵み本舗", hits=0, lint=["90日 働いていません"], parts=when(("届け先", "離島", "である", ""), ("配送", "メール便", "である", "かつ")), acts=[S(words="配送", value="宅配便"), S(words="ラベル", value="離島")])]
    groups = [S(pk=1, name="取込のとき", when_words="取込", enabled=True, rules=made), S(pk=2, name="セール時の自動処理", when_words="変更", enabled=False, rules=[])]
    return "automation/rules.html", "/rules/", {"groups": [] if query.get("rows") == "0" else groups, "may_edit": True}


def rule(query):
    ops = [{"key": "is", "label": "が次と等しい", "takes": "one"}, {"key": "empty", "label": "が空", "takes": "none"}]
    field_ = lambda key, label, choices: {"key": key, "label": label, "subject": "受注", "kind": "choice" if choices else "text", "relative": False, "of": [], "closed": bool(choices), "ops": ops, "choices": choices}  # noqa: E731
    fields = [field_("payment_method", "支払方法", [{"value": "cod", "label": "代金引換", "colour": ""}, {"value": "card", "label": "カード", "colour": ""}]), field_("remark_left", "備考", None)]
    words = {"all": "すべて当てはまる", "any": "どれか当てはまる", "none": "どれも当てはまらない", "join": "条件のつなぎ方", "add_test": "条件を足す", "add_group": "まとまりを足す", "remove_test": "この条件を消す", "remove_group": "このまとまりを消す", "field": "項目", "op": "比べ方", "value": "値", "of": "どの明細を見るか", "yes": "はい", "no": "いいえ", "days_ago": "日前", "days_ahead": "日後", "day": "日付", "several": "、で区切っていくつでも", "gone": "（削除された項目）", "everything": "すべての受注に当てはまります。", "empty": "空です。"}
    asked = '{"all": [{"field": "payment_method", "op": "is", "value": "cod"}, {"any": [{"field": "remark_left", "op": "empty", "value": null}]}]}'
    actions = [{"key": "set_status", "label": "状態を変える", "values": [{"value": "1", "label": "発送待ち"}], "bare": False}, {"key": "add_memo", "label": "メモを足す", "values": None, "bare": False, "placeholder": "メモ"}]
    return "automation/rule.html", "/rules/x/", {"rule": S(pk=1, name="代引きで備考なし", version=4, enabled=True, group_pk=1, also_over_hand_edits=False), "groups": [S(pk=1, name="取込のとき")], "condition": {"json": asked, "error_path": "", "fields": fields, "words": words}, "acts": [S(key="set_status", value="1", values=actions[0]["values"], bare=False, error="")], "actions": actions, "count": S(n=37, error="", sample=rows(4)), "errors": [], "hidden": [], "history": [S(version=4, at=ago(days=2), who="山田 花子", words="条件 を変えました"), S(version=3, at=ago(days=9), who="山田 花子", words="すること を変えました")]}


def warehouse_list(query):
    return "warehouses/list.html", "/settings/warehouses/", {"warehouses": [S(pk=1, name="楽天スーパーロジスティクス", kind_words="API", paused_at=None, cutoff_words="毎日 15:30", collected_at=ago(minutes=9), next_collect_at=NOW, collect_error="", open=375, late=3), S(pk=2, name="自社倉庫", kind_words="自社の棚", paused_at=NOW, cutoff_words="平日 17:00", collected_at=None, next_collect_at=NOW, collect_error="", open=24, late=0)], "may_edit": True}


def messages(query):
    return "mailer/messages.html", "/mail/", {"tabs": tabs("送信", "テンプレート"), "chips": [S(words="すべて", count=812, url="?", on=True), S(words="止まっている", count=1, url="?", on=False)], "gates": [S(pk=1, shop_pk=1, words="6時間止まっていた間に溜まりました。いま送ると古い内容が混ざることがあります。", count=500, since=ago(hours=1))], "rows": [S(pk=n, subject="ご注文ありがとうございます【うつわと暮らしの店 あかり 楽天市場店】ご注文内容のご確認", to="3f9c2ab7d1e84c55s1@pc.fw.rakuten.ne.jp", order=ORDER, shop=SHOPS[n % 3], at=ago(minutes=n * 9), template_name="サンクス", state_words=["送信済", "送信済", "送れたか不明"][n], tone=["good", "good", "stop"][n]) for n in range(3)], "page": PAGE, "may_send": True}


def message(query):
    return "mailer/message.html", "/mail/x/", {"message": S(pk=1, subject="商品を発送しました", to="a@example.jp", sender="あかり <info@example.jp>", body="勅使河原 様\n\nこの度はご注文ありがとうございます。\n本日、ヤマト運輸にて発送いたしました。\n\nお問い合わせ番号: 4012-3456-7890", at=ago(hours=1), state_words="送れたか不明", tone="wait", reason_words="相手のサーバーが受け取ったあとに通信が切れました。届いている可能性があります。", order=ORDER, template_name="出荷メール"), "may_send": True, "again_words": "お客様に二通届くことがあります。"}


def templates(query):
    return "mailer/templates.html", "/mail/templates/", {"tabs": tabs("送信", "テンプレート", at=1), "rows": [S(pk=1, name="サンクスメール", occasion_words="注文を確認したとき", subject="ご注文ありがとうございます【{shop}】", enabled=True, shop_words="", sent_30d=4120), S(pk=2, name="出荷メール", occasion_words="出荷したとき", subject="商品を発送しました【{shop}】", enabled=False, shop_words="北の恵み本舗", sent_30d=0)], "may_edit": True}


def template(query):
    return "mailer/template.html", "/mail/templates/x/", {"template": S(pk=1, name="サンクスメール"), "signature_note": "末尾にはショップごとの署名が自動で付きます。", "form": form(subject=field(label="件名", initial="ご注文ありがとうございます【{shop}】"), body=field(label="本文", widget=forms.Textarea(attrs={"rows": 10}), initial="{buyer_name} 様\n\nこの度は…")), "placeholders": [S(title="受注", words=[S(key="{number}", label="受注番号", example="338866-20261122-0034512998"), S(key="{total}", label="請求額", example="26,990円")])], "preview": S(subject="ご注文ありがとうございます【あかり】", body="勅使河原 様\n\nこの度は…", order_number=ORDER.number, error=""), "preview_url": "#"}


def outside(name, **context):
    return lambda query: (f"hub/{name}.html", "/x/", context)


CODE = forms.CharField(label="6桁の数字", widget=forms.TextInput(attrs={"class": "code-field", "inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 6}))
PAGES = {
    "settings": settings, "members": members, "tokens": tokens, "errors": errors, "attention": attention, "effect": effect, "shops": shop_list, "shop": shop, "shop_form": shop_form, "shop_live": shop_live, "statuses": statuses, "tags": tags, "tasks": tasks, "listings": listings, "products": products, "shipping": shipping, "paste": paste, "removed": removed, "rejected": rejected, "rules": rules, "rule": rule, "warehouses": warehouse_list, "messages": messages, "message": message, "templates": templates, "template": template,
    "second_factor": outside("second_factor", form=form(code=CODE), reason=""), "password_reset": outside("password_reset", form=form(email=field(forms.EmailField, label="メールアドレス")), sent=False), "password_sent": outside("password_reset", sent=True), "password_set": outside("password_set", form=form(password=field(label="新しいパスワード", widget=forms.PasswordInput))), "invitation": outside("invitation", invitation=S(tenant_name="株式会社あかり商店", email="new@example.jp", role_label="スタッフ", invited_by="山田 花子"), form=form(name=field(label="お名前"), password=field(label="パスワード", widget=forms.PasswordInput))),
    "account": outside("account", form=form(name=field(label="お名前", initial="山田 花子")), password_url="#", second_factor=S(on=False, url="#", recovery_left=0, recovery_url="#"), tenants=[S(name="株式会社あかり商店", role_label="管理者")]),
    "outgoing": outside("outgoing", on=False, reason="棚卸しのため", changed_by="山田", changed_at=ago(hours=1), waiting=[S(words="モールへの報告", count=12), S(words="メール", count=40)], may_switch=True),
    "search": lambda query: ("hub/search.html", "/search/", {"search_words": "佐藤", "orders": rows(5) if query.get("rows") != "0" else [], "orders_total": 5, "orders_url": "#", "too_many": False, "not_found": ["338866-1", "338866-2"] if "lost" in query else [], "others": []}),
    "second_factor_setup": outside("second_factor_setup", qr_svg_url="/static/hub/favicon.svg", secret="JBSWY3DPEHPK3PXP", form=form(code=CODE), recovery_codes=[]),
    "form": lambda query: ("form_page.html", "/x/", {"title": "状態を作る", "back_url": "#", "back_words": "状態", "form": form(name=field(label="名前"), memo=field(label="メモ", required=False, help_text="新しい人が見て、ここで何をするか分かるように"))}),
    "peek": lambda query: ("orders/peek.html", "/x/", fake.order_detail(query)[2]),
    "bulk": lambda query: ("orders/bulk_preview.html", "/x/", {"title": "状態を「発送待ち」に", "will": 30, "cannot": 2, "causes": [S(words="キャンセル済みは動きません", count=2, examples=[ORDER])], "changes": [S(label="状態", before="確認待", after="発送待ち", count=30)], "form": None, "undoable": True, "warning": "", "confirm_words": "30件を変える", "action_url": "#", "kept": []}),
    "address": lambda query: ("orders/address_form.html", "/x/", {"parcel": S(pk=1), "order": S(pk=1, number=ORDER.number, revision=7), "form": form(name=field(label="お名前"), postal_code=field(label="郵便番号"), street=field(label="番地・建物")), "suggestion": S(words="〒907-0024 沖縄県石垣市新川 2345-6"), "refused": ""}),
    "e403": lambda query: ("403.html", "/x/", {"needed": "admin", "role": "staff", "ask": "山田 花子"}), "e404": lambda query: ("404.html", "/x/", {}), "e500": lambda query: ("500.html", "/x/", {"id": "req-7f3k2m"}),
    "e409": lambda query: ("409.html", "/x/", {"title": ORDER.number, "who": "鈴木 一郎", "at": ago(minutes=2), "back_url": "#", "action_url": "#", "revision": 8, "kept": [], "fields": [S(name="street", label="番地・建物", mine="新川2345-6 サンライズマンション1203", theirs="新川2345番地の6"), S(name="memo", label="メモ", mine="電話済み", theirs="")]}),
    "mall_words": lambda query: ("orders/mall_words.html", "/settings/mall-words/", {"groups": [S(title="支払方法", rows=[S(pk=1, field_name="p1", channel_label="楽天市場", name="代金引換", method="cod", waiting=0), S(pk=2, field_name="p2", channel_label="楽天市場", name="店頭払い", method="", waiting=4)], methods=[S(value="cod", label="代引き"), S(value="card", label="カード")])], "may_edit": True}),
    "compose": lambda query: ("mailer/compose.html", "/mail/compose/x/", {"order": ORDER, "templates": [S(pk=1, name="サンクスメール", on=True, url="?")], "form": form(subject=field(label="件名")), "preview": None, "already": [S(words="サンクスメールは送信済みです", at=ago(hours=2))]}),
}
