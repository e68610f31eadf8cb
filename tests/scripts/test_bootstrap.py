"""What the bootstrap keeps, what it makes anew, and where it tells uv to look."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "bootstrap.py"

# Records how it is called; answers the dry run (the probe of PyTorch's index) as it is told to.
RECORDING_UV = """#!/bin/sh
echo "$*" >> "{calls}"
case "$*" in *--dry-run*) exit {probe};; esac
"""


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, working on a small checkout in a temporary folder."""
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "LOCAL", tmp_path / ".local")
    for environment in module.ENVIRONMENTS.values():
        for lock in environment.locks + environment.test_locks:
            (tmp_path / lock).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / lock).write_text("torch==2.0 \\\ntorchvision==0.9 \\\n")
    return module


def pretend_made(bootstrap: ModuleType, name: str, test: bool, root: Path) -> None:
    home = bootstrap.folder(name)
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "python").touch()
    locks = {lock: bootstrap.sha256(lock) for lock in bootstrap.wanted_locks(name, test)}
    (home / bootstrap.STAMP).write_text(json.dumps({"root": str(root), "locks": locks}))


def test_an_environment_is_left_alone_until_one_of_its_own_files_changes(
    bootstrap: ModuleType, tmp_path: Path
) -> None:
    pretend_made(bootstrap, "operator", False, tmp_path)
    pretend_made(bootstrap, "frontend", False, tmp_path)
    assert bootstrap.is_current("operator", False)
    (tmp_path / "requirements.txt").write_text("click==9")
    assert not bootstrap.is_current("operator", False)
    assert bootstrap.is_current("frontend", False)


def test_one_with_test_tools_serves_a_demo_but_not_the_other_way_round(
    bootstrap: ModuleType, tmp_path: Path
) -> None:
    pretend_made(bootstrap, "ml", True, tmp_path)
    pretend_made(bootstrap, "operator", False, tmp_path)
    assert bootstrap.is_current("ml", False)
    assert not bootstrap.is_current("operator", True)


def test_a_moved_checkout_and_a_lost_interpreter_need_a_new_environment(
    bootstrap: ModuleType, tmp_path: Path
) -> None:
    pretend_made(bootstrap, "operator", False, tmp_path / "elsewhere")
    pretend_made(bootstrap, "frontend", False, tmp_path)
    (bootstrap.folder("frontend") / "bin" / "python").unlink()
    assert not bootstrap.is_current("operator", False)
    assert not bootstrap.is_current("frontend", False)


@pytest.mark.parametrize("reached", [True, False])
def test_both_torch_packages_come_from_one_index(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reached: bool
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("UV_TORCH_BACKEND", raising=False)
    uv, calls = tmp_path / "uv", tmp_path / "calls"
    uv.write_text(RECORDING_UV.format(calls=calls, probe=0 if reached else 1))
    uv.chmod(0o755)
    locks = bootstrap.wanted_locks("ml", False)
    bootstrap.Installer(str(uv), "ml", {}).sync_with_torch(locks)
    probe, sync, *rest = calls.read_text().splitlines()
    assert "--torch-backend auto torch==2.0 torchvision==0.9" in probe
    assert "--require-hashes" in sync
    assert ("requirements-torch.txt" in sync) is not reached
    assert len(rest) == (1 if reached else 0)
    assert all("--torch-backend auto" in call and "torch==2.0 torchvision" in call for call in rest)


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        ("", ["--dry-run", "sync"]),
        ("1.9", ["--dry-run", "sync"]),
        # The registry's build stays one, without a question to PyTorch's index.
        ("{pin}", ["sync"]),
        # PyTorch's own build stays too: a sync to the hashed files would remove it.
        ("{pin}+cpu", ["--no-deps"]),
    ],
)
def test_a_torch_that_is_there_is_kept_whichever_build_it_is(
    bootstrap: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    installed: str,
    expected: list[str],
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    if installed:
        packages = bootstrap.folder("ml") / "lib/python3.11/site-packages"
        for name, pin in (("torch", "2.0"), ("torchvision", "0.9")):
            (packages / f"{name}-{installed.format(pin=pin)}.dist-info").mkdir(parents=True)
    uv, calls = tmp_path / "uv", tmp_path / "calls"
    uv.write_text(RECORDING_UV.format(calls=calls, probe=1))
    uv.chmod(0o755)
    bootstrap.Installer(str(uv), "ml", {}).sync_with_torch(bootstrap.wanted_locks("ml", True))
    made = calls.read_text().splitlines()
    assert len(made) == len(expected)
    assert all(word in call for word, call in zip(expected, made, strict=True))
    assert ("requirements-torch.txt" in made[-1]) == ("+" not in installed)
    assert "requirements-test.txt" in made[-1]


def test_the_machines_certificates_are_trusted_and_torch_is_not_chosen_behind_our_back(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV_SYSTEM_CERTS", raising=False)
    monkeypatch.setenv("UV_TORCH_BACKEND", "cpu")
    environ = bootstrap.uv_environment()
    assert environ["UV_SYSTEM_CERTS"] == "1"
    assert "UV_TORCH_BACKEND" not in environ


def test_a_uv_that_cannot_be_fetched_is_reported_with_what_to_do(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/uv.txt").write_text("uv==0.0.1 \\\n    --hash=sha256:00\n")
    monkeypatch.setenv("UV_DEFAULT_INDEX", (tmp_path / "no-index").as_uri())
    with pytest.raises(bootstrap.BootstrapError, match=r"uv 0\.0\.1 cannot be fetched: .*mirror"):
        bootstrap.ensure_uv()


def test_too_little_disk_is_said_before_anything_is_installed(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda path: Usage(free=3_000_000_000))
    with pytest.raises(bootstrap.BootstrapError, match=r"7\.0 GB of disk .* and 3\.0 GB are free"):
        bootstrap.check_disk(["ml"])
    bootstrap.check_disk(["operator"])


class Usage:
    """What shutil.disk_usage returns, in bytes."""

    def __init__(self, free: int) -> None:
        self.free = free
