"""Words for what became of effects and readings: what malls, warehouses and mail servers answered, and acts over effects."""

from __future__ import annotations

from collections.abc import Mapping

from hub.problems.texts import Text, text

_LOOKED_UP = ("自動で確かめます。", "It is looked up by itself.")
_BY_ITSELF = ("直ると自動で進みます。", "It goes on by itself.")
_SEE = (
    "相手の画面を見て、「もう一度送る」「済みにする」「やめる」を選んでください。",
    "Look at the other side, then send again, mark done or drop.",
)
_LOOK = ("読み込み直して、いまの状態を見てください。", "Reload and look at how it stands now.")
_ORDER = (
    "モールの画面で注文を確かめ、もう一度読んでください。",
    "Look at the order in the mall's own screen, then read it again.",
)
_RESULT = ("倉庫に確かめ、送り状番号は手で入れてください。", "Ask the warehouse, and enter tracking numbers by hand.")

TEXTS: Mapping[str, Text] = {
    # Acts over effects.
    "in_flight": text(
        "送信の最中です。", "It is being sent.", "数秒おいてもう一度見てください。", "Look again in a few seconds.",
    ),
    "over": text(
        "すでに終わっています。", "It is over already.",
        "することはありません。", "There is nothing to do.",
    ),
    "not_stopped": text("停止した処理ではありません。", "It has not stopped.", "自動で進みます。", "It goes on by itself."),
    "behind": text(
        "先に送るものが終わっていません。", "Something that goes first is not done.",
        "それが終わると、自動で進みます。", "It goes by itself once that is done.",
    ),
    "not_waiting": text(
        "送信を待っているものではありません。", "It is not waiting to be sent.",
        *_LOOK,
    ),
    "not_unsure": text(
        "確かめている送信ではありません。", "It is not being looked for.",
        *_LOOK,
    ),
    "quiet_time": text(
        "送ってすぐは、届いていても相手の画面に出ないことがあります。", "Just sent, it may not show yet at the other side.",
        "まもなく自動で確かめます。", "It is looked up by itself in a moment.",
    ),
    "not_held": text(
        "保留されていません。", "It is not held.",
        *_LOOK,
    ),
    "left_already": text(
        "もう送り始めています。", "It has begun to leave.", "取下げや訂正をしてください。", "Withdraw or correct it.",
    ),
    "unknown": text(
        "見つかりません。", "Not found.",
        "読み込み直してください。もうないか、IDが違います。", "Reload: it is gone, or the id is wrong.",
    ),
    "taken_back": text("人が取り消しました。", "A person took it back."),
    "dropped_by_hand": text("人がやめました。", "A person gave it up."),
    # Held before leaving.
    "observe": text(
        "ショップが観察中なので送っていません。", "Not sent: the shop only observes.", "本番開始すると送られます。",
        "It is sent when the shop goes live.",
    ),
    "flood": text(
        "急に多くのメールが出ようとしています。", "Unusually many mails were about to leave.",
        "内容を見て、送るか取りやめるか決めてください。", "Look at them, then let them go or drop them.",
    ),
    # Nothing happened; it is tried again.
    "line_down": text("相手の回線が止まっています。", "The line to the other side is down.", *_BY_ITSELF),
    "down": text("相手が応答しません。", "The other side does not answer.", *_BY_ITSELF),
    "mall_down": text("モールが応答しません。", "The mall does not answer.", *_BY_ITSELF),
    "warehouse_down": text("倉庫が応答しません。", "The warehouse does not answer.", *_BY_ITSELF),
    "no_line": text("相手に接続できません。", "No connection to the other side.", *_BY_ITSELF),
    "no_connection": text("相手に接続できません。", "No connection to the other side.", *_BY_ITSELF),
    "no_slot": text("呼び出しの順番を待っています。", "It waits for its turn to call.", *_BY_ITSELF),
    "stopping": text("再起動のあと続きます。", "It goes on after a restart.", *_BY_ITSELF),
    "gateway": text("モールの入口でエラーになりました。", "The mall's gateway answered with an error.", *_BY_ITSELF),
    "too_many": text(
        "モールが呼び出しを多すぎると答えました。", "The mall said that there were too many calls.", *_BY_ITSELF,
    ),
    "try_later": text("メールサーバーが後で送るよう答えました。", "The mail server said to try later.", *_BY_ITSELF),
    "not_answered": text("答えがありませんでした。", "There was no answer.", *_BY_ITSELF),
    "not_readable": text("モールを読めませんでした。", "The mall could not be read.", *_BY_ITSELF),
    "handler_fault": text(
        "こちらの処理で失敗しました。", "It failed on our side.", "続くときは知らせてください。", "Tell us if it goes on.",
    ),
    "call_refused": text(
        "相手が呼び出しを断りました。", "The other side refused the call.", "設定と鍵を確かめてください。",
        "Check settings and key.",
    ),
    "again_if_unsure": text(
        "届いたか分からないので、もう一度送ります。", "It may not have arrived, so it is sent again.", "", "",
    ),
    "absent": text(
        "相手に見つからないので、もう一度送ります。", "It is not there at the other side, so it is sent again.", "", "",
    ),
    # The key.
    "allowed": text("使えます。", "Allowed.", "", ""),
    "wrong_key": text(
        "鍵が違います。", "The key is wrong.", "鍵を、モールの管理画面からもう一度コピーして入れ直してください。",
        "Copy the key from the mall's back office once more and enter it again.",
    ),
    "expired": text(
        "鍵の期限が切れています。", "The key has expired.", "モールの管理画面で鍵を更新し、新しい鍵を入れてください。",
        "Renew the key in the mall's back office and enter the new one.",
    ),
    "not_switched_on": text(
        "許可されていません。", "Not switched on.", "モールの管理画面で、この機能の利用を許可してください。",
        "Switch this function on in the mall's back office.",
    ),
    "not_active_yet": text(
        "鍵がまだ有効になっていません。", "The key is not active yet.",
        "発行してから使えるまで10〜30分かかります。待ってから、もう一度確かめてください。",
        "A new key works 10 to 30 minutes after it was issued. Wait, then test again.",
    ),
    "foreign_orders": text(
        "この鍵で見えるのは、別のモール店舗の受注です。", "This key shows the orders of another mall shop.",
        "何も取り込んでいません。このショップの鍵を入れ直してください。", "Nothing was taken in. Enter the key of this shop.",
    ),
    "test_no_answer": text(
        "返事がありません。", "No answer.", "モールが応答しません。しばらくして、もう一度確かめてください。",
        "The mall does not answer. Test again in a while.",
    ),
    "login_refused": text(
        "メールサーバーにログインできません。", "The mail server refused the login.",
        "ユーザー名とパスワードを確かめてください。", "Check user and password.",
    ),
    "sender_refused": text(
        "メールサーバーが差出人を断りました。", "The mail server refused the sender.",
        "登録済みの差出人アドレスにしてください。", "Use a sender that is registered there.",
    ),
    "server_refused": text(
        "メールサーバーが断りました。", "The mail server refused.", "設定を確かめてください。", "Check the settings.",
    ),
    "not_supported": text(
        "メールサーバーがこの方式に対応していません。", "The mail server does not support this way.",
        "接続の方式を確かめてください。", "Check the kind of connection.",
    ),
    # Maybe done.
    "no_answer": text("送ったあとの答えがありません。", "There was no answer after sending.", *_LOOKED_UP),
    "interrupted": text("送信の途中で止まりました。", "It was interrupted while sending.", *_LOOKED_UP),
    "killed_worker": text(
        "送ろうとするたびに処理が途中で止まりました。", "The program was ended each time it tried to send this.", *_SEE,
    ),
    "maybe_done": text("届いたか分かりません。", "It may have happened.", *_SEE),
    "still_open": text("相手がまだ処理中です。", "The other side is still working on it.", *_LOOKED_UP),
    "mall_error": text("モールがエラーを返しました。", "The mall answered with an error.", *_LOOKED_UP),
    "unreadable": text("答えを読めませんでした。", "The answer could not be read.", *_LOOKED_UP),
    "unanswered": text("答えに結果がありませんでした。", "The answer did not say what became of it.", *_LOOKED_UP),
    "rows_unanswered": text("送り状の一部に答えがありませんでした。", "Some rows were not answered.", *_LOOKED_UP),
    "not_in_answer": text("答えの中にありませんでした。", "It was not in the answer.", *_LOOKED_UP),
    "unclear_answer": text("答えの意味が分かりません。", "The answer is not clear.", *_LOOKED_UP),
    "cannot_be_asked": text("相手に確かめる方法がありません。", "The other side cannot be asked.", *_SEE),
    "settle_failed": text("結果を保存できませんでした。", "The outcome could not be written.", *_SEE),
    # Refused.
    "refused": text("相手が断りました。", "The other side refused.", *_SEE),
    "content_gone": text(
        "送る内容がなくなっています。", "What was to be sent is gone.",
        "まだ要るなら、新しく作り直してください。", "Write it anew if it is still wanted.",
    ),
    "recipient_refused": text(
        "宛先が受け取れません。", "The recipient was refused.", "アドレスを確かめてください。", "Check the address.",
    ),
    "mail_refused": text("メールが断られました。", "The mail was refused.", *_SEE),
    "parcel_gone": text("モールの送付先がなくなりました。", "The mall's parcel is gone.", *_SEE),
    "unknown_reference": text("相手がこの伝票番号を知りません。", "The other side does not know the reference.", *_SEE),
    "unknown_order": text("モールにこの受注がありません。", "The mall does not know the order.", *_SEE),
    "wrong_state": text("モールの状態ではこの操作ができません。", "The order's state at the mall does not allow it.", *_SEE),
    "wrong_format": text("形式が違うと断られました。", "It was refused for its format.", *_SEE),
    "already_moved": text("モールではすでに進んでいます。", "It has already moved on at the mall.", "", ""),
    "amount_open": text(
        "モールで金額が確定していません。", "An amount is not fixed at the mall.", "モールで金額を確定してください。",
        "Fix the amount at the mall.",
    ),
    "withdraw_unsupported": text(
        "この倉庫は取下げを受け付けません。", "This warehouse takes nothing back.", "倉庫へ直接連絡してください。", "Call the warehouse.",
    ),
    "warehouse_refused": text(
        "倉庫が依頼を断りました。", "The warehouse refused the request.", "理由を直して再開してください。",
        "Mend the cause and reopen the parcel.",
    ),
    "pick_up_unsupported": text(
        "この倉庫は店舗受取に対応していません。", "This warehouse does not ship to pick-up shops.",
        "別の倉庫を選んでください。", "Choose another warehouse.",
    ),
    "carrier_unsupported": text(
        "この倉庫は運送会社 {carrier} に対応していません。", "This warehouse does not use the carrier {carrier}.",
        "運送会社か倉庫を変えてください。", "Choose another carrier or warehouse.",
    ),
    "delivery_method_unsupported": text(
        "この倉庫は配送方法 {method} に対応していません。", "This warehouse does not know the delivery {method}.",
        "配送方法を変えてください。", "Choose another delivery.",
    ),
    "wish_time_unsupported": text(
        "この倉庫は時間帯 {time} に対応していません。", "This warehouse does not deliver at {time}.",
        "時間帯を変えてください。", "Choose another time.",
    ),
    "newer_mail": text("新しいメールがあるので送りません。", "Not sent: there is a newer mail.", "", ""),
    "ended": text("依頼はもう終わっています。", "The request is over.", "", ""),
    "request_ended": text(
        "この依頼はもう終わっているので、もう一度は送れません。", "This request is over and is not sent again.",
        "出荷するときは、受注のページから荷物をもう一度依頼してください。", "To ship, ask for the parcel again on the page of its order.",
    ),
    "sent": text("送信しました。", "Sent."),
    "replaced": text("新しい番号で報告し直しました。", "Reported again with new numbers."),
    # Files.
    "file_interrupted": text(
        "ファイルを作る途中で何度も止まりました。", "Making the file was interrupted again and again.", "件数を減らして作り直してください。",
        "Make it again with fewer rows.",
    ),
    "not_in_encoding": text(
        "この文字コードで書けない文字があります。", "There is a character that this encoding cannot hold.", "UTF-8を選んでください。",
        "Choose UTF-8.",
    ),
    "nothing_to_print": text("印刷するものがありません。", "There is nothing to print.", "受注を選び直してください。", "Choose other orders."),
    "too_many_rows": text(
        "行が多すぎます（{limit}行まで）。", "There are too many rows (at most {limit}).", "条件を絞って作り直してください。",
        "Narrow it and make it again.",
    ),
    # Outgoing is off.
    "setting": text(
        "OUTGOING=off なので外へ送りません。", "Nothing leaves: OUTGOING=off.", "運用の設定です。",
        "It is a setting of the installation.",
    ),
    "system": text(
        "全体の送信が止められています。", "Outgoing is off for everyone.", "運用担当に聞いてください。", "Ask operations.",
    ),
    "tenant": text(
        "送信が止められています。", "Outgoing is off.", "設定で再開できます。", "It can be switched on in the settings.",
    ),
    # Payloads and results that cannot be understood.
    "missing": text(
        "{path} がありません。", "{path} is missing.", "相手のデータを確かめてください。",
        "Check the data at the other side.",
    ),
    "wrong_type": text(
        "{path} の型が違います（{expected} のはずが {found}）。", "{path} has the wrong type ({expected} wanted, {found} found).",
        *_ORDER,
    ),
    "out_of_range": text(
        "{path} が範囲の外です（{bound}）。", "{path} is out of range ({bound}).",
        *_ORDER,
    ),
    "unknown_code": text(
        "{path} に知らないコード {code} があります。", "{path} holds the unknown code {code}.",
        *_ORDER,
    ),
    "database_refused": text(
        "保存できない内容です（{path}）。", "The content cannot be stored ({path}).",
        *_ORDER,
    ),
    "not_an_object": text(
        "{path} が形になっていません。", "{path} is not an object.",
        *_RESULT,
    ),
    "not_a_list": text(
        "{path} が一覧ではありません。", "{path} is not a list.",
        *_RESULT,
    ),
    "not_a_day": text(
        "{path} が日付ではありません。", "{path} is not a day.",
        *_RESULT,
    ),
    "not_an_instant": text(
        "{path} が日時ではありません。", "{path} is not an instant.",
        *_RESULT,
    ),
    "not_a_quantity": text(
        "{path} が数量ではありません。", "{path} is not a quantity.",
        *_RESULT,
    ),
    "unknown_state": text(
        "{path} に知らない状態があります。", "{path} holds an unknown state.",
        *_RESULT,
    ),
    "unknown_outcome": text(
        "{path} に知らない結果 {value} があります。", "{path} holds the unknown outcome {value}.",
        *_RESULT,
    ),
    "not_a_number": text(
        "{path} が送り状番号ではありません。", "{path} is not a tracking number.",
        *_RESULT,
    ),
    "result_failed": text(
        "この実績の記録に失敗しました（{error}）。", "Recording this result failed ({error}).",
        "送り状番号を手で入れてください。", "Enter the tracking number by hand.",
    ),
    "late_result": text(
        "終わった依頼への結果です。", "A result for a request that is over.", "倉庫に確かめてください。",
        "Ask the warehouse.",
    ),
    "too_many_units": text(
        "依頼より多い数の結果です。", "More was shipped than was asked.", "倉庫に確かめてください。", "Ask the warehouse.",
    ),
    "part_of_set": text(
        "セットの一部だけが出荷されたという結果です。", "Only a part of a set was shipped.", "倉庫に確かめてください。",
        "Ask the warehouse.",
    ),
    "no_packages": text(
        "送り状番号のない結果です。", "The result has no tracking number.", "倉庫に確かめてください。", "Ask the warehouse.",
    ),
}  # fmt: skip
