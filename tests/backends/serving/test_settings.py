from pathlib import Path

import pytest

from backends.serving.errors import SettingsError
from backends.serving.image_settings import ImageAccessSettings
from backends.serving.settings import ServingSettings


def test_all_bad_variables_are_told_together() -> None:
    with pytest.raises(SettingsError) as caught:
        ServingSettings.from_environment(
            {
                "MODEL_CLASS": "no colon",
                "PORT": "x",
                "THREADS": "0",
                "LABEL_CONFIG": "absent.xml",
            }
        )
    for name in ("MODEL_CLASS", "PORT", "THREADS", "LABEL_CONFIG"):
        assert name in str(caught.value)


def test_the_password_shows_in_no_message() -> None:
    with pytest.raises(SettingsError, match="go together") as caught:
        ServingSettings.from_environment({"MODEL_CLASS": "a:B", "BASIC_AUTH_PASS": "hush-hush"})
    assert "hush" not in str(caught.value)
    settings = ServingSettings.from_environment(
        {"MODEL_CLASS": "a:B", "BASIC_AUTH_USER": "u", "BASIC_AUTH_PASS": "hush-hush"}
    )
    assert "hush" not in repr(settings)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    settings = ServingSettings.from_environment({"MODEL_CLASS": "a:B", "LABEL_CONFIG": ""})
    assert settings.label_config is None


def test_image_settings_carry_units_over() -> None:
    access = ImageAccessSettings.from_environment(
        {"IMAGE_HOSTS": "Images.example.org, cdn.example.org:8443,", "IMAGE_MAX_MB": "2"}
    ).for_access()
    assert access.allowed_hosts == {"images.example.org", "cdn.example.org:8443"}
    assert access.max_bytes == 2 * 1024 * 1024
    assert access.max_pixels == 100_000_000


def test_settings_do_not_change() -> None:
    settings = ServingSettings.from_environment({"MODEL_CLASS": "a:B"})
    with pytest.raises(ValueError, match="frozen"):
        settings.label_config = Path("elsewhere")  # pyright: ignore[reportAttributeAccessIssue]
