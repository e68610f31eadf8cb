"""Google's host names, answered on this machine alone.

A process that is started through `with_names` sees a hosts file of its own (a mount namespace), and
nothing else of it is changed. The test's own process keeps the machine's hosts file; there the
resolver is replaced for as long as a test needs it.
"""

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from tests.cloud.storage.service import HOSTS

SCRIPT = 'mount --bind "$1" /etc/hosts; shift; exec "$@"'


def can_be_given() -> bool:
    """Whether processes can get names and the HTTPS port here: on Linux, as root."""
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("unshare") is not None


def write_hosts(file: Path, address: str) -> None:
    """Write a hosts file with Google's names at `address`."""
    file.write_text(f"127.0.0.1 localhost\n{address} {' '.join(HOSTS)}\n")


def with_names(hosts: Path) -> list[str]:
    """Return what to write before a command so that it sees `hosts` as the hosts file; the process
    id stays the same."""
    return ["unshare", "--mount", "bash", "-euc", SCRIPT, "with-names", str(hosts)]


@contextmanager
def resolved_at(address: str) -> Iterator[None]:
    """Let this process find Google's names at `address`."""
    resolve = socket.getaddrinfo

    def answer(host, *arguments, **options):
        return resolve(address if host in HOSTS else host, *arguments, **options)

    with mock.patch("socket.getaddrinfo", answer):
        yield
