"""The programs that a lab needs: a few of the host's packages, and Debian 13's Docker, unpacked.

Docker is not installed on the host: it would start a daemon there, and change the host's firewall.
Its packages are downloaded with signatures checked, and unpacked into the cache.
"""

import os
import shutil
from pathlib import Path

from tests.cloud.kept import kept
from tests.cloud.lab.place import SUITE, UNPACKED, LabError, Place, run, say

APT_INSTALL = Path(__file__).parents[3] / "scripts" / "apt_install.sh"
# It waits up to ten minutes for who else installs.
INSTALL_SECONDS = 1800.0
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Command -> the Debian package that has it.
HOST_COMMANDS = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "losetup": "mount",
    "mkfs.ext4": "e2fsprogs",
    "ip": "iproute2",
    "iptables": "iptables",
    "openssl": "openssl",
    "curl": "curl",
    "slirp4netns": "slirp4netns",
    "mmdebstrap": "mmdebstrap",
    "certutil": "libnss3-tools",
    # Not unpacked like the rest: Debian 13's needs a newer C library than Debian 12 has.
    "runc": "runc",
}


def check() -> None:
    """Look for what the lab cannot install for itself.

    Raises:
        LabError: naming all that is missing.
    """
    missing: list[str] = []
    if os.geteuid() != 0:
        missing.append("root, for network namespaces and loop devices: run it as root")
    if shutil.which("apt-get") is None:
        missing.append("Debian or Ubuntu: it installs packages with apt-get, which is not here")
    else:
        try:
            mirror()
        except LabError as unknown:
            missing.append(str(unknown))
    if missing:
        raise LabError("\n  ".join(["the stand-in cloud needs", *missing]))


def mirror(apt: Path = Path("/etc/apt")) -> str:
    """Return the Debian mirror that this host's own apt uses.

    Raises:
        LabError: where it uses none, as on Ubuntu.
    """
    if told := os.environ.get("ATELIER_DEBIAN_MIRROR"):
        return told
    sources = [apt / "sources.list"]
    sources += sorted((apt / "sources.list.d").glob("*.sources"))
    sources += sorted((apt / "sources.list.d").glob("*.list"))
    for source in sources:
        lines = source.read_text().splitlines() if source.is_file() else []
        for line in lines:
            words = line.split()
            if words and words[0] in ("URIs:", "deb"):
                found = next((word for word in words[1:] if "://" in word), "")
                if found.rstrip("/").endswith("debian"):
                    return found
    raise LabError(
        f"a mirror of Debian, because its machines run Debian {SUITE} and this host's apt knows "
        "none: set ATELIER_DEBIAN_MIRROR=https://deb.debian.org/debian"
    )


def own_certificates() -> list[Path]:
    """Return the certificate authorities that this host was told to trust, if any.

    Where packages come through a proxy or a mirror of the house, everything inside needs them too.
    """
    return sorted(Path("/usr/local/share/ca-certificates").glob("**/*.crt"))


def ensure(place: Place) -> Path:
    """Make sure that everything is there; return the folder that Docker was unpacked into.

    Raises:
        LabError: where `check` finds something missing, or a package cannot be had.
    """
    check()
    place.cache.mkdir(parents=True, exist_ok=True)
    install()
    return kept(place.programs, unpack)


def install() -> None:
    """Install the host's packages that are missing."""
    missing = {
        package for command, package in HOST_COMMANDS.items() if shutil.which(command) is None
    }
    if not KEYRING.exists():  # Ubuntu's mirrors have the package too.
        missing.add("debian-archive-keyring")
    if missing:
        say(f"installing {', '.join(sorted(missing))} with apt-get")
        run([APT_INSTALL, *sorted(missing)], timeout=INSTALL_SECONDS)


def unpack(target: Path) -> None:
    """Download the packages with an apt that knows only Debian 13, and unpack them."""
    say(f"unpacking Debian {SUITE}'s Docker")
    apt = target / "apt"
    debs = apt / "debs"
    for folder in ("lists/partial", "cache/archives/partial", "debs"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    (apt / "status").write_text("")
    (apt / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror()} {SUITE} main\n")
    settings = {
        "Dir::Etc::sourcelist": apt / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": apt / "lists",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "APT::Sandbox::User": "root",
    }
    options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
    run(["apt-get", "-qq", *options, "update"])
    download = ["apt-get", "-qq", *options, "download", *UNPACKED]
    run(["env", "--chdir", debs, *download])
    for package in sorted(debs.glob("*.deb")):
        run(["dpkg", "-x", package, target])
    shutil.rmtree(apt)
