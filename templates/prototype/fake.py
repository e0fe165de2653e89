# mypy: ignore-errors
"""Made-up data, rich enough to show where a page breaks: longest names, held and late orders, several parcels, 0, 1 and 50 rows."""

import random
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace as S
from zoneinfo import ZoneInfo

from django import forms

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 22, 14, 5, 12, tzinfo=TOKYO)
TODAY = NOW.date()


def ago(**units: float) -> datetime:
    return NOW - timedelta(**units)


SHOPS = [
    S(pk=1, name="うつわと暮らしの店 あかり 楽天市場店", mark="あ", colour="red"),
    S(pk=2, name="北の恵み本舗", mark="北", colour="teal"),
    S(pk=3, name="HIBINO キッチン&ダイニング オフィシャル", mark="HK", colour="purple"),
    S(pk=4, name="アウトレット倉庫", mark="倉", colour="amber"),
]
STATUS = {
    name: S(pk=number, name=name, colour=colour, memo=memo)
    for number, (name, colour, memo) in enumerate(
        [
            ("待機", "grey", "注文から30分たつと自動で動き出します"),
            ("新規受付", "blue", ""),
            ("確認待", "amber", "タスクを片づけると自動で進みます"),
            ("入金待ち", "orange", "入金が確認できると自動で進みます"),
            ("発送待ち", "indigo", "出荷依頼が出るのを待っています"),
            ("印刷待ち", "purple", ""),
            ("出荷依頼済", "cyan", "倉庫が受け付けました"),
            ("出荷作業中", "teal", ""),
            ("出荷済", "green", ""),
            ("完了", "grey", ""),
            ("キャンセル", "grey", ""),
        ],
        start=1,
    )
}
GROUPS = [
    ("新規", ["待機", "新規受付"]),
    ("確認・入金", ["確認待", "入金待ち"]),
    ("発送準備", ["発送待ち", "印刷待ち"]),
    ("出荷中", ["出荷依頼済", "出荷作業中"]),
    ("出荷後", ["出荷済", "完了", "キャンセル"]),
]
TAGS = [
    S(pk=1, name="ギフト包装", colour="pink", key=""),
    S(pk=2, name="冷凍", colour="cyan", key=""),
    S(pk=3, name="常連さま", colour="green", key=""),
    S(pk=4, name="一部商品未マッピング", colour="amber", key="unmapped_some"),
    S(pk=5, name="大口", colour="indigo", key=""),
    S(pk=6, name="電話済み・水曜に再連絡", colour="purple", key=""),
]
PRODUCTS = [
    "有田焼 染付 丸皿 6寸(18cm)電子レンジ・食洗機対応 5枚組",
    "【送料無料】北海道産 訳あり 帆立貝柱 1kg 冷凍 お刺身用 化粧箱入り",
    "手ぬぐい 麻の葉",
    "ステンレス真空断熱タンブラー 420ml ペアセット 名入れ無料 木箱入り プレゼント 結婚祝い 還暦祝い 誕生日 内祝い",
    "土鍋 三合炊き 黒釉",
    "無添加だしパック 8g×30袋",
    "リネン エプロン(生成り)",
    "いくら醤油漬け 500g",
    "珪藻土バスマット L",
]
NAMES = ["佐藤 結衣", "鈴木 大翔", "高橋 さくら", "田中 蓮", "渡辺 陽菜", "伊藤 悠真", "勅使河原 キャサリン亜希子", "小林 湊", "加藤 株式会社ヒビノ 総務部", "西園寺 麗", "Müller Johannes", "東 仁"]


def tree() -> list:
    counts = {"待機": 18, "新規受付": 42, "確認待": 23, "入金待ち": 61, "発送待ち": 204, "印刷待ち": 0, "出荷依頼済": 318, "出荷作業中": 57, "出荷済": 412, "完了": 18452, "キャンセル": 96}
    late = {"確認待": 4, "入金待ち": 2}
    return [
        S(name=group, url="?group", current=False, count=sum(counts[name] for name in names),
          statuses=[S(**vars(STATUS[name]), url="?status", current=name == "発送待ち", count=counts[name], late=late.get(name, 0)) for name in names])
        for group, names in GROUPS
    ]  # fmt: skip


