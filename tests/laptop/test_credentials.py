"""Credentials are made once, kept private, and print as stars."""

import stat
from pathlib import Path

from laptop.credentials import Credentials, ensure_credentials, write_private


def test_a_second_start_finds_the_credentials_of_the_first(tmp_path: Path) -> None:
    file = tmp_path / "data" / "credentials.json"
    first = ensure_credentials(file)
    assert ensure_credentials(file) == first
    assert first.revealed() != Credentials().revealed()


def test_the_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "secret.json"
    file.write_text("old")
    file.chmod(0o644)
    write_private(file, "new")
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.json"]


def test_no_secret_appears_in_what_is_printed() -> None:
    made = Credentials()
    shown = f"{made} {made!r} {made.model_dump_json()}"
    hidden = [value for name, value in made.revealed().items() if name != "user"]
    assert len(hidden) == 5
    assert not [value for value in hidden if value in shown]


def test_the_token_fits_into_label_studios_column() -> None:
    assert len(Credentials().token.get_secret_value()) == 40
