"""What the lab asks of the host, in words that say what to do."""

import os
from pathlib import Path

import pytest

from tests.cloud.lab.place import LabError
from tests.cloud.lab.tools import check, mirror

UBUNTU = "Types: deb\nURIs: http://archive.ubuntu.com/ubuntu/\nSuites: noble\n"
DEBIAN = "Types: deb\nURIs: http://mirror.example.org/debian\nSuites: bookworm\n"


@pytest.fixture(autouse=True)
def no_mirror_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATELIER_DEBIAN_MIRROR", raising=False)


def test_packages_come_from_where_the_hosts_do(tmp_path: Path) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "0.sources").write_text(UBUNTU)
    (folder / "1.sources").write_text(DEBIAN)
    assert mirror(tmp_path) == "http://mirror.example.org/debian"
    (tmp_path / "sources.list").write_text("deb [a=b] http://old.example.org/debian x main\n")
    assert mirror(tmp_path) == "http://old.example.org/debian"


def test_on_ubuntu_a_mirror_has_to_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "ubuntu.sources").write_text(UBUNTU)
    with pytest.raises(LabError, match="set ATELIER_DEBIAN_MIRROR=https:"):
        mirror(tmp_path)
    monkeypatch.setenv("ATELIER_DEBIAN_MIRROR", "https://deb.example.org/debian")
    assert mirror(tmp_path) == "https://deb.example.org/debian"


def test_all_that_is_missing_is_named_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError) as caught:
        check()
    assert str(caught.value).splitlines() == [
        "the stand-in cloud needs",
        "  root, for network namespaces and loop devices: run it as root",
        "  Debian or Ubuntu: it installs packages with apt-get, which is not here",
    ]
