"""Where weights are kept, and from where they come."""

from pathlib import Path

import pytest

from weights.errors import WeightsError
from weights.settings import load_settings


def test_the_cache_is_the_users_own_for_all_clones(tmp_path: Path) -> None:
    assert load_settings({}).cache == Path.home() / ".cache/atelier/weights"
    assert load_settings({"XDG_CACHE_HOME": "/c"}).cache == Path("/c/atelier/weights")
    # The specification of the variable: a relative path is to be ignored.
    assert load_settings({"XDG_CACHE_HOME": "c"}).cache == load_settings({}).cache


def test_an_empty_variable_counts_as_not_given() -> None:
    given = {"XDG_CACHE_HOME": "", "WEIGHTS_MIRROR": "", "ATELIER_CATALOGUE": ""}
    assert load_settings(given) == load_settings({})


@pytest.mark.parametrize("mirror", ["mirror.example.org", "ftp://m", "https://m/a?key=secret"])
def test_a_mirror_that_is_no_address_is_refused(mirror: str) -> None:
    with pytest.raises(WeightsError, match=r"WEIGHTS_MIRROR: .* is not an address") as raised:
        load_settings({"WEIGHTS_MIRROR": mirror})
    assert "secret" not in str(raised.value)
