"""What templates/vm/compose.yml is told on this machine. Nothing of it is secret."""

from __future__ import annotations

import hashlib

from laptop.credentials import ADMIN
from laptop.docker.images import reference
from laptop.docker.settings import BUILD_ARGUMENTS, DockerSettings
from laptop.settings import HOST, ROOT

CADDYFILE = ROOT / "templates/laptop/Caddyfile"


def variables(settings: DockerSettings) -> dict[str, str]:
    """Given as variables and in no file: nothing has to be quoted, and nothing can be stale."""
    return {
        "ATELIER_URL": settings.url,
        "PUBLIC_HOST": HOST,
        "PUBLISH_ADDRESS": HOST,
        "WEB_PORT": str(settings.port),
        "ADMIN_EMAIL": ADMIN,
        "RUN_AS": f"{settings.user}:{settings.group}",
        "DATA_DIR": str(settings.folder),
        "SECRETS_DIR": str(settings.secrets_dir),
        "GOOGLE_DIR": str(settings.google_dir),
        "PROJECT_DIR": str(settings.project_dir),
        "PROJECT_FILE": settings.project_file,
        "CADDYFILE": str(settings.caddyfile),
        # A container goes on with the file that it was started with.
        "CADDYFILE_HASH": hashlib.sha256(CADDYFILE.read_bytes()).hexdigest()[:16],
        **{f"{name.upper()}_IMAGE": reference(name) for name in BUILD_ARGUMENTS},
    }