def status_groups() -> list:
    return [S(name=group, statuses=[STATUS[name] for name in names]) for group, names in GROUPS]


def rows(count: int) -> list:
    chance = random.Random(7)
    found = []
    for number in range(count):
        placed = ago(minutes=7 + number * 23 + chance.randrange(9))
        status = STATUS[chance.choice(["待機", "新規受付", "確認待", "確認待", "入金待ち", "発送待ち", "発送待ち", "発送待ち", "出荷依頼済", "出荷作業中", "出荷済", "出荷済", "完了", "キャンセル"])]
        held = status.name == "確認待" or (status.name == "発送待ち" and chance.random() < 0.25)
        late = status.name == "確認待" and chance.random() < 0.3
        tail = f"{placed:%Y%m%d}-{chance.randrange(10**9, 10**10):010d}"
        found.append(S(
            pk=1000 + number, shop=chance.choice(SHOPS[:3] + SHOPS[:1]), number=f"338866-{tail}", number_head="338866-", number_tail=tail, status=status, placed_at=placed,
            buyer_name=chance.choice(NAMES), first_name=chance.choice(PRODUCTS), more_lines=chance.choice([0, 0, 0, 1, 2, 2, 12]), total_yen=None if number == 6 else chance.choice([1980, 3300, 5478, 12340, 24800, 128000, 1204500]),
            payment_words=chance.choice(["カード", "カード", "カード", "代引き", "銀行振込", "後払い"]), delivery_words=chance.choice(["宅配便", "宅配便", "クール便", "メール便"]),
            next_day="最強翌日配送" if chance.random() < 0.18 else "", wish_words=chance.choice(["", "", "", "11/25"]), held=held, late=late, closed=status.name in ("完了", "キャンセル"),
            held_tone="stop" if late else "wait",
            held_words=chance.choice(["住所が違う可能性", "一部商品未マッピング", "備考あり", "送料未確定", "お客様からの返事待ち(11/21 山田)", "金額不一致 −500円"]) if held else "",
            tags=chance.sample(TAGS, chance.choice([0, 0, 0, 1, 2])),
        ))  # fmt: skip
    return found


def frame(query: dict) -> S:
    calm = "calm" in query
    return S(
        now=NOW, theme=query.get("theme", ""), density=query.get("density", ""), rail=query.get("rail", ""),
        tenant=S(pk=1, name="株式会社あかり商店"), tenants=[S(pk=1, name="株式会社あかり商店"), S(pk=2, name="北の恵み水産 有限会社")], shop=None, shops=SHOPS,
        member=S(name="山田 花子", email="hanako@example.jp", initial="山", role_label="管理者"), attention_count=0 if calm else 31, error_count=0 if calm else 3,
        health=S(tone="good" if calm else "stop", words="すべて見えています" if calm else "1つのショップが見えていません", lines=[] if calm else [S(tone="stop", words="アウトレット倉庫: 鍵が切れています", url="#"), S(tone="good", words="ほか 3ショップは正常", url="#")]),
        jobs=[S(title="状態を「発送待ち」に(1,240件)", done=820, total=1240, left="あと約9秒", state="running", result_url="", undo_url="", cancel_url="#")] if "jobs" in query else [],
        outgoing_off="(11/22 13:40 山田: 棚卸しのため)" if "off" in query else "", blind_shops=[S(name="アウトレット倉庫", since=ago(hours=3), cause="ライセンスキーの期限が切れました", url="#")] if "blind" in query else [],
        observing_shops=[S(name="アウトレット倉庫", url="#")] if "observe" in query else [], practice="practice" in query, offer_second_factor="mfa" in query,
        toasts=[S(words="32件を「発送待ち」にしました", tone="good", undo_url="#")] if "toast" in query else [],
    )  # fmt: skip


