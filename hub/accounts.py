"""How allauth meets our accounts: nobody signs up by themselves, people are invited."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  (allauth ships no types)
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
