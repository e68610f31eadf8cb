"""The public images that the machine and the Dockerfiles name, made here from Debian's packages.

Docker Hub cannot be reached everywhere, and a test should not depend on it. Each stand-in has what
the project uses of the original: Python with pip in /usr/local, Postgres with the variables and the
folder of the official image, Caddy with its command, its folders and a wget for the health check.
The names are read from the files that use them, so a new version there is a new name here.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.cloud.lab import rootfs
from tests.cloud.lab.cache import REGISTRY
from tests.cloud.lab.lab import Lab
from tests.cloud.lab.place import HERE, LabError, run, write
from tests.cloud.lab.rootfs import Recipe

CHECKOUT = HERE.parents[2]
COMPOSE = CHECKOUT / "templates" / "vm" / "compose.yml"
# VFS_CAP_REVISION_2, effective, NET_BIND_SERVICE permitted (linux/capability.h).
MAY_BIND_PORTS = bytes.fromhex("0100000200040000000000000000000000000000")
PYTHON_HOOKS = (
    'printf "[global]\\ncert = /etc/ssl/certs/ca-certificates.crt\\n" >"$1/etc/pip.conf"',
    'chroot "$1" python3 -m venv /usr/local; ln -sf pip3 "$1/usr/local/bin/pip"',
)
# The compiler of queries, half of the image: Postgres does without it where its files are not.
POSTGRES_HOOKS = (
    'rm -rf "$1"/usr/lib/*/libLLVM* "$1"/usr/lib/llvm-* "$1"/usr/lib/postgresql/*/lib/llvmjit*',
    'install -d -m 1777 "$1/var/run/postgresql" "$1/var/lib/postgresql/data"',
)
PYTHON = Recipe("python", "bookworm", ("ca-certificates", "python3", "python3-pip", "python3-venv"))
POSTGRES = Recipe("postgres", "trixie", ("postgresql-17", "libnss-wrapper"))
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
OWNED = ("--numeric-owner", "--owner=0", "--group=0")


def named(service: str) -> str:
    """Return the image that compose.yml names where no variable gives another."""
    found = re.search(rf"^\s*image: \$\{{{service}_IMAGE:-(\S+)\}}$", COMPOSE.read_text(), re.M)
    if found is None:
        raise LabError(f"{COMPOSE.name} names no image for {service}_IMAGE")
    return found[1]


def python_image() -> str:
    """Return the base image that the Dockerfiles name."""
    dockerfile = CHECKOUT / "backends" / "frontend" / "Dockerfile"
    found = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", dockerfile.read_text(), re.M)
    if found is None:
        raise LabError(f"{dockerfile} has no line ARG PYTHON_IMAGE=...")
    return found[1]


class Images:
    """Made by the Docker of a lab that is up."""

    def __init__(self, lab: Lab) -> None:
        self.place, self.authority, self.docker = lab.place, lab.authority, lab.docker

    def python(self) -> str:
        """Make the base image of the project's own images; return its name."""
        recipe = Recipe(PYTHON.name, PYTHON.suite, PYTHON.packages, PYTHON_HOOKS)
        path = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
        # Google's own clients and Label Studio know the authorities of a package, not the system's;
        # where there is a lab, its authority stands for Google's.
        trust = f"REQUESTS_CA_BUNDLE={CERTIFICATES} SSL_CERT_FILE={CERTIFICATES}"
        changes = (f"ENV {path} LANG=C.UTF-8 {trust}", 'CMD ["python3"]')
        return self.load(self.archive(recipe), python_image(), changes)

    def postgres(self) -> str:
        """Make the database's image; return its name."""
        version = POSTGRES.packages[0].rpartition("-")[2]
        if not named("POSTGRES").startswith(f"postgres:{version}"):
            raise LabError(f"the stand-in is Postgres {version}, compose.yml says other")
        recipe = Recipe(POSTGRES.name, POSTGRES.suite, POSTGRES.packages, POSTGRES_HOOKS)
        folder = f"/usr/lib/postgresql/{version}/bin"
        changes = (
            f"ENV PATH={folder}:/usr/local/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data",
            'ENTRYPOINT ["docker-entrypoint.sh"]',
            'CMD ["postgres"]',
            "STOPSIGNAL SIGINT",
            "VOLUME /var/lib/postgresql/data",
            "EXPOSE 5432",
        )
        with tempfile.TemporaryDirectory() as folder:

            def make() -> Path:
                archive = Path(folder) / "postgres.tar"
                shutil.copy(self.archive(recipe), archive)
                programs = Path("usr", "local", "bin")
                added = [programs / f"docker-{name}.sh" for name in ("entrypoint", "ensure-initdb")]
                (folder / programs).mkdir(parents=True)
                for program in added:
                    shutil.copy(HERE / "postgres_entrypoint.sh", folder / program)
                run(["tar", "-C", folder, *OWNED, "--append", "-f", archive, *added])
                return archive

            return self.publish(named("POSTGRES"), changes, make)

    def caddy(self) -> str:
        """Make the proxy's image, with a Caddy that was compiled here; return its name."""
        program = run([CHECKOUT / "scripts" / "install_caddy.sh"], timeout=1800).stdout.strip()
        changes = (
            "ENV PATH=/usr/bin:/bin XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data",
            'CMD ["caddy","run","--config","/etc/caddy/Caddyfile","--adapter","caddyfile"]',
            "WORKDIR /srv",
        )
        with tempfile.TemporaryDirectory() as folder:

            def make() -> Path:
                root = self.busybox(Path(folder), ("wget", "sh", "ls", "cat"))
                caddy = root / "usr" / "bin" / "caddy"
                shutil.copy(program, caddy)
                # As in the official image: docker refuses to start it without the right to do so.
                os.setxattr(caddy, "security.capability", MAY_BIND_PORTS)
                certificates = root / "etc" / "ssl" / "certs"
                certificates.mkdir(parents=True)
                shutil.copy(self.authority.bundle, certificates / "ca-certificates.crt")
                return pack(root)

            return self.publish(named("CADDY"), changes, make)

    def publish(self, name: str, changes: tuple[str, ...], make: Callable[[], Path]) -> str:
        """Put an image into Docker Hub's stand-in, unless the same was put there before."""
        recipe = [name, *changes, Path(__file__).read_text(), self.authority.bundle.read_text()]
        recipe.append((HERE / "postgres_entrypoint.sh").read_text())
        key = hashlib.sha256("\n".join(recipe).encode()).hexdigest()
        note = self.place.state / REGISTRY / (name.replace(":", "-") + ".key")
        if not note.exists() or note.read_text() != key:
            note.unlink(missing_ok=True)
            self.load(make(), name, changes)
            self.docker("push", "-q", name)
            write(note, key)
        return name

    def archive(self, recipe: Recipe) -> Path:
        return rootfs.archive(self.place, self.authority, recipe)

    def busybox(self, folder: Path, commands: tuple[str, ...]) -> Path:
        """Make a root with a static busybox and the usual folders; return it."""
        root = folder / "root"
        for name in ("bin", "usr/bin", "etc", "tmp", "srv", "data", "config", "run"):
            (root / name).mkdir(parents=True)
        (root / "tmp").chmod(0o1777)
        shutil.copy(self.place.programs / "usr" / "bin" / "busybox", root / "bin" / "busybox")
        for command in commands:
            (root / "bin" / command).symlink_to("busybox")
        return root

    def load(self, archive: Path, name: str, changes: tuple[str, ...]) -> str:
        """Import an archive as an image."""
        options = [word for change in changes for word in ("--change", change)]
        self.docker("import", *options, archive, name)
        return name


def pack(root: Path) -> Path:
    """Return an archive of a folder with its file capabilities, owned by root."""
    target = root.with_suffix(".tar")
    attributes = ("--xattrs", "--xattrs-include=security.capability")
    run(["tar", "-C", root, *attributes, *OWNED, "-cf", target, "."])
    return target
