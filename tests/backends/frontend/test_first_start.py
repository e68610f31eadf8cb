"""A database is made anew as long as its first migrations never ended. PostgreSQL: tests/vm."""

from contextlib import suppress
from pathlib import Path

import pytest

from backends.frontend.database import DATABASE_NAME
from backends.frontend.first_start import first_start
from backends.frontend.settings import Settings
from tests.backends.frontend.test_database import settings_for


class PowerCut(Exception):
    pass


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path)


def migrate(settings: Settings, content: str, ends: bool = True) -> str:
    """Start once; return what the database held when the migrations began."""
    database = settings.data_dir / DATABASE_NAME
    held = ""
    with suppress(PowerCut), first_start(settings, {}):
        held = database.read_text() if database.exists() else ""
        database.write_text(content)
        if not ends:
            raise PowerCut
    return held


def test_what_was_cut_short_is_thrown_away_as_often_as_it_is_cut(settings: Settings) -> None:
    assert migrate(settings, "a part", ends=False) == ""
    (settings.data_dir / f"{DATABASE_NAME}-journal").write_text("of a part")
    assert migrate(settings, "another part", ends=False) == ""
    assert not (settings.data_dir / f"{DATABASE_NAME}-journal").exists()
    assert migrate(settings, "all") == ""
    assert migrate(settings, "all, and more") == "all"


def test_later_migrations_that_are_cut_short_lose_nothing(settings: Settings) -> None:
    migrate(settings, "annotations")
    assert migrate(settings, "annotations, and a part", ends=False) == "annotations"
    assert migrate(settings, "annotations") == "annotations, and a part"


def test_a_database_of_before_this_was_looked_at_is_kept(settings: Settings) -> None:
    (settings.data_dir / DATABASE_NAME).write_text("annotations")
    assert migrate(settings, "annotations", ends=False) == "annotations"
    assert migrate(settings, "annotations") == "annotations"


def test_other_files_of_the_folder_stay(settings: Settings) -> None:
    others = {"media", f"{DATABASE_NAME}.copy"}
    for name in others:
        (settings.data_dir / name).mkdir()
    migrate(settings, "a part", ends=False)
    migrate(settings, "all")
    assert {file.name for file in settings.data_dir.iterdir()} == {DATABASE_NAME, *others}
