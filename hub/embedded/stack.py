"""Both embedded services together: start them, tell their addresses, stop them."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from hub.embedded import postgres, valkey
from hub.embedded.state import State

DATABASE = "hub"
ROLES_MADE = "roles_made"
ROLES_VERSION = "1"
"""To be raised when `roles.py` changes what a role may do: clusters made before are then brought up to date."""


@dataclass(frozen=True)
class Urls:
    """The addresses of the running services."""

    database_url: str
    """As hub_app: what the product runs as."""
    owner_database_url: str
    """As hub_owner: for migrations and the set-up of tests."""
    admin_url: str
    """As superuser: for nothing but making roles."""
    redis_url: str


def ensure(state_dir: str | Path | None = None, *, durable: bool = True) -> Urls:
    """Start what is not running, wait until it answers, and return the addresses. Safe to call from many processes at once."""
    state = State.at(state_dir)
    admin_url, app_url, owner_url = ensure_postgres(state, durable=durable)
    return Urls(app_url, owner_url, admin_url, valkey.running(state) or valkey.start(state))


def ensure_postgres(state: State, *, durable: bool = True) -> tuple[str, str, str]:
    """Return the addresses of the private PostgreSQL as superuser, as hub_app and as hub_owner."""
    cluster = postgres.running(state) or postgres.start(state, durable=durable)
    made = f"{ROLES_MADE}_{cluster.major}"
    if state.recall(made) != ROLES_VERSION:
        from hub.embedded import roles  # slow import, and needed at the first start only

        with state.locked("roles"):
            passwords = {name: state.keep(f"{name}_password") for name in (roles.OWNER, roles.APP)}
            roles.make_roles(cluster.url, database=DATABASE, passwords=passwords, may_create_databases=True)
            state.write(made, ROLES_VERSION)
    place = cluster.url.rpartition("@")[2].rpartition("/")[0]

    def address(role: str) -> str:
        return f"postgresql://{role}:{quote(state.keep(f'{role}_password'), safe='')}@{place}/{DATABASE}"

    return cluster.url, address("hub_app"), address("hub_owner")


def status(state_dir: str | Path | None = None) -> dict[str, str]:
    """Return the state folder and what runs in it, without passwords."""
    state = State.at(state_dir)
    cluster, address = postgres.running(state), valkey.running(state)
    return {
        "state": str(state.folder),
        "postgres": f"version {cluster.major} on port {cluster.port}" if cluster else "stopped",
        "valkey": f"on port {address.rpartition(':')[2].partition('/')[0]}" if address else "stopped",
        "used": "yes" if state.is_used() else "no",
    }


def stop(state_dir: str | Path | None = None, *, unless_used: bool = False) -> bool:
    """Stop both services and wait until they are gone. With `unless_used`, leave them where another process needs them."""
    state = State.at(state_dir)
    if unless_used and state.is_used():
        return False
    valkey.stop(state)
    postgres.stop(state)
    return True
