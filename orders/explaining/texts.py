"""The sentences of *why is it here, what frees it*: each code in both languages. `{name}` stands for a parameter."""

from __future__ import annotations

from collections.abc import Mapping

from hub.problems import Text
from hub.problems.texts import text

BECAUSE: Mapping[str, Text] = {
    "deleted": text("取込から外してあります。", "It was taken out of the hub.",
                    "「戻す」を押すと、同じ番号・同じ内容でもとの状態に戻ります（外してから30日まで）。", "Take it back, and the same order stands as before (within 30 days)."),
    "cancelled_at_mall": text("モールでキャンセルになりました。", "It was cancelled at the mall.", "することはありません。", "There is nothing to do."),
    "cancelled_here": text("ここでは扱わないことにしました。", "It was let go here.",
                           "モールには何も伝えていません。元に戻すときは履歴の「元に戻す」を押してください。", "The mall was told nothing. Undo it in the history to go on after all."),
    "done": text("出荷が済み、モールに反映されています。", "It has shipped and the mall has counted it.", "することはありません。", "There is nothing to do."),
    "done_elsewhere": text("モールでは、ここへ取り込む前に発送が済んでいました。", "The mall had it shipped before it came here.", "することはありません。", "There is nothing to do."),
    "report_stopped": text("出荷しましたが、モールへの報告が止まっています。", "It has shipped, but the report to the mall has stopped.",
                           "理由を見て、送り直すか、済みにしてください。反映されるまで売上は入金されません。", "See why, then send it again or mark it done. No money comes before it is counted."),
    "report_waiting": text("出荷しました。モールへの報告を送るところです。", "It has shipped. The report to the mall is about to go.", "自動で送られます。", "It goes by itself."),
    "report_unsure": text("出荷しました。モールへの報告が届いたかを確かめています。", "It has shipped. Whether the report arrived is being looked up.",
                          "自動で確かめ、届いていなければ送り直します。", "It is looked up by itself, and sent again if it is not there."),
    "report_sent": text("出荷しました。モールに載ったかを確かめています。", "It has shipped. Whether the mall shows it is being looked up.", "自動で確かめます。", "It is looked up by itself."),
    "report_seen": text("出荷しました。モールの夜間の処理で反映されるのを待っています。", "It has shipped and waits for the mall's nightly job to count it.",
                        "0時過ぎに反映され、完了になります。", "It is counted after midnight, and done."),
    "report_late": text("出荷しましたが、モールにまだ反映されていません: {cause}", "It has shipped, but the mall has not counted it: {cause}",
                        "モールの画面で送り状番号を確かめてください。", "Check the tracking number at the mall."),
    "shipped": text("出荷しました。", "It has shipped.", "することはありません。", "There is nothing to do."),
    "shipped_not_ours": text("出荷しました。本番開始より前の受注なので、モールへの報告はいままでのシステムがします。", "It has shipped. The old system reports it to the mall.",
                             "することはありません。", "There is nothing to do."),
    "waiting": text("注文から{wait}分は、お客様のキャンセルを待っています。", "It waits {wait} minutes for a cancellation by the buyer.",
                    "あと{minutes}分で自動で動き出します。", "It goes on by itself in {minutes} minutes."),
    "held": text("{n}つの確認が残っているため、出荷依頼を出していません。", "Not requested yet. Left to settle: {n}.",
                 "片づくと、自動で先へ進みます。", "Then it goes on by itself."),
    "mall_blocks": text("モールが出荷を止めています: {blocks}", "The mall does not allow shipping yet: {blocks}", "{freed_by}", "{freed_by}"),
    "cancel_asked": text("倉庫に取下げを頼んでいます。", "The warehouse was asked to give it back.", "返事が来るまで、出荷されることもあります。", "Until it answers, it may still ship."),
    "requested": text("{warehouse} に出荷依頼を送っています。", "It is being requested from {warehouse}.", "倉庫が受け付けると進みます。", "It goes on when the warehouse accepts."),
    "accepted": text("{warehouse} が出荷依頼を受け付けました。", "{warehouse} has accepted it.",
                     "出荷実績が届くと、出荷済になり、出荷メールと報告が自動で出ます。", "When the result comes it is shipped, and mail and report go by themselves."),
    "working": text("{warehouse} が出荷作業をしています。", "{warehouse} is working on it.",
                    "出荷実績が届くと、出荷済になり、出荷メールと報告が自動で出ます。", "When the result comes it is shipped, and mail and report go by themselves."),
    "to_print": text("{warehouse} で出荷する荷物です。", "{warehouse} is to ship it.", "納品書を印刷し、出荷したら送り状番号を入れてください。",
                     "Print the slip, and enter the tracking number when it has left."),
    "request_stopped": text("出荷依頼が倉庫に届いていません。", "The request has not reached the warehouse.", "理由を見て、送り直すか、やめてください。", "See why, then send it again or drop it."),
    "observing": text("ショップが観察中なので、外へは何も送りません。", "The shop only observes, so nothing is sent.", "本番を始めると、ここから先へ進みます。", "It goes on from here when the shop goes live."),
    "not_ours": text("本番開始より前の受注なので、いままでのシステムで出荷します。", "It is from before going live, so the old system ships it.",
                     "ここで出荷するときは、ショップのページで引き受けてください。", "To ship it here, take it on at the shop's page."),
    "not_judged": text("自動判定を待っています。", "It waits to be judged.", "数秒で自動で進みます。", "It goes on by itself within seconds."),
    "not_open": text("出荷できる段階ではありません。", "It is not in a phase in which it ships.", "状態を見直してください。", "Look at its status."),
    "payment": text("入金を待っています。", "It waits for the payment.", "入金が確認できると、自動で進みます。", "It goes on by itself once paid."),
    "payment_until": text("入金を待っています（期限 {day}）。", "It waits for the payment (until {day}).", "入金が確認できると、自動で進みます。", "It goes on by itself once paid."),
    "unconfirmed_old": text("注文確認がまだです。{day} にモールが自動でキャンセルします。", "It is not confirmed. The mall cancels it on {day}.",
                            "モールで注文を確認してください。", "Confirm it at the mall."),
    "ship_fault": text("出荷依頼を出せません: {fault}", "It cannot be requested: {fault}", "{advice}", "{advice}"),
    "mall_not_read": text("出荷の前に、モールの最新の内容を読んでいます。", "The mall is being read once more before it ships.", "読み終わると、出荷依頼が自動で出ます。", "Once read, it is requested by itself."),
    "about_to_request": text("出荷依頼を出すところです。", "It is about to be requested.", "数秒で自動で出ます。", "It goes by itself within seconds."),
    "not_wanted": text("出荷の指示がまだありません。", "Nobody has asked to ship it yet.", "「出荷依頼」を押すか、ルールで自動にしてください。", "Ask for shipment, or let a rule do so."),
    "no_destination": text("自動処理で行き先が決まりませんでした。", "No rule has said where it goes.",
                           "内容を見て、出荷依頼を出すか、状態を変えてください。", "Look at it, then ask for shipment or change its status."),
    "no_lines": text("出荷する商品がありません。", "There is nothing to ship.", "明細を確かめてください。", "Check the lines."),
    "in_status": text("状態「{status}」にあります。", "It is in the status {status}.", "次の状態へ進めてください。", "Move it to the next status."),
}  # fmt: skip

