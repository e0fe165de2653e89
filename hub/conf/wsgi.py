"""The web process's entry: refuses a database role that the fences do not bind, then serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.conf.settings")

application = get_wsgi_application()

from hub.checks import refuse_exempt_role  # noqa: E402  (needs Django set up)

refuse_exempt_role()
