"""Commands that the contract names and that a later delivery fills: they say so and never end well."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from hub.models import System, Tenant


def test_verify_audit_says_that_nothing_was_verified(tenant: Tenant) -> None:
    out = StringIO()
    with pytest.raises(
        CommandError, match=r"nothing was verified: .* not sealed yet.*compare every entry with its seal"
    ):
        call_command("verify_audit", stdout=out)
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    "option", [{"lane": "shop:12"}, {"kind": "mail.send"}, {"lane": "shop:12", "kind": "mall.report"}]
)
def test_outgoing_of_a_lane_or_a_kind_is_refused_and_switches_nothing(tenant: Tenant, option: dict[str, str]) -> None:
    before = list(System.objects.values())
    with pytest.raises(CommandError, match=r"nothing was switched: .*only the installation and a tenant"):
        call_command("outgoing", "off", tenant=tenant.pk, **option, stdout=StringIO())

    tenant.refresh_from_db()
    assert tenant.outgoing
    assert list(System.objects.values()) == before
