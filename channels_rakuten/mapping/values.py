"""Single values: amounts that may be unfixed, instants, days, rates, flags, names and telephone numbers."""

from __future__ import annotations

from datetime import date, datetime

from channels_rakuten import wire
from channels_rakuten.codes import UNFIXED
from channels_rakuten.mapping.payloads import Odd
from orders.channels import Address


def yen(amount: int | None) -> int | None:
    """Return an amount; none while the mall has not fixed it."""
    return None if amount == UNFIXED else amount


def percent(rate: float | None) -> int | None:
    """Return a tax rate in whole percent."""
    return None if rate is None else round(rate * 100)


def flag(value: int | None) -> bool:
    """Return a 0/1 flag; a missing one is no."""
    return value == 1


def instant(text: str | None, path: str) -> datetime | None:
    """Read `2017-10-14T00:00:00+0900`. Raises Odd for anything without an offset."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Odd(path, "wrong_type", expected="datetime", found=text[:40]) from None
    if moment.tzinfo is None:
        raise Odd(path, "wrong_type", expected="datetime", found=text[:40])
    return moment


def day(text: str | None, path: str) -> date | None:
    """Read `2017-10-14`. Raises Odd for anything else."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Odd(path, "wrong_type", expected="date", found=text[:40]) from None


def shown_instant(text: str | None) -> str | None:
    """Write an instant with a colon in its offset, as JSON readers expect; a text of another form stays."""
    if text and len(text) == 24 and text[19] in "+-":
        return f"{text[:22]}:{text[22:]}"
    return text or None


def address(person: wire.Orderer | wire.Sender, email: str = "") -> Address:
    """Join the parts of a name, a postal code and a telephone number."""
    return Address(
        name=joined(" ", person.family_name, person.first_name),
        kana=joined(" ", person.family_name_kana, person.first_name_kana),
        postal_code=joined("-", person.zip_code1, person.zip_code2),
        prefecture=person.prefecture or "",
        city=person.city or "",
        street=person.sub_address or "",
        phone=joined("-", person.phone_number1, person.phone_number2, person.phone_number3),
        email=email,
    )


def joined(between: str, *parts: str | None) -> str:
    """Join the parts that are there."""
    return between.join([part for part in parts if part])
