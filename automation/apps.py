"""Rules: when they look, what they do, why they did."""

from django.apps import AppConfig


class AutomationConfig(AppConfig):
    name = "automation"
