"""`python -m weights`, as a person uses it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.weights.host import Host
from weights.__main__ import main, table
from weights.catalogue import KINDS, catalogue
from weights.terminal import in_lines

ROOT = Path(__file__).parents[2]
CONTENT = b"w" * 2_000_000


@pytest.fixture
def own(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue of the test's own with one model that the server has."""
    file = host.put("/m/leaves.pth", CONTENT)
    path = tmp_path / "own.toml"
    path.write_text(
        f'[interactive.leaves]\n[[interactive.leaves.files]]\nname = "leaves.pth"\n'
        f'url = "{file.url}"\nsha256 = "{file.sha256}"\nsize = {file.size}\n'
    )
    monkeypatch.setenv("ATELIER_CATALOGUE", str(path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return path


def test_it_needs_no_installed_package() -> None:
    """Images are built, and a clone is looked at, before anything is installed."""
    script = "import runpy, sys; sys.path.insert(0, '.'); sys.argv = ['weights', 'list']; "
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            script + "runpy.run_module('weights', run_name='__main__')",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "segformer-b2-clothes" in done.stdout


def test_the_list_has_every_model_with_size_and_licence() -> None:
    lines = table(200).splitlines()
    assert len(lines) == 1 + sum(len(catalogue()[kind]) for kind in KINDS)
    (line,) = (line for line in lines if line.startswith("sam-vit-b "))
    assert line.split()[:5] == ["sam-vit-b", "interactive", "375.0", "MB", "Apache-2.0"]
    assert max(map(len, table(100).splitlines())) <= 100


def test_fetch_then_where(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["where", "leaves"]) == 1
    assert "leaves is not here. Fetch it: python -m weights fetch leaves" in capsys.readouterr().err
    assert main(["fetch", "leaves", "demo"]) == 0
    assert "demo (interactive) is part of Atelier" in capsys.readouterr().out
    assert main(["where", "leaves"]) == 0
    assert Path(capsys.readouterr().out.strip()).read_bytes() == CONTENT


def test_a_name_that_nobody_knows_is_refused_with_those_that_there_are(
    own: Path, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", "leaves", "sam-vit-bb"]) == 1
    told = capsys.readouterr().err
    assert "there is no model 'sam-vit-bb'. Did you mean sam-vit-b?" in told
    assert "leaves" in told
    assert host.asked == []


def test_verify_ends_with_1_for_a_difference_and_for_what_could_not_be_asked(
    own: Path, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "leaves"]) == 0
    assert "ok       leaves  leaves.pth: same size; the host names" in capsys.readouterr().out
    host.put("/m/leaves.pth", CONTENT + b"more")
    assert main(["verify", "leaves"]) == 1
    assert "DIFFERS  leaves  leaves.pth: it has 2000004 bytes" in capsys.readouterr().out
    own.write_text(own.read_text().replace(host.url, "http://127.0.0.1:9"))
    os.environ["ATELIER_CATALOGUE"] = str(own.rename(own.with_name("other.toml")))
    assert main(["verify", "leaves"]) == 1
    assert "UNKNOWN  leaves  leaves.pth: http://127.0.0.1:9/m/" in capsys.readouterr().out


def test_verify_reads_the_copy_in_the_cache(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "leaves"]) == 0
    assert main(["verify", "leaves"]) == 0
    assert "the copy in the cache is whole" in capsys.readouterr().out
    main(["where", "leaves"])
    content = Path(capsys.readouterr().out.strip()).resolve()
    times = (content.stat().st_atime_ns, content.stat().st_mtime_ns)
    content.chmod(0o644)
    content.write_bytes(bytes(len(CONTENT)))
    os.utime(content, ns=times)
    assert main(["verify", "leaves"]) == 1
    assert "DAMAGED  leaves" in capsys.readouterr().out


def test_without_a_terminal_a_line_comes_each_tenth(host: Host) -> None:
    said: list[str] = []
    file = host.put("/m/big.pth", b"")
    report = in_lines(said.append)
    for done in range(0, 100_000_001, 1_000_000):
        report(file, done, 100_000_000)
    assert len(said) == 10
    assert said[0].startswith("big.pth: 10.0 MB of 100.0 MB, ")
    assert said[0].endswith(" s left")
    assert said[-1].startswith("big.pth: 100.0 MB of 100.0 MB, ")
    assert "left" not in said[-1]
