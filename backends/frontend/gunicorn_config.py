"""gunicorn's settings that are the same everywhere, and what it does before it makes a worker."""

from typing import Any

# Label Studio takes some eight seconds of CPU to import: done once, workers start at once.
preload_app = True
worker_class = "gthread"

# A predict call may take 100 s inside one request.
timeout = 180
graceful_timeout = 10

# Without query strings: the sign-up link carries the organisation's invitation.
accesslog = "-"
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(L)ss'

# It would be made in the home directory, shared by every gunicorn of this user.
control_socket_disable = True


def when_ready(server: Any) -> None:
    """Load all views before the first worker is made, so that no labeler waits for it."""
    from django.urls import get_resolver  # pyright: ignore[reportMissingImports]

    get_resolver()._populate()


def pre_fork(server: Any, worker: Any) -> None:
    """Close the connections that the import opened: SQLite's must not be shared by processes."""
    from django.db import connections  # pyright: ignore[reportMissingImports]

    connections.close_all()
