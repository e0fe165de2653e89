"""The house around the product: every setting is listed, the words that code must not contain are found, compose parses."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
READ = re.compile(
    r"""(?:env\.\w+|reading\.\w+|required|environ\.get|environ\.setdefault)\(\s*"([A-Z][A-Z_]+)"|environ\["([A-Z][A-Z_]+)"\]"""
)
INTERNAL = {"DJANGO_SETTINGS_MODULE", "HUB_AS_OWNER", "HUB_CRASH", "HUB_PROCESS"}
"""Set by our own programs for the processes they start; nobody sets them by hand."""


def names_read() -> set[str]:
    files = [
        path
        for path in ROOT.glob("*/**/*.py")
        if path.parts[len(ROOT.parts)] in {"hub", "orders", "warehouses", "mailer"}
    ]
    return {one or two for path in files for one, two in READ.findall(path.read_text())} - INTERNAL


def settings_listed() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_every_setting_that_is_read_is_listed_with_its_meaning() -> None:
    assert sorted(names_read() - settings_listed()) == []
    assert "DATABASE_URL" in names_read()


FORBIDDEN = [
    ("orders/views.py", "task.apply_async(countdown=5)", "countdown="),
    ("orders/views.py", "self.retry()", ".retry("),
    ("orders/views.py", "Order._base_manager.all()", "_base_manager"),
    ("orders/views.py", "connection.cursor()", ".cursor("),
    ("orders/views.py", "import requests", "import requests"),
    ("orders/views.py", "client(verify=False)", "verify=False"),
    ("orders/views.py", "now = datetime.now(UTC)", "datetime.now()"),
    ("orders/views.py", "mark_safe(text)", "mark_safe"),
    ("orders/views.py", "Order.objects.filter(number__startswith=text)", "number__startswith"),
    ("orders/queries/pages.py", "cursor.execute('SET app.tenant_id = 1')", "SET without LOCAL"),
]
ALLOWED = [
    ("orders/queries/pages.py", "connection.cursor().execute('SET LOCAL app.tenant_id = 1')"),
    ("hub/http.py", "import httpx"),
    ("hub/clock.py", "datetime.now(UTC)"),
    ("orders/views.py", "text.startswith('a')"),
]


@pytest.fixture(scope="module")
def conventions() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / ".ci" / "conventions.py"))


@pytest.mark.parametrize(("path", "line", "said"), FORBIDDEN)
def test_forbidden_words_are_found(conventions: dict[str, Any], path: str, line: str, said: str) -> None:
    found = list(conventions["in_python"](path, line))

    assert [one.why.startswith(said) for one in found] == [True]
    assert (found[0].path, found[0].line) == (path, 1)


@pytest.mark.parametrize(("path", "line"), ALLOWED)
def test_ordinary_words_are_not(conventions: dict[str, Any], path: str, line: str) -> None:
    assert list(conventions["in_python"](path, line)) == []


def test_templates_and_scripts_cannot_make_strangers_text_live(conventions: dict[str, Any]) -> None:
    in_text = conventions["in_text"]

    assert len(list(in_text("a.html", "{{ memo|safe }}\n<a onclick='x()'>", conventions["TEMPLATE_WORDS"]))) == 2
    assert len(list(in_text("a.js", "box.innerHTML = text", conventions["SCRIPT_WORDS"]))) == 1


def test_compose_runs_the_product_as_an_ordinary_role() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    assert set(services) == {"web", "worker", "beat", "migrate", "postgres", "valkey"}
    for name in ("web", "worker", "beat"):
        environment = services[name]["environment"]
        assert environment["DATABASE_URL"].startswith("postgresql://hub_app:")
        secrets = ("OWNER_DATABASE_URL", "ADMIN_DATABASE_URL", "HUB_OWNER_PASSWORD", "POSTGRES_PASSWORD")
        assert [environment[secret] for secret in secrets] == ["", "", "", ""]
        assert services[name]["stop_grace_period"] == "35s"
    assert services["worker"]["environment"]["REMAP_SIGTERM"] == "SIGQUIT"


def test_example_names_what_compose_asks_for() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))

    assert asked == {"HUB_APP_PASSWORD", "HUB_OWNER_PASSWORD", "POSTGRES_PASSWORD", "VALKEY_PASSWORD", "BIND", "PORT"}
    assert asked <= settings_listed()
