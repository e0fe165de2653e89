# mypy: ignore-errors
"""Show every template with made-up data, without a database: `python templates/prototype/serve.py PORT`."""

import importlib
import mimetypes
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import django  # noqa: E402
from django.conf import settings  # noqa: E402

settings.configure(
    SECRET_KEY="prototype",
    ROOT_URLCONF="urls",
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    TIME_ZONE="Asia/Tokyo",
    LANGUAGE_CODE="ja",
    LANGUAGES=[("ja", "日本語"), ("en", "English")],
    LOCALE_PATHS=[str(ROOT / "locale")],
    STATIC_URL="/static/",
    INSTALLED_APPS=["django.contrib.staticfiles"],
    FORM_RENDERER="django.forms.renderers.DjangoTemplates",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [str(ROOT / "templates")],
            "OPTIONS": {"libraries": {"hub_ui": "hub.templatetags.hub_ui"}, "string_if_invalid": ""},
        }
    ],
)
django.setup()

from django.template import engines  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django.utils import translation  # noqa: E402

CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        if parts.path.startswith("/static/"):
            return self.static(parts.path.removeprefix("/static/"))
        for name in ("fake", "fake_more"):
            if name in sys.modules:
                importlib.reload(sys.modules[name])
        import fake

        try:
            translation.activate(query.get("lang", "ja"))
            ends = {"peek": "peek", "bulk": "bulk", "address": "address"}
            name = ends.get(parts.path.strip("/").rpartition("/")[2], parts.path.strip("/") or "home")
            template, path, context = fake.page(name, query)
            for engine in engines.all():
                for loader in engine.engine.template_loaders:
                    loader.reset() if hasattr(loader, "reset") else None
            request = RequestFactory().get(path)
            body = engines["django"].get_template(template).render({"request": request, **context}, request).encode()
            status = 200
        except Exception:
            import traceback

            body, status = ("<pre>" + traceback.format_exc().replace("<", "&lt;")).encode(), 500
            traceback.print_exc()
        self.answer(status, body, "text/html; charset=utf-8")

    do_POST = do_GET

    def static(self, name: str) -> None:
        import django_htmx

        for folder in (ROOT / "static", Path(django_htmx.__file__).parent / "static"):
            if (folder / name).is_file():
                return self.answer(200, (folder / name).read_bytes(), mimetypes.guess_type(name)[0] or "text/plain")
        self.answer(404, b"", "text/plain")

    def answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", CSP)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
