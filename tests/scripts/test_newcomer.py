"""scripts/newcomer.sh up to the machine itself, which `.ci/run` makes."""

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from tests.label_studio import ROOT

SCRIPT = ROOT / "scripts" / "newcomer.sh"
NOBODY = 65534


def bash(commands: str, home: Path, **environment: str) -> str:
    """Run commands after the script's functions are read; return what they print."""
    done = subprocess.run(
        ["bash", "-c", f'. "{SCRIPT}"; {commands}'],
        env={"PATH": f"{home}:{os.environ['PATH']}", "HOME": str(home), **environment},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("words", [[], ["everything"], ["--help"]])
def test_other_words_are_answered_with_those_that_there_are(words: list[str]) -> None:
    done = subprocess.run([SCRIPT, *words], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    told = [
        line.split("#")[0].split() for line in done.stderr.splitlines() if "newcomer.sh" in line
    ]
    assert told == [["scripts/newcomer.sh", word] for word in ("demo", "test", "all")]


def test_an_ordinary_user_is_told_that_it_takes_root() -> None:
    ordinary = NOBODY if os.geteuid() == 0 else None
    # By stdin: another user may not be let into the folder of the clone.
    with SCRIPT.open() as script:
        done = subprocess.run(
            ["bash", "-s", "all"],
            stdin=script,
            capture_output=True,
            text=True,
            user=ordinary,
            cwd="/",
            env={"PATH": os.environ["PATH"], "HOME": "/"},
        )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "newcomer: making a machine takes root.\n"


def test_only_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    left, running, foreign = (tmp_path / f"atelier-newcomer.{name * 6}" for name in "lrf")
    for folder in (left, running, foreign):
        (folder / "root").mkdir(parents=True)
    (left / "lock").touch()
    with (running / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        bash("remove_leftovers", tmp_path, TMPDIR=str(tmp_path))
    assert set(tmp_path.iterdir()) == {running, foreign}
    assert (running / "root").is_dir()


def test_the_machine_reaches_the_registries_as_this_one_does(tmp_path: Path) -> None:
    apt_config = tmp_path / "apt-config"
    apt_config.write_text(
        "#!/bin/sh\n"
        "echo 'Acquire::http::Proxy \"http://proxy.test:3128\";'\n"
        "echo 'Acquire::Languages \"none\";'\n"
    )
    apt_config.chmod(0o755)
    (tmp_path / ".config" / "pip").mkdir(parents=True)
    (tmp_path / ".config" / "pip" / "pip.conf").write_text("[global]\ntimeout = 60\n")
    address = "https://user:$ecret 'word'@mirror.test/simple"
    root = tmp_path / "root"
    (root / "etc/apt/apt.conf.d").mkdir(parents=True)
    (root / "etc/profile.d").mkdir()

    bash(f"tell_registries '{root}'", tmp_path, UV_DEFAULT_INDEX=address, SECRET="stays here")

    assert (root / "etc/xdg/pip/pip.conf").read_text() == "[global]\ntimeout = 60\n"
    settings = (root / "etc/apt/apt.conf.d/90registries").read_text()
    assert settings == 'Acquire::http::Proxy "http://proxy.test:3128";\n'
    profile = root / "etc/profile.d/registries.sh"
    assert profile.read_text().count("export") == 1
    read = f". '{profile}'; printf %s \"$UV_DEFAULT_INDEX\""
    assert subprocess.check_output(["sh", "-c", read], text=True) == address


@pytest.mark.parametrize(
    ("sites", "given", "chosen"),
    [
        ("http://near.test/ubuntu\nhttp://near.test/debian/\n", {}, "http://near.test/debian/"),
        ("http://near.test/ubuntu\n", {}, "http://deb.debian.org/debian"),
        ("", {"ATELIER_DEBIAN_MIRROR": "http://own.test/d"}, "http://own.test/d"),
    ],
)
def test_the_packages_come_from_this_machines_debian_mirror(
    tmp_path: Path, sites: str, given: dict[str, str], chosen: str
) -> None:
    apt_get = tmp_path / "apt-get"
    apt_get.write_text(f"#!/bin/sh\nprintf '{sites}'\n")
    apt_get.chmod(0o755)
    assert bash("mirror", tmp_path, **given) == chosen + "\n"


def test_what_does_not_come_up_is_named_with_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "slirp4netns.log").write_text("no such interface\n")
    commands = f"work='{tmp_path}'; sleep() {{ :; }}; wait_until 'its network' false 2>&1 || true"
    shown = bash(commands, tmp_path)
    assert shown == "newcomer: its network did not come up within 20 s\nno such interface\n"
