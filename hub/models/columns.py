"""What columns of several models share: PostgreSQL's transaction id, and the CHECK of a list of states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    _Field = models.Field[str, str]
else:
    _Field = models.Field


class Xid8Field(_Field):
    """PostgreSQL's 64-bit transaction id, as text. Filled by the database; orders entries without gaps (`hub/changes.py`)."""

    def db_type(self, connection: object) -> str:
        return "xid8"


class CurrentXid(models.Func):
    function = "pg_current_xact_id"
    template = "%(function)s()"
    output_field = Xid8Field()


def one_of(field: str, values: type[models.TextChoices], name: str) -> models.CheckConstraint:
    """Return the CHECK that keeps a text state inside its list."""
    return models.CheckConstraint(condition=Q(**{f"{field}__in": values.values}), name=name)
