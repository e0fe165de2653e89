# mypy: ignore-errors
"""The names that templates use, with the paths proposed for them."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path, register_converter

from hub.ids import IdConverter

register_converter(IdConverter, "oid")


def nothing(request: HttpRequest, **_: object) -> HttpResponse:
    return HttpResponse()


def paths(table: str) -> list:
    return [path(where, nothing, name=name) for name, where in (line.split() if len(line.split()) == 2 else (line.strip(), "") for line in table.strip().splitlines())]


HUB = """
home
sign_in sign-in/
sign_out sign-out/
second_factor sign-in/second-factor/
password_reset password/reset/
password_reset_sent password/reset/sent/
search search/
jobs jobs/
switch_tenant tenant/
switch_shop shop/
account account/
second_factor_setup account/second-factor/
settings settings/
outgoing settings/outgoing/
members settings/members/
invite settings/members/invite/
member settings/members/<oid:pk>/
invitation_again settings/invitations/<oid:pk>/again/
invitation_drop settings/invitations/<oid:pk>/drop/
tokens settings/tokens/
token_new settings/tokens/new/
token_revoke settings/tokens/<oid:pk>/revoke/
effects attention/effects/
effect attention/effects/<oid:pk>/
effect_act attention/effects/<oid:pk>/act/
effects_act attention/effects/act/
"""
ORDERS = """
list orders/
bulk orders/bulk/
paste_tracking orders/tracking/
packing_slips orders/packing-slips/
removed orders/removed/
order_new orders/new/
detail orders/<oid:pk>/
peek orders/<oid:pk>/peek/
history orders/<oid:pk>/history/
set_status orders/<oid:pk>/status/
add_tag orders/<oid:pk>/tags/add/
remove_tag orders/<oid:pk>/tags/remove/
set_memo orders/<oid:pk>/memo/
remark_read orders/<oid:pk>/remark-read/
hold orders/<oid:pk>/hold/
release orders/<oid:pk>/release/
record_shipment orders/<oid:pk>/record-shipment/
give_up orders/<oid:pk>/give-up/
take_back orders/<oid:pk>/take-back/
read_again orders/<oid:pk>/read-again/
packing_slip orders/<oid:pk>/packing-slip/
edit_address parcels/<oid:pk>/address/
attention attention/
errors attention/errors/
rejected attention/rejected/<oid:pk>/
shipping shipping/
shops settings/shops/
shop_new settings/shops/new/
shop settings/shops/<oid:pk>/
shop_edit settings/shops/<oid:pk>/edit/
shop_test settings/shops/<oid:pk>/test/
shop_fetch settings/shops/<oid:pk>/fetch/
shop_polling settings/shops/<oid:pk>/polling/
shop_read_from settings/shops/<oid:pk>/read-from/
shop_live settings/shops/<oid:pk>/live/
shop_observe settings/shops/<oid:pk>/observe/
statuses settings/statuses/
statuses_order settings/statuses/order/
status_groups_order settings/statuses/groups/order/
status_new settings/statuses/new/
status_edit settings/statuses/<oid:pk>/
status_group_new settings/statuses/groups/new/
status_group_edit settings/statuses/groups/<oid:pk>/
tags settings/tags/
tags_order settings/tags/order/
tag_new settings/tags/new/
tag_edit settings/tags/<oid:pk>/
tasks settings/tasks/
tasks_order settings/tasks/order/
task_new settings/tasks/new/
task_edit settings/tasks/<oid:pk>/
task_switch settings/tasks/<oid:pk>/switch/
products products/
product_new products/new/
product_edit products/<oid:pk>/
listings products/listings/
listing_map products/listings/<oid:pk>/map/
mall_words settings/mall-words/
"""
WAREHOUSES = """
list settings/warehouses/
new settings/warehouses/new/
edit settings/warehouses/<oid:pk>/
pause settings/warehouses/<oid:pk>/pause/
"""
AUTOMATION = """
rules rules/
rules_order rules/order/
rule_new rules/new/
rule rules/<oid:pk>/
rule_switch rules/<oid:pk>/switch/
group_new rules/groups/new/
group_switch rules/groups/<oid:pk>/switch/
rule_count rules/count/
rule_retire rules/<oid:pk>/retire/
group_edit rules/groups/<oid:pk>/
"""
MAILER = """
messages mail/
message mail/<oid:pk>/
message_again mail/<oid:pk>/again/
compose mail/compose/<oid:pk>/
templates mail/templates/
template mail/templates/<oid:pk>/
template_preview mail/templates/<oid:pk>/preview/
gate mail/gate/<oid:pk>/
template_new mail/templates/new/
template_switch mail/templates/<oid:pk>/switch/
template_retire mail/templates/<oid:pk>/retire/
"""

urlpatterns = [
    path("", include((paths(HUB), "hub"))),
    path("", include((paths(ORDERS), "orders"))),
    path("", include((paths(WAREHOUSES), "warehouses"))),
    path("", include((paths(AUTOMATION), "automation"))),
    path("", include((paths(MAILER), "mailer"))),
    path("language/", nothing, name="set_language"),
]
