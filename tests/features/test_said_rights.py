"""Rights: papers with names ask for the second factor once a day, exports anew; the packing table sees no exports and foreign ids are nobody's."""

from __future__ import annotations

import time

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client

from hub.ids import encode
from hub.models import Tenant, User
from hub.tenancy import tenant_transaction
from tests.orders.making import make_order, make_shop
from tests.pages import browser, make_member, signed_in

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HOUR = 3600


def with_factor(tenant: Tenant, role: str) -> Client:
    """Return a browser of a member who has just given a second factor."""
    cache.clear()
    member = make_member(tenant, role)
    TOTP.activate(User.objects.get(pk=member.user_id), SECRET)
    client = signed_in(member)
    code = format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))
    client.get("/orders/csv/" if role != "packing" else "/orders/packing-slips/")
    client.post("/sign-in/second-factor/again/", {"code": code})
    return client


def age(client: Client, seconds: int) -> None:
    """Let the factor have been given so much earlier."""
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {**record, "at": record["at"] - seconds} for record in session[AUTHENTICATION_METHODS_SESSION_KEY]
    ]
    session.save()


@pytest.mark.feature("N06")
def test_slips_ask_once_a_day_and_exports_anew(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(make_shop())
    slips = f"/orders/{encode(order.pk)}/packing-slip/"
    packing, staff = with_factor(tenant, "packing"), with_factor(tenant, "staff")
    asked = []

    for hours in (0, 23, 2):
        age(packing, hours * HOUR)
        asked.append(packing.get(slips).status_code)
    exported = [staff.get("/orders/csv/").status_code]
    age(staff, HOUR)
    exported.append(staff.get("/orders/csv/").status_code)

    assert asked == [200, 200, 302]
    assert exported == [200, 302]


@pytest.mark.feature("N06")
def test_the_packing_table_needs_no_phone_for_its_work_and_sees_no_export(tenant: Tenant) -> None:
    with tenant_transaction(tenant.pk):
        order = make_order(make_shop())
    client = browser(tenant, "packing")

    page = client.get("/orders/").content.decode()

    assert client.get(f"/orders/{encode(order.pk)}/").status_code == 200
    assert client.get("/orders/tracking/").status_code == 200
    assert client.get("/orders/csv/").status_code == 403
    assert "/orders/csv/" not in page
