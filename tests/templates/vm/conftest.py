"""The machine's scripts, run for real in a root folder of their own, with a metadata server."""

import base64
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.render.metadata import static
from infra.render.proxy import caddyfile
from tests.infra.render.scenarios import load
from tests.templates.vm.metadata_server import Metadata, serving

ROOT = Path(__file__).parents[3]
VM = ROOT / "templates" / "vm"
KEY = '{"type": "service_account", "private_key": "stand-in"}'
PASSWORD = "correct $horse 'battery"
SECRET = "projects/1/secrets/atelier-dev-admin-password/versions"
DIGEST = "sha256:" + "1" * 64


class Machine:
    """A root folder, and the functions of one of the scripts to run in it."""

    def __init__(self, root: Path, metadata: Metadata) -> None:
        self.root = root
        self.metadata = metadata
        self.state = root / "opt/atelier"
        self.data = root / "srv/atelier"
        self.state.mkdir(parents=True)
        self.bin = root / "bin"
        self.bin.mkdir()

    def program(self, name: str, text: str) -> None:
        """Put a program before all others of its name."""
        file = self.bin / name
        file.write_text("#!/usr/bin/env bash\n" + text)
        file.chmod(0o755)

    def run(
        self,
        commands: str,
        script: str = "startup.sh",
        before: tuple[str, ...] = (),
        status: int = 0,
    ) -> str:
        """Run commands after a script's functions are read; returns what they say, both streams.

        Args:
            commands: bash, in the strict mode of the scripts.
            script: Whose functions.
            before: A program that runs bash, such as unshare and its options.
            status: What it has to end with.
        """
        text = f'set -euo pipefail; . "{VM / script}"; {commands}'
        done = subprocess.run(
            [*before, "bash", "-c", text],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
            env={
                "PATH": f"{self.bin}:{os.environ['PATH']}:/usr/sbin:/sbin",
                "HOME": os.environ.get("HOME", "/"),
                "METADATA_URL": self.metadata.url,
                "SECRETS_URL": self.metadata.url.removesuffix("/computeMetadata/v1"),
                "STORAGE_URL": self.metadata.url.removesuffix("/computeMetadata/v1"),
                "SECRET_TRIES": "2",
                "SECRET_PAUSE": "0",
                "ATELIER_ROOT": str(self.root),
                "CONTAINER_ID": str(os.getuid()),
            },
        )
        assert done.returncode == status, done.stdout
        return done.stdout


@contextmanager
def served() -> Generator[Metadata]:
    """Serve a whole stack's metadata and its secrets."""
    stack = load({"tls": "address", "auth": "key"})
    attributes = static(stack) | {
        "atelier-caddyfile": caddyfile(stack, address="203.0.113.7"),
        "atelier-env": (
            "ATELIER_URL=https://203.0.113.7\nADMIN_EMAIL=anna@example.org\nAUTH_MODE=key\n"
            f"ADMIN_PASSWORD_SECRET={SECRET}/1\n"
            "GPU=false\nREGISTRY_HOSTS=europe-west1-docker.pkg.dev\nSOURCE_BUCKET=images\n"
        ),
        "atelier-images": "".join(
            f"{name}_IMAGE=registry.example/{name.lower()}@{DIGEST}\n"
            for name in ("FRONTEND", "SEGMENTATION", "SEGMENT_ANYTHING_MODEL")
        ),
        "GOOGLE_APPLICATION_CREDENTIALS_BASE64": base64.b64encode(KEY.encode()).decode(),
    }
    with serving(attributes) as server:
        server.secrets = {f"{SECRET}/1": PASSWORD, f"{SECRET}/2": "another-one"}
        yield server


@pytest.fixture
def metadata() -> Generator[Metadata]:
    with served() as server:
        yield server


@pytest.fixture
def machine(tmp_path: Path, metadata: Metadata) -> Machine:
    return Machine(tmp_path / "machine", metadata)


def mode(file: Path) -> str:
    return oct(file.stat().st_mode & 0o7777)