ALSO: Mapping[str, Text] = {
    "outgoing_off": text("送信を止めているので、いまは外へ何も出ません。", "Outgoing is off, so nothing leaves now."),
    "past_cutoff": text("今日の締め（{time}）は過ぎています。", "Today's cut-off ({time}) is past."),
    "until_cutoff": text("今日の締めは {time} です。", "Today's cut-off is {time}."),
}

ACTS: Mapping[str, Text] = {
    "take_back": text("戻す", "Take back"),
    "edit_address": text("届け先を直す", "Edit the address"),
    "map": text("商品を結び付ける", "Map the goods"),
    "want_shipment": text("出荷依頼", "Ask for shipment"),
    "unwant_shipment": text("出荷の指示を取り消す", "Do not ship yet"),
    "withdraw": text("出荷依頼を取り下げる", "Withdraw the request"),
    "record": text("送り状番号を入れる", "Enter the tracking number"),
    "print": text("納品書を印刷", "Print the slip"),
    "see_effect": text("理由を見る", "See why"),
    "shop": text("ショップを見る", "See the shop"),
    "read_again": text("モールから読み直す", "Read the mall again"),
    "read": text("読んだ", "Read"),
    "keep": text("このままでよい", "Leave it so"),
    "release": text("解除", "Release"),
    "reopen": text("もう一度出せるようにする", "Allow another request"),
    "override": text("理由を書いて通す", "Pass with a reason"),
    "choose_warehouse": text("倉庫を選ぶ", "Choose a warehouse"),
    "mall_words": text("支払の言葉を決める", "Say what it means"),
}