def order_list(query: dict) -> tuple:
    count = int(query.get("rows", 50))
    found = rows(count)
    return "orders/list.html", "/orders/", {
        "tree": tree(), "tree_top": [S(words="すべての受注", url="?", current=False, count=1231, tone=""), S(words="保留中", url="?", current=False, count=31, tone="wait"), S(words="期限を過ぎた", url="?", current=False, count=6, tone="stop"), S(words="未反映", url="?", current=False, count=12, tone="moving")],
        "tabs": [S(words="発送待ち", url="?", current=True, count=204), S(words="冷凍・明日着", url="?", current=False, count=18), S(words="備考あり", url="?", current=False, count=7), S(words="1万円以上の代引き", url="?", current=False, count=3)],
        "q": "", "chips": [S(label="状態", value="発送待ち", remove_url="?"), S(label="注文日", value="11/15〜11/22", remove_url="?")] if "plain" not in query else [],
        "menus": [S(label=label, options=[S(words=words, url="?", count=n, on=False) for words, n in options]) for label, options in [("ショップ", [(shop.name, 12) for shop in SHOPS]), ("ラベル", [(tag.name, 3) for tag in TAGS]), ("タスク", [("住所が違う可能性", 8), ("備考あり", 7)]), ("支払", [("カード", 140), ("代引き", 30)]), ("配送", [("宅配便", 90)]), ("期間", [("今日", 42), ("昨日", 88)])]],
        "clear_url": "?", "save_search_url": "#", "columns": {"at": S(url="?", direction="descending"), "number": S(url="?", direction=""), "yen": S(url="?", direction="")},
        "rows": found, "page": S(first=1, last=len(found), total=1240 if count == 50 else count, previous_url="", next_url="?after=x" if count == 50 else ""),
        "bulk": S(query="x", statuses=status_groups(), tags=TAGS), "news": S(count=12, url="?") if "news" in query else None,
        "csv_url": "#", "new_url": "#", "narrowed": "never" not in query, "never_had": "never" in query,
    }  # fmt: skip


def line(name: str, **more: object) -> S:
    base = {"sku": "ARITA-18-5", "options": "", "quantity": 1, "unit_price_yen": 5478, "tax_percent": 10, "product": S(sku="ARITA-18-5", name=name), "gift_words": "", "unmapped": False, "listing_url": "#", "picture_url": ""}
    return S(name=name, **{**base, **more})


