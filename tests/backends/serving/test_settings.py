from pathlib import Path

import pytest

from backends.serving.errors import SettingsError
from backends.serving.settings import ModelSettings, ServingSettings


def test_all_bad_variables_are_reported_together() -> None:
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


def test_a_variable_that_must_be_set_is_named() -> None:
    with pytest.raises(SettingsError, match="MODEL_CLASS: is not set, and there is no default"):
        ServingSettings.from_environment({})


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


def test_settings_do_not_change() -> None:
    settings = ServingSettings.from_environment({"MODEL_CLASS": "a:B"})
    with pytest.raises(ValueError, match="frozen"):
        settings.label_config = Path("elsewhere")  # pyright: ignore[reportAttributeAccessIssue]


class TestWhereImagesComeFrom:
    def test_lists_are_taken_apart_and_units_carried_over(self) -> None:
        settings = ModelSettings.from_environment(
            {
                "IMAGE_HOSTS": "Images.example.org, cdn.example.org:8443,",
                "LABEL_STUDIO_ALIASES": "https://a.example/team,http://b.example",
                "IMAGE_MAX_MB": "2",
            }
        )
        assert settings.image_hosts == {"images.example.org", "cdn.example.org:8443"}
        assert settings.label_studio_aliases == {"https://a.example/team", "http://b.example"}
        assert settings.max_bytes == 2 * 1024 * 1024
        assert settings.max_pixels == 100_000_000

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("LABEL_STUDIO_URL", "studio.example", "must be http"),
            ("LABEL_STUDIO_URL", "ftp://studio.example", "must be http"),
            ("LABEL_STUDIO_URL", "http://u:p@studio.example", "must be http"),
            ("LABEL_STUDIO_URL", "http://studio.example?x=1", "must be http"),
            ("LABEL_STUDIO_ALIASES", "http://studio.example,studio", "must be http"),
            ("IMAGE_HOSTS", "https://images.example", "no scheme"),
            ("IMAGE_HOSTS", "*.example", "no scheme, path or wildcard"),
            ("IMAGE_HOSTS", "fine.example,images.example/a", "no scheme, path"),
            ("IMAGE_MAX_MB", "0", "greater than 0"),
            ("IMAGE_MAX_MEGAPIXELS", "-1", "greater than 0"),
            ("IMAGE_TIMEOUT_SECONDS", "0", "greater than 0"),
        ],
    )
    def test_a_bad_setting_is_named(self, name: str, value: str, sentence: str) -> None:
        with pytest.raises(SettingsError, match=f"{name}: .*{sentence}") as caught:
            ModelSettings.from_environment({name: value})
        assert "u:p" not in str(caught.value)

    def test_the_key_is_shown_as_stars(self) -> None:
        shown = repr(ModelSettings.from_environment({"LABEL_STUDIO_API_KEY": "very-secret"}))
        assert "very-secret" not in shown
        assert "***" in shown
