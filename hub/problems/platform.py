"""Words for what the API itself refuses, and for members, invitations and tokens."""

from __future__ import annotations

from collections.abc import Mapping

from hub.problems.texts import Text, text

TEXTS: Mapping[str, Text] = {
    # The call.
    "not_signed_in": text(
        "トークンがないか、無効です。", "The token is missing or not valid.",
        "Authorization: Bearer hub_… の形で、有効なトークンを送ってください。",
        "Send a valid token as Authorization: Bearer hub_….",
    ),
    "token_in_url": text("トークンをURLに入れないでください。", "Tokens are not accepted in the address.",
                         "トークンは漏れたものとして作り直し、Authorizationヘッダーで送ってください。",
                         "Treat that token as leaked: make a new one and send it in the Authorization header."),
    "scope_needed": text(
        "この操作には権限 {scope} が要ります。", "This needs the scope {scope}.",
        "設定の「APIトークン」で、この権限を持つトークンを作ってください。",
        "Make a token with this scope under Settings, API tokens.",
    ),
    "form_too_old": text(
        "この画面は古くなりました。何も変わっていません。", "This page has grown old. Nothing was changed.",
        "戻って読み込み直し、もう一度お試しください。別のタブで会社を切り替えたときにも、こうなります。",
        "Go back, reload it and try again. Switching to another company in another tab does this too.",
    ),
    "only_by_button": text(
        "このアドレスは、そのままでは開けません。何も変わっていません。", "This address cannot be opened as it is. Nothing was changed.",
        "画面のボタンを押したときにだけ使うアドレスです。戻って、ボタンからもう一度お試しください。",
        "Only a button on a page uses it. Go back and try again with the button.",
    ),
    "role_needed": text("この操作には {role} の権限が要ります。", "This needs the role {role}.",
                        "オーナーか管理者に頼んでください。", "Ask an owner or admin."),
    "not_found": text("見つかりません。", "Not found.", "IDとURLを確かめてください。", "Check the id and the address."),
    "method_not_allowed": text("{method} は使えません。", "{method} is not allowed here.",
                               "使えるメソッドはAllowヘッダーにあります。", "The Allow header lists what is."),
    "not_acceptable": text("この形式では返せません。", "This cannot be answered in the format asked for.",
                           "Accept: application/json にしてください。", "Use Accept: application/json."),
    "not_json": text("本文の形式が application/json ではありません。", "The body is not application/json.",
                     "Content-Type: application/json で送ってください。", "Send Content-Type: application/json."),
    "malformed_json": text("JSONとして読めません: {reason}", "This is not valid JSON: {reason}",
                           "{line}行{column}字目の前後を直してください。", "Mend it near line {line}, column {column}."),
    "duplicate_key": text("JSONに同じ項目が二つあります: {key}", "The JSON holds the same key twice: {key}",
                          "項目を一つにしてください。", "Keep one of them."),
    "too_deep": text("JSONの入れ子が深すぎます（{limit}段まで）。", "The JSON is nested too deeply (at most {limit}).",
                     "入れ子を減らしてください。", "Nest less."),
    "too_large": text("本文が大きすぎます（{limit}まで）。", "The body is too large (at most {limit}).",
                      "何回かに分けて送ってください。", "Send it in parts."),
    "bad_character": text(
        "使えない文字（制御文字）があります。", "There is a character that cannot be stored (a control character).",
        "その文字を取り除いてください。", "Take it out.",
    ),
    "invalid": text(
        "値が正しくありません。", "A value is not valid.", "errors の各項目を直してください。", "Mend what errors lists.",
    ),
    "invalid_value": text("値が正しくありません。", "The value is not valid.",
                          "「{detail}」のとおりに書いてください。", "Write it as {detail}."),
    "unknown_field": text("{name} という項目はありません。", "There is no field {name}.",
                          "項目名を確かめてください。使えるのは {known} です。", "Check the name. Known are {known}."),
    "bad_cursor": text(
        "続きを示す値が正しくありません。", "The cursor is not one of ours.",
        "next の値をそのまま渡すか、先頭から読み直してください。", "Pass next as it was given, or begin again.",
    ),
    "not_with_after": text(
        "after と {name} は一緒に使えません。", "{name} does not go with after.",
        "変更の読み取りは全件です。読んだあとで絞り込んでください。",
        "The feed holds every change: narrow down what you have read.",
    ),
    "feed_restarted": text(
        "データが復元されたため、続きから読めません。", "The data was restored, so the feed cannot go on from here.",
        "after を空にして、最初から読み直してください。", "Begin again with an empty after.",
    ),
    "not_an_id": text(
        "IDではありません。", "This is not an id.", "APIが返したIDをそのまま使ってください。",
        "Use ids as the API gave them.",
    ),
    "key_needed": text("Idempotency-Key ヘッダーが要ります。", "An Idempotency-Key header is needed.",
                       "操作ごとに新しいUUIDを作って送り、送り直すときは同じ値を使ってください。",
                       "Send a new UUID for each act, and the same one when you send it again."),
    "bad_key": text(
        "Idempotency-Key は1〜200文字の英数字と記号にしてください。",
        "An Idempotency-Key is 1 to 200 printable ASCII characters.", "UUIDをお勧めします。", "A UUID does well.",
    ),
    "key_running": text(
        "同じ Idempotency-Key の操作が進行中です。", "A call with the same Idempotency-Key is still running.",
        "数秒おいて、同じ内容で送り直してください。", "Wait a few seconds and send the same again.",
    ),
    "key_reused": text(
        "この Idempotency-Key は別の内容で使われています。", "This Idempotency-Key was used for another request.",
        "新しい操作には新しいキーを使ってください。", "Use a new key for a new act.",
    ),
    "match_needed": text("If-Match ヘッダーに受注の revision が要ります。", "If-Match with the order's revision is needed.",
                         "受注を読み、その revision を If-Match: \"12\" のように送ってください。",
                         "Read the order and send its revision, as in If-Match: \"12\"."),
    "bad_match": text("If-Match が正しくありません。", "If-Match is not valid.",
                      "読んだときの ETag をそのまま送ってください。", "Send the ETag as you read it."),
    "stale": text(
        "ほかの人が先に変更しました。", "Someone changed this meanwhile.",
        "今の値（theirs）を見て、もう一度変更してください。", "Look at what stands now (theirs) and change it again.",
    ),
    "too_many_calls": text("呼び出しが多すぎます（毎秒{limit}回まで）。", "Too many calls (at most {limit} a second).",
                           "Retry-After の秒数だけ待ってください。", "Wait for as long as Retry-After says."),
    "busy": text("ほかの処理がこの行を使っています。", "Another act is working on this row.",
                 "少し待って送り直してください。", "Wait a moment and send it again."),
    "not_ready": text("この機能はまだ使えません（{due}）。", "This is not ready yet ({due}).",
                      "docs/api.md の表に予定があります。", "The table in docs/api.md says when it is due."),
    "outside_down": text("相手（{counterpart}）が応答しません。", "The other side ({counterpart}) does not answer.",
                         "しばらくして、もう一度試してください。", "Try again in a while."),
    "server_error": text(
        "内部でエラーが起きました。変更は保存されていません。", "Something went wrong here. Nothing was changed.",
        "時間をおいて送り直し、続くときはこのIDを添えて知らせてください: {id}",
        "Send it again later; if it goes on, tell us this id: {id}",
    ),
    "required": text("この項目は必須です。", "This field is required.", "値を入れてください。", "Give a value."),
    "too_many_orders": text(
        "一度に扱えるのは{limit}件までです。", "At most {limit} orders at once.",
        "分けて送るか、condition でまとめて指定してください。", "Send them in parts, or name them by a condition.",
    ),
    # Members, invitations, tokens.
    "last_owner": text("最後のオーナーは外せません。", "The last owner cannot be taken away.",
                       "先に別の人をオーナーにしてください。", "Make someone else an owner first."),
    "owner_only": text("オーナーの権限を変えられるのはオーナーだけです。", "Only an owner may change who is an owner.",
                       "オーナーに頼んでください。", "Ask an owner."),
    "already_member": text(
        "{email} はすでにメンバーです。", "{email} is a member already.", "権限はメンバー一覧で変えられます。",
        "Change the role in the list.",
    ),
    "invitation_over": text("この招待は使えません（期限切れか使用済み）。", "This invitation is over (expired or used).",
                            "もう一度招待してもらってください。", "Ask to be invited again."),
    "other_address": text("この招待は別のメールアドレス宛てです。", "This invitation is for another address.",
                          "招待されたアドレスでサインインしてください。", "Sign in with the address that was invited."),
    "unknown_scope": text(
        "{scope} という権限はありません。", "There is no scope {scope}.", "使えるのは {known} です。", "Known are {known}.",
    ),
    "no_scopes": text(
        "権限が一つも選ばれていません。", "No scope is chosen.", "一つ以上選んでください。", "Choose at least one.",
    ),
    "token_life": text("有効期限は明日から{days}日後までにしてください。", "A token lives from one day to {days} days.",
                       "期限を決め直してください。", "Choose another end."),
    "token_revoked": text(
        "このトークンは取り消されています。", "This token has been revoked.", "新しいトークンを作ってください。",
        "Make a new one.",
    ),
    # Rows of settings.
    "name_taken": text(
        "「{name}」はすでに使われています。", "{name} is in use already.",
        "別の名前にするか、使わなくなったものなら戻してください。", "Choose another name, or bring the retired one back.",
    ),
    "retired": text("「{name}」は使わなくなったものです。", "{name} is no longer in use.",
                    "戻してから使うか、別のものを選んでください。", "Bring it back first, or choose another."),
    "system_row": text(
        "「{name}」は製品が使うもので、変えたり消したりできません。", "{name} belongs to the product and cannot be changed.",
        "同じ働きのものを自分で作れます。", "You can make one of your own.",
    ),
    "still_used": text("「{name}」は使われています: {users}", "{name} is in use: {users}",
                       "先にそちらを変えてください。", "Change those first."),
    "other_rows": text("並べ替える一覧が今のものと違います。", "The list to put in order is not the one that stands now.",
                       "読み直してから、並べ替えてください。", "Read it again and put it in order."),
}  # fmt: skip
