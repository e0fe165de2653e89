"""Rows that hold for the whole installation: its switches, and the business clock of demo, journey and practice."""

from __future__ import annotations

from django.db import models


class Clock(models.Model):
    """At most one row: business time for the demo, the journey and practice (`hub/clock.py`)."""

    real_start = models.DateTimeField()
    business_start = models.DateTimeField()
    speed = models.FloatField()

    def __str__(self) -> str:
        return f"{self.business_start} x{self.speed}"


class System(models.Model):
    """One row of switches that hold for every tenant."""

    outgoing = models.BooleanField(default=True)
    outgoing_reason = models.TextField(default="")
    outgoing_changed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return "on" if self.outgoing else "off"
