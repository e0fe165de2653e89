"""Words for what operations over settings refuse: shops, statuses, products, rules, warehouses, mail."""

from __future__ import annotations

from collections.abc import Mapping

from hub.problems.texts import Text, text

TEXTS: Mapping[str, Text] = {
    "retention_days": text(
        "保存期間は{least}日から{most}日までです。", "The retention period is between {least} and {most} days.",
        "日数を直してください。", "Choose another number of days.",
    ),
    # Shops.
    "account_taken_here": text(
        "このモール店舗は、もう一つのショップとして接続済みです。", "This mall shop is connected here already.",
        "ショップ一覧を確かめてください。", "See the list of shops.",
    ),
    "account_taken_elsewhere": text(
        "このモール店舗は、別の契約で本番運用中です。", "Another contract has this mall shop live.",
        "二重の発注や出荷を防ぐため、先にそちらを止めてください。", "Stop it there first, so that nothing is done twice.",
    ),
    "other_account": text(
        "この鍵は別のモール店舗（{found}）のものです。このショップの受注は {known} のものです。",
        "This key is of another mall shop ({found}). The orders here are of {known}.",
        "{known} の鍵を入れるか、新しいショップとして接続してください。",
        "Enter the key of {known}, or connect it as a new shop.",
    ),
    "intake_stopped": text(
        "取込が止まっています。", "Intake is stopped.", "始めると、すぐに読みます。", "Start it: it reads at once.",
    ),
    "test_needed": text(
        "鍵のテストに合格していません。", "The key has not passed its test.", "テストしてから取込を開始してください。",
        "Test it, then start the intake.",
    ),
    "test_failed": text(
        "鍵のテストで、使えない機能がありました。", "The test of the key found functions that cannot be used.",
        "テスト結果の案内に従って直し、もう一度テストしてください。", "Do what the result of the test says, then test again.",
    ),
    "starts_in_the_past": text(
        "過ぎた時刻からは始められません。", "It cannot start in the past.",
        "いままでの注文は、いまのシステムが出荷しているかもしれません。引き取るものを選んでください。",
        "Earlier orders may be shipped by the system used so far. Choose those to take on.",
    ),
    "too_old": text(
        "読み直せるのは{days}日前までです。", "It can be read again for {days} days at most.", "日付を直してください。",
        "Choose a later day.",
    ),
    "unknown_channel": text(
        "{channel} というモールは使えません。", "There is no mall {channel}.", "使えるのは {known} です。",
        "Known are {known}.",
    ),
    "bad_credentials": text(
        "認証情報の形が正しくありません。", "The credentials do not have the right form.",
        "errors の各項目を直してください。", "Mend what errors lists.",
    ),
    "mall_blind": text(
        "モールが鍵を受け付けません（{reason}）。", "The mall refuses the key ({reason}).",
        "鍵を更新してテストしてください。", "Renew the key and test it.",
    ),
    "unsupported": text(
        "このモールにはその機能（{what}）がありません。", "The mall has no such function ({what}).",
        "モールの画面で行ってください。", "Do it in the mall's own screen.",
    ),
    # Statuses.
    "status_has_orders": text(
        "「{name}」に受注が{count}件あります。", "{count} orders are in {name}.", "先に別の状態へ移してください。",
        "Move them first.",
    ),
    "status_is_default": text(
        "「{name}」は工程の入口の状態です。", "{name} is the default of its phase.", "先に別の状態を入口にしてください。",
        "Make another one the default first.",
    ),
    "other_phase": text(
        "「{name}」は別の工程のグループです。", "{name} is a group of another phase.",
        "同じ工程のグループを選んでください。", "Choose a group of the same phase.",
    ),
    "unknown_method": text(
        "{method} という支払方法はありません。", "There is no payment method {method}.", "一覧から選んでください。",
        "Choose one of the list.",
    ),
    # Rules.
    "unknown_rule_action": text(
        "{action} という動作はありません。", "There is no rule action {action}.", "一覧にある動作を使ってください。",
        "Use one of the listed actions.",
    ),
    "action_gone": text(
        "動作 {action} の {name} が見つからないか、使わなくなったものです。",
        "What {action} names as {name} is not there or not in use.", "別のものを選んでください。", "Choose another.",
    ),
    "action_missing": text(
        "動作 {action} に {name} が要ります。", "The action {action} needs {name}.", "値を入れてください。", "Give a value.",
    ),
    "no_actions": text("動作が一つもありません。", "There is no action.", "一つ以上決めてください。", "Give one at least."),
    "failed_on_three_orders": text(
        "3件の受注で失敗したので、ルールが自分で止まりました。", "The rule switched itself off after failing on three orders.",
        "ルールを直して、もう一度オンにしてください。", "Mend it and switch it on again.",
    ),
    # Warehouses.
    "warehouse_has_requests": text(
        "「{name}」に{count}件の依頼があります。", "{name} works on {count} requests.",
        "終わるのを待つか、取り下げてください。", "Wait for them or withdraw them.",
    ),
    "unknown_kind": text(
        "{kind} という種類の倉庫は使えません。", "There is no kind of warehouse {kind}.", "使えるのは {known} です。",
        "Known are {known}.",
    ),
    "contract_differs": text(
        "契約の内容が設定と違います。", "The contract differs from what is set.", "倉庫の設定を確かめてください。",
        "Check the warehouse's settings.",
    ),
    # Mail.
    "unknown_word": text(
        "{word} という差し込み語はありません（{line}行{column}字目）。",
        "There is no placeholder {word} (line {line}, column {column}).", "一覧にある語を使ってください。",
        "Use one of the listed ones.",
    ),
    "other_shop": text(
        "別のショップのテンプレートです。", "The template is for another shop.", "そのショップのテンプレートを選んでください。",
        "Choose one of its shop.",
    ),
    "template_retired": text(
        "使わなくなったテンプレートです。", "The template is no longer in use.", "別のテンプレートを選んでください。",
        "Choose another.",
    ),
    "template_stopped": text(
        "停止中のテンプレートです。", "The template is stopped.", "テンプレートを再開してください。", "Start it again.",
    ),
    "not_shipped": text(
        "まだ出荷していません。", "It has not been shipped yet.", "出荷を記録すると自動で送られます。",
        "It is sent by itself once shipped.",
    ),
    "no_account": text(
        "メールの送信元が決まっていません。", "No mail account is set.", "設定でメールアカウントを登録してください。",
        "Add a mail account in the settings.",
    ),
    "password_again": text(
        "送信サーバーかユーザー名が変わりました。", "The mail server or the user name changed.",
        "保存済みのパスワードは別の送信先へは使いません。パスワードをもう一度入れてください。",
        "The stored password is not used elsewhere: enter it again.",
    ),
    "mail_too_old": text(
        "用件から6時間を過ぎたので、自動では送りませんでした。", "It was not sent by itself: its occasion is more than 6 hours past.",
        "読んで、送るか取りやめるか決めてください。", "Read it, then send it or let it be.",
    ),
    "no_address": text(
        "注文者のメールアドレスがありません。", "The buyer has no mail address.",
        "電話など、ほかの方法で連絡してください。", "Reach the buyer in another way, by phone for example.",
    ),
    "bad_address": text(
        "メールアドレスの形が正しくありません。", "The mail address is not valid.", "アドレスを直してください。",
        "Mend the address.",
    ),
}  # fmt: skip
