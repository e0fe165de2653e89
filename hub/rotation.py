"""Putting every box under the newest key: in batches, tenant by tenant, each batch in a transaction of its own (promise G30).

Safe to be killed anywhere and begun again, because what is under the newest key is passed over; safe beside a running product, because a
value is written only where it still is what was read. Which columns hold boxes stands in `hub.secrets.SEALED`.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from string import Formatter
from typing import Any

from django.apps import apps
from django.db import OperationalError, models, transaction
from django.db.models import BinaryField, Count, F, Func, IntegerField, Value
from django.db.models.functions import Substr

from hub import secrets
from hub.crash import crash
from hub.models import Tenant
from hub.secrets import Sealed, Unreadable
from hub.tenancy import TenantModel, tenant_transaction

BATCH = 200
AGAIN = 3
"""How often a place is gone through anew because the product changed values meanwhile; the count at the end says what is left."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A sealed column of one tenant, or of nobody (`tenant_id` None): what is rotated at a stretch."""

    sealed: Sealed
    tenant_id: int | None

    def __str__(self) -> str:
        return self.table if self.tenant_id is None else f"{self.table}, tenant {self.tenant_id}"

    @property
    def table(self) -> str:
        return f"{self.model._meta.db_table}.{self.sealed.column}"

    @property
    def model(self) -> type[models.Model]:
        return apps.get_model(self.sealed.model)

    def rows(self) -> models.QuerySet[Any]:
        """Return the rows; inside `transaction()`."""
        found: models.QuerySet[Any] = self.model._default_manager.all()
        return found

    def full(self) -> models.QuerySet[Any]:
        """Return the rows of a plain column whose box is not empty."""
        return self.rows().exclude(**{self.sealed.column: b""})

    def older(self) -> models.QuerySet[Any]:
        """Return the rows that may hold a box of an older key."""
        if self.sealed.inside:
            return self.rows()
        label = secrets.label_of(secrets.newest_key_id())
        start = Substr(F(self.sealed.column), 1, len(label), output_field=BinaryField())
        return self.full().annotate(start=start).exclude(start=label)

    def transaction(self) -> AbstractContextManager[Any]:
        return transaction.atomic(durable=True) if self.tenant_id is None else tenant_transaction(self.tenant_id)


@dataclass(kw_only=True)
class Turn:
    """What going through a place did. `beaten`: how many were changed by others meanwhile; `lost`: id → why its box cannot be opened."""

    resealed: int = 0
    beaten: int = 0
    lost: dict[int, str] = field(default_factory=dict)


def places() -> Iterator[Place]:
    """Yield every place there is now, tenant by tenant, suspended ones too."""
    of_tenants = [one for one in secrets.SEALED if issubclass(apps.get_model(one.model), TenantModel)]
    for tenant_id in Tenant.objects.order_by("pk").values_list("pk", flat=True):
        yield from (Place(sealed=sealed, tenant_id=tenant_id) for sealed in of_tenants)
    yield from (Place(sealed=sealed, tenant_id=None) for sealed in secrets.SEALED if sealed not in of_tenants)


NO_KEY = "?"
"""Counted for what is no box at all."""


def count_keys(place: Place) -> Counter[str]:
    """Count the boxes of a place by the id of their key."""
    column = place.sealed.column
    with place.transaction():
        if place.sealed.inside:
            return Counter(
                _key_of(box)
                for value in place.rows().values_list(column, flat=True)
                for box in _boxes(place.sealed, value)
            )
        labels = place.full().annotate(label=_label(column)).values_list("label").annotate(n=Count("pk")).order_by()
        found: Counter[str] = Counter()
        for label, n in labels:
            found[_key_of(bytes(label))] += n
        return found


def find_unknown(place: Place) -> dict[int, str]:
    """Return the ids of rows whose key is not in the ring, each with the reason. Opens and changes nothing."""
    known = secrets.key_ids()
    lost: dict[int, str] = {}
    for ids in _batches(place, BATCH):
        with place.transaction():
            rows = place.rows().filter(pk__in=ids)
            if place.sealed.inside:
                found = [
                    (pk, [*map(_key_of, _boxes(place.sealed, held))])
                    for pk, held in rows.values_list("pk", place.sealed.column)
                ]
            else:
                found = [
                    (pk, [_key_of(bytes(label))]) for pk, label in rows.values_list("pk", _label(place.sealed.column))
                ]
        lost.update({pk: secrets.no_key(key_id) for pk, keys in found for key_id in keys if key_id not in known})
    return lost


