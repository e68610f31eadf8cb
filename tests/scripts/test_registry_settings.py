"""How pip's settings become uv's."""

import os
from pathlib import Path

import pytest

from scripts import registry_settings
from scripts.registry_settings import VARIABLES
from scripts.registry_settings import registry_settings as settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and an environment in which neither tool is told anything."""
    for name in list(os.environ):
        if name.upper().startswith(("PIP_", "UV_", "XDG_", "SSL_CERT")) or "PROXY" in name.upper():
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "xdg"))
    monkeypatch.setattr(registry_settings.sys, "prefix", str(tmp_path / "prefix"))
    # This machine's own file.
    files = registry_settings.pip_files
    monkeypatch.setattr(
        registry_settings,
        "pip_files",
        lambda: [file for file in files() if tmp_path in file.parents],
    )
    return tmp_path


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_without_any_settings_uv_is_told_nothing() -> None:
    assert settings() == {}


def test_every_option_of_pip_that_leads_to_the_index_has_its_variable(home: Path) -> None:
    write(
        home / ".config/pip/pip.conf",
        "[global]\nindex-url = https://a.example/simple\nextra-index-url =\n  https://b.example\n"
        "  https://c.example\ntrusted_host = b.example c.example\ncert = /etc/house.pem\n"
        "proxy = http://proxy.example:3128\ntimeout = 60\n",
    )
    assert settings() == {
        "UV_DEFAULT_INDEX": "https://a.example/simple",
        "UV_INDEX": "https://b.example https://c.example",
        "UV_INSECURE_HOST": "b.example c.example",
        "SSL_CERT_FILE": "/etc/house.pem",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "HTTP_PROXY": "http://proxy.example:3128",
    }
    assert {name for names in VARIABLES.values() for name in names} == set(settings())


def test_the_users_file_wins_over_the_machines_and_the_environment_over_both(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        home / "xdg/pip/pip.conf", "[global]\nindex-url = https://machine.example\ncert = /a.pem\n"
    )
    write(home / ".config/pip/pip.conf", "[global]\nindex-url = https://user.example\n")
    assert settings() == {"UV_DEFAULT_INDEX": "https://user.example", "SSL_CERT_FILE": "/a.pem"}
    write(home / ".config/pip/pip.conf", "[install]\nindex-url = https://install.example\n")
    assert settings()["UV_DEFAULT_INDEX"] == "https://install.example"
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.example")
    assert settings()["UV_DEFAULT_INDEX"] == "https://variable.example"
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_INDEX_URL")
    assert settings() == {}


def test_what_uv_is_told_itself_stays(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example")
    monkeypatch.setenv("PIP_PROXY", "http://pip.example:1")
    monkeypatch.setenv("https_proxy", "http://own.example:2")
    assert settings() == {
        "UV_DEFAULT_INDEX": "https://pip.example",
        "HTTP_PROXY": "http://pip.example:1",
    }
    monkeypatch.setenv("UV_INDEX_URL", "https://uv.example")
    assert "UV_DEFAULT_INDEX" not in settings()
    monkeypatch.delenv("UV_INDEX_URL")
    write(home / ".config/uv/uv.toml", "")
    assert "UV_DEFAULT_INDEX" not in settings()
