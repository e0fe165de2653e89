"""Whether an address that a tenant's name led to is on the public internet, and nowhere else (promise G33)."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

_GIVEN_OUT = IPv6Network("2000::/3")
"""All of IPv6 that is routed between providers: no NAT64, no addresses of IPv4 in another coat, no site, link or group."""

_OF_PROTOCOLS = IPv4Network("192.0.0.0/24")


def is_public(address: str) -> bool:
    """Say whether connecting to this address can reach nothing but a machine on the public internet."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and (found not in _GIVEN_OUT or found.sixtofour or found.teredo):
        return False
    if found in _OF_PROTOCOLS:
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved
