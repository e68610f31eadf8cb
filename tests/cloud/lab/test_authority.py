"""Certificate and key of the lab's authority are one thing, whoever makes them and is killed."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cloud.kept import seal
from tests.cloud.lab.authority import Authority, is_pair
from tests.cloud.lab.place import HERE, Place
from tests.cloud.lab.processes import wait_until, waits_for_lock

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")
ENSURE = """
import sys
from pathlib import Path
from tests.cloud.lab.authority import Authority
from tests.cloud.lab.place import Place

folder = Path(sys.argv[1])
Authority(Place(folder / sys.argv[2], folder / "cache")).ensure()
"""


def authority(folder: Path, lab: str = "lab") -> Authority:
    return Authority(Place(folder / lab, folder / "cache"))


def ensure(folder: Path, lab: str, openssl: str = "") -> subprocess.Popen[bytes]:
    """Make the authority in a process of its own, with a script in place of openssl."""
    programs = folder / f"{lab}-programs"
    programs.mkdir()
    if openssl:
        real = shutil.which("openssl")
        (programs / "openssl").write_text(f"#!/bin/sh\n{openssl.replace('OPENSSL', str(real))}\n")
        (programs / "openssl").chmod(0o755)
    env = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}
    command = [sys.executable, "-c", ENSURE, str(folder), lab]
    return subprocess.Popen(command, cwd=HERE.parents[2], env=env)


def signs(one: Authority) -> bool:
    """Return whether a certificate that it issues is trusted by who trusts it alone."""
    certificate, _ = one.issue(one.place.folder("issued"), ["one.example"])
    verify = ["openssl", "verify", "-no-CAfile", "-no-CApath", "-CAfile", one.certificate]
    return subprocess.run([*verify, certificate], capture_output=True).returncode == 0


def test_two_labs_that_begin_at_once_share_one_authority(tmp_path: Path) -> None:
    began, go = tmp_path / "began", tmp_path / "go"
    slow = f"echo $PPID >>{began}; until [ -e {go} ]; do sleep 0.01; done; exec OPENSSL "
    with ensure(tmp_path, "one", f'{slow} "$@"') as one:
        wait_until("the first to make a key", 20, began.exists)
        with ensure(tmp_path, "other", f'{slow} "$@"') as other:
            wait_until("the second to wait", 20, lambda: waits_for_lock(other.pid))
            makers = began.read_text().split()
            go.touch()
    assert (one.returncode, other.returncode) == (0, 0)
    assert makers == [str(one.pid)]
    assert signs(authority(tmp_path, "one"))
    assert signs(authority(tmp_path, "other"))


def test_a_lab_that_is_killed_between_key_and_certificate_leaves_neither(tmp_path: Path) -> None:
    killed = (
        'while [ "$1" != -keyout ]; do shift; done; OPENSSL genpkey -algorithm ed25519 -out "$2"'
    )
    with ensure(tmp_path, "one", f"{killed}; kill -9 $PPID") as one:
        pass
    assert one.returncode == -signal.SIGKILL
    assert list(tmp_path.glob("cache/.atelier-*/new/ca.key"))
    assert not (tmp_path / "cache" / "authority").exists()
    with ensure(tmp_path, "other") as other:
        pass
    assert other.returncode == 0
    assert signs(authority(tmp_path, "other"))
    assert not list(tmp_path.glob("cache/.atelier-*"))


def test_a_mixed_pair_is_made_anew(tmp_path: Path) -> None:
    mixed, stranger = authority(tmp_path / "a"), authority(tmp_path / "b")
    mixed.ensure()
    stranger.ensure()
    shutil.copy(stranger.key, mixed.key)
    seal(mixed.folder)
    assert not is_pair(mixed.folder)
    mixed.ensure()
    assert signs(mixed)


def test_a_good_pair_stays(tmp_path: Path) -> None:
    one = authority(tmp_path)
    one.ensure()
    before = one.certificate.read_text(), one.key.read_text()
    assert signs(one)
    one.ensure()
    assert (one.certificate.read_text(), one.key.read_text()) == before