def order_detail(query: dict) -> tuple:
    kind = query.get("kind", "held")
    order = S(
        pk=1001, number="338866-20261122-0034512998", shop=SHOPS[0], status=STATUS["確認待" if kind == "held" else "出荷作業中"], revision=7, placed_at=ago(hours=5, minutes=12), phase="intake",
        payment_words="クレジットカード", payment_state_words="決済済" if kind == "held" else "入金待ち", payment_tone="good" if kind == "held" else "wait", next_day="最強翌日配送", gift=True, island=kind == "held",
        remarks="[配送日時指定:]\n2026-11-25(水)\n午前中\n\n[のし:] 御祝\n\n宅配ボックスがいっぱいのときは、隣の101号室(祖父の家)に預けてください。\nよろしくお願いします。", remark_left="宅配ボックスが", remark_read=False, memo="11/22 電話済み。夕方に折り返しいただく。",
        buyer_name="勅使河原 キャサリン亜希子", buyer_kana="テシガワラ キャサリンアキコ", buyer_postal_code="907-0024", buyer_prefecture="沖縄県", buyer_city="石垣市", buyer_street="新川2345番地の6 サンライズマンション新川弐番館 1203号室", buyer_phone="090-1234-5678", buyer_email="3f9c2ab7d1e84c55s1@pc.fw.rakuten.ne.jp",
        subtotal_yen=26840, postage_yen=1320, fee_yen=330, points_yen=500, discount_yen=0, total_yen=26990, sums_differ_yen=-500 if kind == "held" else 0, pay_due_on=date(2026, 11, 29), cancel_due_on=date(2026, 12, 6), mall_url="https://example.com",
    )  # fmt: skip
    parcels = [
        S(pk=1, position=1, count=2, state_words="まだ依頼していない" if kind == "held" else "倉庫で作業中", state_tone="wait" if kind == "held" else "moving", name="勅使河原 キャサリン亜希子", kana="テシガワラ キャサリンアキコ", phone="090-1234-5678", postal_code="907-0024", prefecture="沖縄県", city="石垣市", street="新川2345番地の6 サンライズマンション新川弐番館 1203号室",
          wish_on=date(2026, 11, 25), wish_time="午前中", delivery_words="宅配便", carrier_words="ヤマト運輸", drop_off="宅配ボックス", noshi="御祝(内のし)", pick_up_words="", warehouse="楽天スーパーロジスティクス", ship_on=date(2026, 11, 23), shared_with=[],
          steps=[] if kind == "held" else [S(words="依頼", at=ago(hours=4), kind="done"), S(words="受付", at=ago(hours=3.9), kind="done"), S(words="作業中", at=ago(hours=1), kind="now"), S(words="出荷", at=None, kind=""), S(words="反映", at=None, kind="")],
          lines=[line(PRODUCTS[3], quantity=2, options="色: 藍 / 名入れ: 美咲・健太郎", gift_words="包装紙"), line(PRODUCTS[0]), line("手ぬぐい 麻の葉(期間限定色)", unmapped=kind == "held", product=None, unit_price_yen=1100)],
          tracking=[], proof=None, may_edit=True, edit_url="#", address_warning="番地と郵便番号が合いません" if kind == "held" else ""),
        S(pk=2, position=2, count=2, state_words="出荷済", state_tone="good", name="小林 湊", kana="コバヤシ ミナト", phone="06-6345-0001", postal_code="530-0001", prefecture="大阪府", city="大阪市北区", street="梅田3-1-1", wish_on=None, wish_time="", delivery_words="クール便", carrier_words="佐川急便", drop_off="", noshi="", pick_up_words="",
          warehouse="自社倉庫", ship_on=date(2026, 11, 22), shared_with=[S(pk=1044, number="338866-20261121-0099123411")], steps=[S(words="依頼", at=ago(hours=4), kind="done"), S(words="受付", at=ago(hours=3.9), kind="done"), S(words="作業", at=ago(hours=2), kind="done"), S(words="出荷", at=ago(hours=1), kind="done"), S(words="反映", at=None, kind="bad" if "bad" in query else "now")],
          lines=[line(PRODUCTS[1], tax_percent=8, unit_price_yen=4980)], tracking=[S(carrier_words="佐川急便", number="4012-3456-7890", url="#", shipped_on=TODAY)], proof=S(sent_at=ago(minutes=50), seen_at=ago(minutes=48), counted_at=None, cause="", held_yen=4980), may_edit=False, edit_url="", address_warning=""),
    ]  # fmt: skip
    held_why = S(
        tone="wait", because="3つの確認が残っているため、出荷依頼を出していません。", then="すべて片づくと、自動で「発送待ち」に進み、今日 15:30 の締めまでに楽天スーパーロジスティクスへ依頼します。",
        actions=[S(words="住所を直す", url="#", method="get", primary=True, value="")],
        holds=[S(words="住所が違う可能性", detail="郵便番号 907-0024 は「沖縄県石垣市新川」、番地 2345 は見つかりません", tone="wait", action_words="このままでよい", action_url="#"), S(words="備考あり", detail="「宅配ボックスがいっぱいのときは…」", tone="wait", action_words="読んだ", action_url="#"), S(words="一部商品未マッピング", detail="3点のうち1点", tone="wait", action_words="", action_url="")],
    )  # fmt: skip
    moving_why = S(tone="moving", because="倉庫が出荷作業をしています。", then="出荷実績は今日 19時以降に届き、届きしだい出荷メールとモールへの報告が自動で出ます。することはありません。", actions=[S(words="出荷依頼を取り下げる", url="verbs", method="open", primary=False, value="")], holds=[])
    history = [
        S(at=ago(minutes=1), kind="member", actor="鈴木 一郎", words="がメモを書きました", changes=[S(label="メモ", before="", after="11/22 電話済み。夕方に折り返しいただく。")], note="", new=True, day=TODAY, url=""),
        S(at=ago(minutes=42), kind="system", actor="住所の確認", words="がタスク「住所が違う可能性」を付けました", changes=[], note="郵便番号と番地が合いません", new=False, day=None, url=""),
        S(at=ago(hours=4, minutes=41), kind="rule", actor="ルール「代引き以外・備考なし → 発送待ち」(第4版)", words="は働きませんでした", changes=[], note="備考 が 空 … いいえ", new=False, day=None, url="#"),
        S(at=ago(hours=4, minutes=42), kind="rule", actor="ルール「離島は宅配便」(第2版)", words="が変えました", changes=[S(label="配送", before="メール便", after="宅配便"), S(label="ラベル", before="", after="離島")], note="", new=False, day=None, url="#"),
        S(at=ago(hours=4, minutes=42), kind="mail", actor="サンクスメール", words="を送りました", changes=[], note="", new=False, day=None, url="#"),
        S(at=ago(hours=4, minutes=42), kind="mall", actor="楽天市場", words="へ注文確認を送り、受け付けられました", changes=[S(label="モールの状態", before="注文確認待ち", after="楽天処理中")], note="", new=False, day=None, url=""),
        S(at=ago(days=1, hours=5), kind="mall", actor="楽天市場", words="から取り込みました", changes=[], note="", new=False, day=date(2026, 11, 21), url="#"),
    ]  # fmt: skip
    return "orders/detail.html", "/orders/x/", {
        "order": order, "back_url": "#", "previous_url": "#", "next_url": "#", "why": held_why if kind == "held" else moving_why, "parcels": parcels, "folded_parcels": 0, "coupons": [S(payer_words="クーポン(店負担)", name="秋の感謝祭", yen=1000)],
        "wrappings": [S(words="包装紙", yen=0)], "tax": [S(rate=10, base_yen=22010, tax_yen=2001), S(rate=8, base_yen=4980, tax_yen=368)], "tags": TAGS[:2] + TAGS[5:], "all_tags": TAGS, "statuses": status_groups(),
        "tasks": [S(pk=2, name="離島なので送料変更", what_to_do="送料表では 2,200円です", holds=False, reason="", close_url="#")] if kind == "held" else [],
        "others": [S(pk=1044, number="338866-20261121-0099123411", status=STATUS["出荷済"], placed_at=ago(days=1), total_yen=4980, shop=SHOPS[0]), S(pk=1045, number="338866-20260703-0012345678", status=STATUS["キャンセル"], placed_at=ago(days=142), total_yen=3300, shop=SHOPS[0])], "bundle": [S(pk=1044, number="338866-20261122-0099123411", why="同じ届け先・発送待ち")] if kind == "held" else [],
        "mails": [S(subject="ご注文ありがとうございます【うつわと暮らしの店 あかり】", to="", at=ago(hours=4, minutes=42), state_words="送信済", tone="good", url="#", again_url="#")],
        "mall_facts": [S(title="注文", facts=[S(label="利用端末", value="iPhone"), S(label="注文種別", value="通常"), S(label="サブステータス", value=""), S(label="注意表示", value="なし")])], "unknown_fields": [], "history": history, "history_filter": [S(words=words, url="?", current=not at) for at, words in enumerate(["すべて", "人", "ルール", "モール", "倉庫", "メール"])],
        "carriers": [S(code="1001", words="ヤマト運輸"), S(code="1002", words="佐川急便")], "today": TODAY,
        "verbs": [S(key="withdraw", icon="undo", words="出荷依頼を取り下げる", difference="倉庫に止めてもらいます。受注は残り、保留になります。", cost="いま作業中のため、取下げ料金 550円がかかる見込みです。", danger=False), S(key="not_here", icon="door", words="ここで扱わない", difference="このハブだけで終わりにします。モールへは何も伝わりません。ほかのシステムで出荷するときに。", cost="", danger=False), S(key="cancel_at_mall", icon="ban", words="モールでもキャンセル", difference="モールへキャンセルを申し込み、受け付けられたら終わります。お客様に通知されます。", cost="", danger=True), S(key="delete", icon="trash", words="取込から外す", difference="一覧から消え、モールを読み直しても戻りません。「取込から外した受注」からいつでも戻せます。", cost="", danger=True)],
    }  # fmt: skip


