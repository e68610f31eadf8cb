"""The running demo is found by itself, unless something else is named."""

import json
from pathlib import Path

from studio.demo import with_demo

DEMO = {
    "url": "http://127.0.0.1:8080",
    "token": "t",
    "backends": {"segmentation": {"url": "http://127.0.0.1:7070", "user": "u", "password": "p"}},
}


def test_its_addresses_and_passwords_are_there(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text(json.dumps(DEMO))
    given = {"ATELIER_STATE": str(tmp_path), "SEGMENTATION_USER": "mine", "LABEL_STUDIO_URL": ""}
    assert with_demo(given) == {
        "ATELIER_STATE": str(tmp_path),
        "LABEL_STUDIO_URL": "http://127.0.0.1:8080",
        "LABEL_STUDIO_API_KEY": "t",
        "SEGMENTATION_URL": "http://127.0.0.1:7070",
        "SEGMENTATION_USER": "mine",
        "SEGMENTATION_PASSWORD": "p",
    }


def test_another_label_studio_gets_none_of_its_secrets(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text(json.dumps(DEMO))
    given = {"ATELIER_STATE": str(tmp_path)}
    assert with_demo(given, "https://studio.example.org") == given
    elsewhere = {**given, "LABEL_STUDIO_URL": "https://studio.example.org"}
    assert with_demo(elsewhere) == elsewhere


def test_no_demo_is_no_error(tmp_path: Path) -> None:
    given = {"ATELIER_STATE": str(tmp_path)}
    assert with_demo(given) == given
    (tmp_path / "demo.json").write_text("{")
    assert with_demo(given) == given
