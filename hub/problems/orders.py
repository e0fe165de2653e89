"""Words for what operations over orders, parcels and shipments refuse, and for what keeps an order from shipping."""

from __future__ import annotations

from collections.abc import Mapping

from hub.problems.texts import Text, text

TEXTS: Mapping[str, Text] = {
    # Moving, cancelling, deleting.
    "deleted": text(
        "取込から外した受注です。", "The order was taken out of the hub.", "先に「戻す」で戻してください。",
        "Take it back first.",
    ),
    "erased": text(
        "個人情報は保存期間を過ぎたため消去しました。", "Its personal data was erased at the end of the retention period.",
        "この受注はもう変えられません。", "The order can no longer be changed.",
    ),
    "cancelled": text(
        "キャンセル済みの受注です。", "The order is cancelled.", "キャンセルした受注は変えられません。",
        "A cancelled order cannot be changed.",
    ),
    "cancel_is_an_act": text(
        "キャンセルは状態の変更ではできません。", "Cancelling is not a change of status.",
        "「ここで扱わない」か「モールでもキャンセル」を使ってください。", "Use cancel-here or cancel-at-mall.",
    ),
    "rules_never_go_back": text("ルールは受注を前の工程へ戻せません。", "A rule never moves an order to an earlier phase.",
                                "手で戻すことはできます。", "A person may move it back."),
    "already_shipped": text(
        "すでに出荷済みです。", "It has been shipped already.", "番号を直すときは「出荷を記録」の訂正を使ってください。",
        "To mend numbers, record the shipment with replace.",
    ),
    "needs_tracking": text(
        "まだ出荷していない荷物があります。", "A parcel has not left yet.",
        "運送会社と送り状番号を入れると、出荷済になります。", "Enter carrier and number; that makes it shipped.",
    ),
    "held": text(
        "保留の理由があるため、出荷へ進めません。", "Something holds the order, so it cannot go to shipping.",
        "受注ページの「なぜここにあるか」で理由を解いてください。", "See explain for what holds it and what frees it.",
    ),
    "payment_open": text("モールで決済が済んでいません。", "The mall has not settled the payment.",
                         "決済が済むと自動で進みます。", "It goes on by itself when it is settled."),
    "withdraw_first": text("倉庫に出荷を依頼中です。", "A warehouse has a request for it.",
                           "先に取下げを依頼してください。", "Ask for a withdrawal first."),
    "no_mall": text(
        "モールの受注ではありません。", "The order is not of a mall.", "「ここで扱わない」を使ってください。",
        "Use cancel-here.",
    ),
    "cancel_unsupported": text(
        "このモールの受注は、ここからキャンセルできません。", "Orders of this mall cannot be cancelled from here.",
        "モールの画面でキャンセルしてください。", "Cancel it in the mall's own screen.",
    ),
    "not_ours": text(
        "このシステムで扱わない受注です。", "This hub does not handle the order.",
        "本番開始より前の受注は、ショップのページで選んで引き受けられます。",
        "Orders from before going live can be taken on from the shop's page.",
    ),
    "looked_after_elsewhere": text(
        "「{status}」の受注は、ほかのシステムの担当です。", "Another system looks after orders in {status}.",
        "変えるときは、設定を変えられる人が先にほかの状態へ移してください。",
        "Someone who may change settings moves the order to another status first.",
    ),
    "shipment_started": text(
        "出荷依頼や出荷の記録があるため、外せません。", "It cannot be taken out: a shipment was asked for or recorded.",
        "キャンセルか取下げを使ってください。", "Cancel it or withdraw the request.",
    ),
    "too_long_ago": text(
        "外してから30日を過ぎたので戻せません。", "It was taken out more than 30 days ago.",
        "モールの画面で扱うか、手で受注を登録してください。", "Handle it at the mall, or enter the order by hand.",
    ),
    "changed_since": text(
        "その後に変更されています。", "It was changed since.", "今の値を見て、手で直してください。",
        "Look at it and change it by hand.",
    ),
    "not_undoable": text(
        "この操作（{verb}）は元に戻せません。", "This act ({verb}) cannot be undone.",
        "外へ出たものは、取下げや訂正をしてください。", "What went outside must be withdrawn or corrected.",
    ),
    "not_open": text(
        "受注が進行中ではありません。", "The order is not open.", "出荷済み・完了・キャンセルの受注ではできません。",
        "Shipped, done and cancelled orders are left alone.",
    ),
    "cause_still_there": text("「{name}」は原因がまだ残っています。", "The cause of {name} is still there.",
                              "原因がなくなると自動で閉じます。承知で進めるときは override を付けてください（管理者）。",
                              "It closes by itself when the cause is gone; to pass it knowingly, an admin uses override."),
    "sums_differ": text("明細の合計は{ours}円、モールの合計は{theirs}円です（差 {yen}円）。",
                        "The parts come to {ours} yen, the mall says {theirs} yen ({yen}).", "", ""),
    "never_passed": text("「{name}」は通せません。", "{name} cannot be passed.",
                         "モールで決まるのを待ってください。決まると自動で進みます。",
                         "Wait until the mall has decided; it goes on by itself then."),
    "batch_not_undoable": text(
        "この一括処理は元に戻せません（{state}）。", "This batch cannot be undone ({state}).",
        "終わるのを待ってください。一度戻したもの、戻す処理そのものは戻せません。",
        "Wait until it is done. What was undone once, and an undo itself, stay.",
    ),
    "act_failed": text(
        "エラーのため処理できませんでした。", "It failed.", "受注を確かめて、一件ずつ行ってください。",
        "Look at the order and do it by itself.",
    ),
    "batch_died": text(
        "処理が3回続けて途切れたので、ここで終えました。", "The batch broke off three times and was ended here.",
        "残りの受注は、少しずつ行ってください。", "Do the remaining orders in smaller sets.",
    ),
    "unknown_action": text(
        "{action} という操作はありません。", "There is no act {action}.", "docs/api.md に一覧があります。",
        "docs/api.md lists them.",
    ),
    "bad_condition": text("条件の {path} が正しくありません: {reason}", "The condition is wrong at {path}: {reason}",
                          "その場所を直してください。", "Mend that place."),
    "number_taken": text("受注番号 {number} はこのショップにあります。", "The shop has an order {number} already.",
                         "別の番号にするか、番号を省いてください。", "Choose another number, or leave it out."),
    # Parcels and shipments.
    "parcel_busy": text(
        "倉庫が扱っている荷物なので変えられません（{state}）。",
        "The parcel cannot be changed: a warehouse has it ({state}).", "先に取下げを依頼してください。",
        "Ask for a withdrawal first.",
    ),
    "nothing_to_split": text(
        "分ける数量が正しくありません。", "The quantities to split off are not possible.",
        "一つ以上、全部よりは少ない数にしてください。", "Take one piece at least, and not all of them.",
    ),
    "no_numbers": text(
        "送り状番号がありません。", "No tracking number is given.", "運送会社と番号を入れてください。",
        "Give carrier and number.",
    ),
    "too_many_numbers": text(
        "送り状番号は20件までです。", "At most 20 tracking numbers.", "荷物を分けてください。", "Split the parcel.",
    ),
    "unknown_carrier": text(
        "知らない運送会社です。", "The carrier is not known.", "一覧にある運送会社を使ってください。",
        "Use one of the listed carriers.",
    ),
    "number_missing": text(
        "この運送会社には送り状番号が要ります。", "This carrier needs a tracking number.", "番号を入れてください。",
        "Give the number.",
    ),
    "number_odd": text(
        "送り状番号として読めません。", "This is no tracking number.",
        "半角の数字と英字で入れてください。", "Use digits and letters.",
    ),
    "number_rounded": text(
        "表計算ソフトで丸められた番号です。", "A spreadsheet has rounded this number.",
        "列を「文字列」にして、もう一度書き出してください。", "Format the column as text and export it again.",
    ),
    "day_ahead": text(
        "出荷日が今日より先です。", "The day of shipping lies ahead.", "出荷した日を入れてください。", "Give the day it was shipped.",
    ),
    "day_odd": text("出荷日が日付ではありません。", "The day of shipping is not a day.", "2026/11/22のように入れてください。",
                    "Write it like 2026/11/22."),
    "order_missing": text("受注番号がありません。", "The order number is missing.", "受注番号を入れてください。", "Give it."),
    "other_numbers": text("別の送り状番号で出荷済みです。", "It was shipped with other numbers.",
                          "直すときは「訂正」を選んでください。", "To correct them, use replace."),
    "no_request": text(
        "取下げ済みの荷物です。", "The parcel was withdrawn.", "もう一度使うには「再開」してください。", "Reopen it first.",
    ),
    "requested_elsewhere": text(
        "別の倉庫に依頼中の荷物です。", "Another warehouse has a request for the parcel.",
        "倉庫の結果を待つか、取下げを依頼してください。", "Wait for its result, or ask for a withdrawal.",
    ),
    "no_warehouse": text("出荷する倉庫が決まっていません。", "No warehouse is chosen.",
                         "受注か商品かショップに倉庫を決めてください。", "Choose one on the order, the product or the shop."),
    "several_warehouses": text("商品ごとに倉庫が違います。", "The products ship from different warehouses.",
                               "荷物を分けるか、倉庫を選んでください。", "Split the parcel or choose a warehouse."),
    "paused": text(
        "倉庫が一時停止中です。", "The warehouse is paused.", "倉庫の設定で再開してください。", "Resume it in its settings.",
    ),
    "not_ours_to_request": text("この倉庫には依頼できません。", "This warehouse takes no requests.",
                                "出荷したら、送り状番号を記録してください。", "Record the shipment when it has left."),
    "no_units": text(
        "出荷する商品がありません。", "There is nothing to ship.", "明細を確かめてください。", "Check the lines.",
    ),
    "nothing_to_withdraw": text(
        "取り下げる依頼がありません。", "There is no request to withdraw.", "荷物の状態を確かめてください。",
        "Check the parcel's state.",
    ),
    # Why an order may not ship now (orders.judging).
    "observing": text(
        "ショップが観察中です。", "The shop only observes.", "本番開始すると進みます。", "It goes on when the shop goes live.",
    ),
    "shipped_meanwhile": text(
        "モールへキャンセルを送る前に商品が出荷されたので、送りませんでした。", "Not sent to the mall: the goods had left before it could.",
        "お客様と相談して返品で受けるか、モールの画面でキャンセルしてください。",
        "Take the goods back as a return, or cancel at the mall's own page.",
    ),
    "requested_meanwhile": text(
        "モールへキャンセルを送る前に倉庫へ出荷を依頼したので、送りませんでした。",
        "Not sent to the mall: a warehouse had been asked to ship before it could.",
        "倉庫に取下げを依頼し、取り下げられたら、もう一度キャンセルしてください。",
        "Ask the warehouse for a withdrawal; once it is withdrawn, cancel again.",
    ),
    "order_deleted": text(
        "取込から外した受注なので、送らずに待っています。", "It waits: its order was taken out of the hub.",
        "受注を戻すと送ります。", "It is sent once the order is taken back.",
    ),
    "order_cancelled": text(
        "ここでは扱わないことにした受注なので、送らずに待っています。", "It waits: its order is not handled here.",
        "受注を戻すと送ります。", "It is sent once the order is handled again.",
    ),
    "waiting": text(
        "待機中です（キャンセル期間）。", "It is in its waiting time.", "時間が過ぎると自動で進みます。",
        "It goes on by itself when the time is over.",
    ),
    "not_ready_to_ship": text(
        "まだ出荷の工程に入っていません。", "It has not come to shipping yet.",
        "受付と入金の確認が済むと進みます。", "It goes on once intake and payment are settled.",
    ),
    "not_judged": text(
        "自動判定を待っています。", "It waits to be judged.", "数秒で自動で進みます。",
        "It goes on by itself within seconds.",
    ),
    "mall_not_read": text(
        "モールの最新の内容を読んでいます。", "The mall is being read again.", "読み終わると自動で進みます。",
        "It goes on by itself once read.",
    ),
    "no_lines": text("商品が入っていません。", "The parcel is empty.", "明細を確かめてください。", "Check the lines."),
    "mall_forbids": text(
        "モールが出荷を止めています: {block}", "The mall forbids shipping: {block}", "{freed_by}", "{freed_by}",
    ),
    "task_holds": text("「{task}」が出荷を止めています。", "{task} holds the shipment.", "{what_to_do}", "{what_to_do}"),
    "not_wanted": text("出荷依頼がまだ希望されていません。", "Nobody has asked to ship it yet.",
                       "ルールで自動にするか、「出荷依頼」を押してください。", "Let a rule want it, or ask for shipment."),
    # Reasons of marks.
    "number_at_mall": text(
        "モールに送り状番号が入っています。", "The mall shows a tracking number.", "二重出荷に注意してください。",
        "Beware of shipping twice.",
    ),
    "cancelled_after_request": text(
        "出荷依頼のあとにモールでキャンセルされました。", "It was cancelled at the mall after the request.",
        "倉庫へ取下げを依頼してください。", "Ask the warehouse for a withdrawal.",
    ),
    "mall_changed": text(
        "編集した項目をモールも変えました。", "The mall changed what was edited here.", "どちらの値を使うか選んでください。",
        "Choose which value to use.",
    ),
    "changed_after_request": text(
        "出荷依頼のあとにモールで届け先が変わりました。", "The address was changed at the mall after the request.",
        "倉庫へ取下げを依頼してください。", "Ask the warehouse for a withdrawal.",
    ),
    "line_added_after_request": text(
        "出荷依頼のあとに明細が増えました。", "A line was added after the request.", "追加の出荷を決めてください。",
        "Decide about a further shipment.",
    ),
    "parcel_added_after_request": text(
        "出荷を進めたあとに、モールで送付先が増えました。", "The mall added a destination after shipping had begun.",
        "増えた送付先の出荷を指示するか決めて、解除してください。",
        "Decide whether the added destination is to be shipped, then release.",
    ),
    "line_moved_after_request": text(
        "出荷依頼のあとに、モールで明細の送付先が変わりました。", "The mall moved a line to another destination after the request.",
        "倉庫へ取下げを依頼してください。", "Ask the warehouse for a withdrawal.",
    ),
    "line_moved": text(
        "モールで明細の送付先が変わったので、荷物を移しました。", "The mall moved a line to another destination, and so did we.",
        "届け先と出荷の指示を確かめて、解除してください。", "Check the address and the wish to ship, then release.",
    ),
    "item_changed_after_request": text(
        "出荷依頼のあとに、モールで明細の商品が変わりました。", "The mall changed the item of a line after the request.",
        "倉庫へ取下げを依頼してください。", "Ask the warehouse for a withdrawal.",
    ),
    "quantity_changed_after_request": text(
        "出荷依頼のあとに数量が変わりました。", "A quantity was changed after the request.",
        "倉庫へ取下げを依頼してください。", "Ask the warehouse for a withdrawal.",
    ),
    "line_gone_after_request": text("出荷依頼のあとに明細がなくなりました。", "A line vanished after the request.",
                                    "倉庫へ取下げを依頼してください。", "Ask the warehouse for a withdrawal."),
    "withdrawn": text(
        "出荷依頼を取り下げました。", "The request was withdrawn.", "出荷し直すときは、解除してから再開してください。",
        "Release and reopen it to ship after all.",
    ),
    "cannot_ship": text(
        "倉庫が出荷できないと答えました。", "The warehouse cannot ship it.", "理由を直して再開してください。",
        "Mend the cause and reopen it.",
    ),
    "short": text(
        "一部だけ出荷されました。", "Only a part was shipped.", "残りの出荷を決めてください。", "Decide about the rest.",
    ),
    "rule_failed": text(
        "ルールがこの受注で失敗しました。", "A rule failed on this order.", "ルールを直すか、手で進めてください。",
        "Mend the rule, or go on by hand.",
    ),
    "rule_changed": text(
        "失敗したルールが止まったか変わったので、判定し直します。", "The rule that failed was switched off or changed; judged again.",
    ),
    "too_many_changes": text(
        "ルールが1日に20回以上この受注を変えました。", "Rules changed this order more than 20 times in a day.",
        "互いに打ち消し合うルールがないか見てください。", "See whether rules undo each other.",
    ),
    # Cancel reasons.
    "customer_cancel": text("お客様都合のキャンセル", "Cancelled by the customer"),
    "customer_other": text("お客様都合（その他）", "Customer, other"),
    "unpaid": text("未入金", "Not paid"),
    "out_of_stock": text("欠品", "Out of stock"),
    "delay": text("出荷遅延", "Delay"),
    "shop_other": text("店舗都合（その他）", "Shop, other"),
}  # fmt: skip