def home(query: dict) -> tuple:
    calm = "calm" in query
    counts = [4, 2, 1, 0, 1, 3, 8, 14, 22, 31, 38, 35, 47, 41, 4]
    then = [5, 3, 1, 1, 1, 2, 6, 15, 24, 28, 30, 33, 50, 37, 35, 29, 27, 31, 44, 58, 72, 80, 64, 28]
    scale, step = 120 / max(then), 720 / 24
    bars = S(label="時間ごとの注文", width=720, height=150, base=128, columns=[S(x=round(hour * step + 4, 1), y=round(128 - n * scale, 1), width=22, height=round(n * scale, 1), future=False, title=f"{hour}時 {n}件") for hour, n in enumerate(counts)],
             then_points=" ".join(f"{hour * step + 15:.1f},{128 - n * scale:.1f}" for hour, n in enumerate(then)), ticks=[S(x=hour * step + 15, words=f"{hour}時") for hour in range(0, 24, 3)])  # fmt: skip
    return "hub/home.html", "/", {
        "today": TODAY, "all_well": "すべて順調です。14:05 現在、止まっているものも遅れているものもありません。" if calm else "", "oldest": None if calm else S(url="#", age_at=ago(days=1, hours=7)), "new": S(count=42, waiting=18, url="#"),
        "attention": S(count=0 if calm else 31, url="#", causes=[] if calm else [S(words="住所が違う可能性", count=12, url="#"), S(words="一部商品未マッピング", count=9, url="#"), S(words="備考あり", count=7, url="#")]),
        "shipping": S(count=204, url="#", cutoffs=[S(warehouse="楽天スーパーロジスティクス", until=datetime.combine(TODAY, time(15, 30), TOKYO), seconds=5088, count=180, misses=0 if calm else 6, url="#"), S(warehouse="自社倉庫", until=datetime.combine(TODAY, time(17), TOKYO), seconds=10488, count=24, misses=0, url="#")]),
        "stopped": S(count=0 if calm else 3, url="#", lines=[] if calm else [S(words="モールへの報告", count=2, url="#"), S(words="見えないショップ", count=1, url="#")]), "unreported": S(count=0 if calm else 12, yen=0 if calm else 148200, url="#", late=False), "bars": bars, "orders_today": 291, "orders_then": 284,
        "touchless": S(percent="87.4", tries=2140, causes=[S(words="備考あり", count=118, percent=100, url="#"), S(words="住所が違う可能性", count=71, percent=60, url="#"), S(words="一部商品未マッピング", count=44, percent=37, url="#")]),
        "shops": [S(**vars(shop), url="#", tone="stop" if number == 3 and not calm else "good", words="鍵が切れています。11/22 11:05 から見えていません" if number == 3 and not calm else "取りこぼしなし・全期間を確認済み", seen_at=ago(seconds=40 + number * 9), next_at=NOW + timedelta(seconds=20), key_words=["あと62日", "あと12日", "", "期限切れ"][number] if not calm else ["あと62日", "あと40日", "", "あと80日"][number], key_tone=["closed", "wait", "", "stop"][number] if not calm else "closed", observing=number == 2, fetch_url="#") for number, shop in enumerate(SHOPS)],
        "tonight": [S(at=ago(hours=14), words="モールの夜間処理で 386件の出荷が反映されました", url="#", tone="good"), S(at=ago(hours=18, minutes=40), words="倉庫から 402件の出荷実績を受け取り、報告しました", url="#", tone="good"), S(at=ago(hours=12), words="入金待ちから 23件が進みました", url="#", tone="moving"), S(at=ago(hours=9), words="期限の近い鍵: 北の恵み本舗(あと12日)", url="#", tone="wait")],
        "first_steps": [S(words="ショップをつなぐ", done=True, url="#", action=""), S(words="商品を結び付ける", done=False, url="#", action="38件を見る"), S(words="観察で流れを確かめる", done=False, url="#", action="見る"), S(words="本番を始める", done=False, url="#", action="始める")] if "first" in query else None,
    }  # fmt: skip


class SignIn(forms.Form):
    login = forms.EmailField(label="メールアドレス", widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}))
    password = forms.CharField(label="パスワード", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))


def sign_in(query: dict) -> tuple:
    form = SignIn({"login": "hanako@example.jp", "password": "x"}) if "error" in query else SignIn()
    if "error" in query:
        form.add_error(None, "メールアドレスかパスワードが違います。5回続けて違うと、しばらく待っていただきます。")
        form.add_error("password", "もう一度入れてください。")
    return "hub/sign_in.html", "/sign-in/", {"form": form, "next": "/"}


PAGES = {"home": home, "list": order_list, "detail": order_detail, "sign_in": sign_in}


def page(name: str, query: dict) -> tuple:
    try:
        import fake_more

        PAGES.update(fake_more.PAGES)
    except ModuleNotFoundError:
        pass
    template, path, context = PAGES[name](query)
    may = defaultdict(lambda: "viewer" not in query)
    return template, path, {"frame": frame(query), "may": may, "csrf_token": "x" * 64, **context}
