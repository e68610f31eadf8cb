"""Debian root file systems, made by mmdebstrap and kept in the cache.

Each is named by a hash of its recipe, so a changed recipe makes a new one. The machine's is what
Google's Debian 13 image is before its first boot, as far as a boot needs it: systemd and Google's
own guest agent with its metadata script runner, and no Docker.
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.cloud.kept import kept, scratch
from tests.cloud.lab.authority import Authority
from tests.cloud.lab.place import Place, run, say
from tests.cloud.lab.tools import mirror, own_certificates

MACHINE_PACKAGES = ("systemd-sysv", "dbus", "udev", "iproute2", "kmod", "procps", "curl", "openssl")
MACHINE_PACKAGES += ("ca-certificates", "python3", "google-guest-agent", "e2fsprogs", "util-linux")
# The clock, the kernel's file systems and the disks' names are the host's to care for.
MASKED = ("systemd-networkd-wait-online", "systemd-timesyncd", "google-guest-agent", "e2scrub_reap")
MASKED += ("apt-daily.timer", "apt-daily-upgrade.timer", "sys-kernel-debug.mount")
MASKED += ("sys-kernel-tracing.mount", "sys-kernel-config.mount")
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")


@dataclass(frozen=True)
class Recipe:
    """What a root file system is made of; `hooks` run with the new root as $1."""

    name: str
    suite: str
    packages: tuple[str, ...]
    hooks: tuple[str, ...] = ()

    def key(self, authority: Authority) -> str:
        """Return a hash of all that the result depends on, but for the packages' versions."""
        texts = [repr(self), mirror(), authority.certificate.read_text()]
        texts += [file.read_text() for file in own_certificates()]
        return f"{self.name}-" + hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


def machine_recipe() -> Recipe:
    """Return the recipe of a machine's boot disk."""
    enable = 'chroot "$1" systemctl -q enable systemd-networkd'
    mask = 'chroot "$1" systemctl -q mask ' + " ".join(MASKED)
    return Recipe("machine", "trixie", MACHINE_PACKAGES, (f"{enable}; {mask}",))


def archive(place: Place, authority: Authority, recipe: Recipe) -> Path:
    """Return a tar archive of the root file system, made first where the cache has none.

    Raises:
        LabError: when mmdebstrap fails.
    """

    def fill(folder: Path) -> None:
        make(authority, recipe, folder / "root.tar")

    return kept(place.cache / "rootfs" / recipe.key(authority), fill) / "root.tar"


def make(authority: Authority, recipe: Recipe, target: Path) -> None:
    say(f"making the root file system {recipe.name}")
    # In memory where there is room: unpacking 10 000 small files is most of the work.
    memory = Path("/dev/shm")
    with scratch(memory if memory.is_dir() else target.parent) as folder:
        made = folder / "root.tar"
        command = ["mmdebstrap", "--quiet", "--variant=minbase"]
        command += [f"--include={','.join(recipe.packages)}"]
        command += ["--aptopt=Apt::Install-Recommends false", "--dpkgopt=force-unsafe-io"]
        command += [f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT]
        trusted = (trust(authority),) if "ca-certificates" in recipe.packages else ()
        command += [f"--customize-hook={hook}" for hook in (*trusted, *recipe.hooks, TIDY)]
        run(["env", f"TMPDIR={folder}", *command, recipe.suite, made, mirror()])
        shutil.move(made, target)


TIDY = (
    'rm -rf "$1/etc/resolv.conf" "$1/etc/hostname" "$1"/root/.cache '
    '"$1/etc/apt/apt.conf.d/99mmdebstrap" "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap"'
)


def trust(authority: Authority) -> str:
    """Return a hook that lets the root file system trust the lab, and what this host trusts."""
    folder = '"$1/usr/local/share/ca-certificates'
    copies = [f'cp "{authority.certificate}" {folder}/lab.crt"']
    copies += [f'cp "{file}" {folder}/"' for file in own_certificates()]
    update = 'chroot "$1" update-ca-certificates >/dev/null 2>&1'
    return "; ".join(["set -e", f'mkdir -p {folder}"', *copies, update])


def tree(place: Place, authority: Authority, recipe: Recipe) -> Path:
    """Return the root file system as a folder, unpacked first where the cache has none."""

    def unpack(folder: Path) -> None:
        packed = archive(place, authority, recipe)
        (folder / "root").mkdir()
        run(["tar", "-C", folder / "root", "--numeric-owner", "-xf", packed])

    return kept(place.cache / "trees" / recipe.key(authority), unpack) / "root"
