"""The edge of the REST API: tokens and scopes, problem+json, idempotency keys, cursors, and the base of every view.

Each app's own paths are in its `api/`; `hub/conf/api_urls.py` lists them all. `views.py` is not imported here: Django REST framework
reads the names below while it loads its own.
"""

from hub.api.auth import HasScope, TokenAuthentication
from hub.api.parsing import StrictJSONParser
from hub.api.problems import problem
from hub.api.rendering import FastJSONRenderer

__all__ = ["FastJSONRenderer", "HasScope", "StrictJSONParser", "TokenAuthentication", "problem"]
