"""Label Studio's own Django settings, with a database that nine people may write to at once.

Imported by Django in the frontend environment, with Label Studio's folder on the path.
"""

# While it is being imported, Label Studio's settings module asks Django for settings, and Django
# then looks into this half-imported module: the base names must be here before that.
from core.settings.base import *  # noqa: F403  # pyright: ignore[reportMissingImports]
from core.settings.label_studio import *  # noqa: F403  # pyright: ignore[reportMissingImports]
from core.settings.label_studio import (  # pyright: ignore[reportMissingImports]
    DATABASES,
    DJANGO_DB,
    get_env,
)

# The page asks /heidi-tips/ and Label Studio then asks a host outside; there is no switch for it.
ROOT_URLCONF = "backends.frontend.urls"

# Told to ML backends when no public address is set.
INTERNAL_PORT = get_env("PORT", "8080")

if DJANGO_DB == "sqlite":
    DATABASES["default"]["OPTIONS"] = {
        # Readers never wait for a writer, and a killed server loses nothing it has answered for.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        # A transaction that begins with a read and then writes is refused at once when another one
        # wrote in between, whatever the time-out; taking the lock at its start makes it wait.
        "transaction_mode": "IMMEDIATE",
        # Seconds that a writer waits for another one.
        "timeout": 30,
    }
