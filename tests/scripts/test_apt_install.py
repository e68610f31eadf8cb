"""scripts/apt_install.sh with this machine's apt-get and dpkg, on copies of what they write to."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "apt_install.sh"
# What apt-get and dpkg write to, beside the packages' own files: no test installs a new one.
STATE = ("/var/lib/dpkg", "/var/lib/apt", "/var/cache/apt")
# Debian cannot be without it, so it is installed, and asking for it changes nothing: not even where
# a newer one is to be had, which would replace this machine's own.
PACKAGE = "bash"
ASK = f"apt-get install -y -qq --no-upgrade {PACKAGE}"
LIMIT_SECONDS = 300

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("apt-get") is None,
        reason="installing packages takes root, on Debian or Ubuntu",
    ),
]


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """Copies of the state, one below the other."""
    for folder in STATE:
        shutil.copytree(folder, tmp_path / folder.lstrip("/"), symlinks=True)
    return tmp_path


def on_copies(copies: Path, command: str) -> subprocess.CompletedProcess[str]:
    mounts = "".join(f"mount --bind {copies}{folder} {folder}\n" for folder in STATE)
    # Without a network, since none is needed. One that hangs ends with 124, and what it had said.
    limited = ["timeout", str(LIMIT_SECONDS), "unshare", "--mount", "--net"]
    return subprocess.run(
        [*limited, "bash", "-c", f"set -e\n{mounts}{command}"], capture_output=True, text=True
    )


def interrupt(copies: Path) -> None:
    """Leave dpkg's journal as a kill leaves it (dpkg: lib/dpkg/dbmodify.c)."""
    status = subprocess.run(
        ["dpkg-query", "--status", PACKAGE], capture_output=True, text=True, check=True
    )
    (copies / "var/lib/dpkg/updates/0000").write_text(status.stdout)


def test_what_a_killed_one_left_is_finished_first(copies: Path) -> None:
    interrupt(copies)
    refused = on_copies(copies, ASK)
    assert "dpkg was interrupted" in refused.stderr

    done = on_copies(copies, f"{SCRIPT} {PACKAGE}")
    assert done.returncode == 0, done.stderr
    assert on_copies(copies, ASK).returncode == 0


def test_what_is_there_takes_no_trip_to_the_network(copies: Path) -> None:
    shutil.rmtree(copies / "var/lib/apt/lists")
    (copies / "var/lib/apt/lists/partial").mkdir(parents=True)
    done = on_copies(copies, f"{SCRIPT} {PACKAGE}")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_package_that_does_not_exist_is_an_error(copies: Path) -> None:
    done = on_copies(copies, f"{SCRIPT} atelier-has-no-such-package")
    assert done.returncode != 0
    assert "atelier-has-no-such-package" in done.stderr


def test_two_at_once_wait_for_each_other(copies: Path) -> None:
    both = on_copies(copies, f"{SCRIPT} {PACKAGE} & {SCRIPT} {PACKAGE}\nwait $!")
    assert both.returncode == 0, both.stderr
    assert "lock" not in both.stderr


def test_without_a_package_it_says_how_it_is_called(copies: Path) -> None:
    done = on_copies(copies, str(SCRIPT))
    assert done.returncode == 2
    assert "PACKAGE..." in done.stderr