def rotate(place: Place, *, size: int = BATCH, tell: Callable[[int], None] = lambda done: None) -> Turn:
    """Seal everything of a place that is under an older key anew. `tell` hears after each batch how many were."""
    turn = Turn()
    for _ in range(AGAIN):
        turn.beaten = 0
        for ids in _batches(place, size):
            try:
                with place.transaction():
                    resealed, beaten = _rotate_batch(place, ids, turn.lost)
                    crash("rotation.before_commit")
            except OperationalError as error:
                if not _is_about_locks(error):
                    raise
                resealed, beaten = 0, len(ids)
            crash("rotation.after_commit")
            turn.resealed += resealed
            turn.beaten += beaten
            tell(turn.resealed)
        if not turn.beaten:
            break
    return turn


def _is_about_locks(error: OperationalError) -> bool:
    """Say whether the product held a row for longer than a statement waits, or waited for one of ours while we did for its."""
    return getattr(error.__cause__, "sqlstate", "") in ("55P03", "40P01")


def _batches(place: Place, size: int) -> Iterator[list[int]]:
    """Yield the ids of the rows that may hold a box of an older key, in order."""
    last = 0
    while True:
        with place.transaction():
            ids = list(place.older().filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size])
        if not ids:
            return
        yield ids
        last = ids[-1]


def _rotate_batch(place: Place, ids: list[int], lost: dict[int, str]) -> tuple[int, int]:
    """Seal these rows anew; return how many were, and in how many somebody has written another value since, which stays."""
    sealed = place.sealed
    bound = [name for _, name, _, _ in Formatter().parse(sealed.owner) if name and name != "pk"]
    resealed = beaten = 0
    for row in list(place.rows().filter(pk__in=ids).order_by("pk").values("pk", sealed.column, *bound)):
        old = row[sealed.column]
        try:
            new = _anew(sealed, old, owner=sealed.owner.format(**row))
        except Unreadable as error:
            lost[row["pk"]] = str(error)
            continue
        if new == old:
            continue
        if place.rows().filter(pk=row["pk"], **{sealed.column: old}).update(**{sealed.column: new}):
            resealed += 1
        else:
            beaten += 1
    return resealed, beaten


# One value: a box, or a JSON object with boxes inside.


def _boxes(sealed: Sealed, value: Any) -> Iterator[bytes]:
    if not sealed.inside:
        yield from [bytes(value)] if value else []
    else:
        for name in sealed.inside:
            held = value.get(name, [])
            yield from (_untold(text) for text in ([held] if isinstance(held, str) else held))


def _anew(sealed: Sealed, value: Any, *, owner: str) -> Any:
    """Return the value with every box in it under the newest key. Raises Unreadable."""
    if not sealed.inside:
        return secrets.reseal(value, owner=owner) if value else value

    def text_anew(text: str) -> str:
        return b64encode(secrets.reseal(_untold(text), owner=owner)).decode()

    changed = {
        name: text_anew(held) if isinstance(held, str) else [text_anew(text) for text in held]
        for name, held in value.items()
        if name in sealed.inside
    }
    return {**value, **changed}


def _untold(text: str) -> bytes:
    """Return the box that stands as text; what is none is an empty one, which nothing opens."""
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""


def _key_of(box: bytes) -> str:
    try:
        return secrets.key_id_of(box)
    except Unreadable:
        return NO_KEY


def _label(column: str) -> Substr:
    """The first bytes of a box, which name its key: a length and that many letters. Reads no more of a large value than these."""
    first = Substr(F(column), 1, 1, output_field=BinaryField())
    size = Func(first, Value(0), function="get_byte", output_field=IntegerField())
    return Substr(F(column), 1, size + 1, output_field=BinaryField())
