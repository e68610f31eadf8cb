"""Label Studio's own Django settings, for nine people at once and with changed pages.

Imported by Django in the frontend environment, with Label Studio's folder on the path.
"""

# While it is being imported, Label Studio's settings module asks Django for settings, and Django
# then looks into this half-imported module: the base names must be here before that.
from importlib.metadata import version
from pathlib import Path

from core.settings.base import *  # noqa: F403  # pyright: ignore[reportMissingImports]
from core.settings.label_studio import *  # noqa: F403  # pyright: ignore[reportMissingImports]
from core.settings.label_studio import (  # pyright: ignore[reportMissingImports]
    AUTHENTICATION_BACKENDS,
    DATABASES,
    DJANGO_DB,
    HOSTNAME,
    INSTALLED_APPS,
    REACT_APP_ROOT,
    get_env,
)

from backends.frontend.editor.changes import changed, declared

# The page asks /heidi-tips/ and Label Studio then asks a host outside; there is no switch for it.
ROOT_URLCONF = "backends.frontend.urls"

# Behind Label Studio's, whose receivers have to be there.
INSTALLED_APPS = [*INSTALLED_APPS, "backends.frontend.apps.Frontend"]

# Behind Django's own, which finds an address by its exact letters.
AUTHENTICATION_BACKENDS = [*AUTHENTICATION_BACKENDS, "backends.frontend.accounts.AnyLetterCase"]

# Served by editor/pages.py. Label Studio's templates put FRONTEND_HOSTNAME before /react-app/ and
# nowhere else; from there webpack's runtime knows where the other files are.
CHANGED_PAGES = changed(declared(), Path(REACT_APP_ROOT))
PAGES_DIGEST = CHANGED_PAGES.digest(version("label-studio"))
FRONTEND_HOSTNAME = f"{HOSTNAME}/editor-{PAGES_DIGEST}"

# A model that needs the annotations too, which none of ours does, gets them by Label Studio's own:
# data_export.serializers.BaseExportDataSerializerForInteractive.
INTERACTIVE_DATA_SERIALIZER = get_env(
    "INTERACTIVE_DATA_SERIALIZER", "backends.frontend.sent.ClickedTask"
)

# Told to ML backends when no public address is set.
INTERNAL_PORT = get_env("PORT", "8080")

# A request takes up its thread's connection, where Django by default opens one and closes it. First
# it asks whether the connection is still there: a database may have been started again.
DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}

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
