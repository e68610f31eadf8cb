"""The frontend's settings: frozen, checked all at once, and no secret ever shown."""

import pytest
from pydantic import ValidationError

from backends.frontend.settings import Settings, SettingsError, read_settings

GOOD = {
    "LABEL_STUDIO_USERNAME": "admin@atelier.test",
    "LABEL_STUDIO_PASSWORD": "correct-horse",
    "LABEL_STUDIO_USER_TOKEN": "0123456789abcdef0123456789abcdef01234567",
    "LABEL_STUDIO_BASE_DATA_DIR": "data",
}


def test_defaults_are_those_of_a_laptop() -> None:
    settings = read_settings(GOOD)
    assert (settings.host, settings.port, settings.database) == ("127.0.0.1", 8080, "sqlite")
    assert settings.workers * settings.threads > 9, "nine labelers may click at the same moment"
    assert settings.data_dir.is_absolute()


def test_the_first_users_address_is_what_label_studio_will_look_for() -> None:
    settings = read_settings(GOOD | {"LABEL_STUDIO_USERNAME": "Lead@Garments.Test"})
    assert settings.username == "Lead@garments.test"


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        read_settings(GOOD).port = 1


def test_every_bad_setting_is_named_in_one_message() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(
            {
                "LABEL_STUDIO_USERNAME": "nobody",
                "LABEL_STUDIO_PASSWORD": "short",
                "LABEL_STUDIO_USER_TOKEN": "x" * 41,
                "LABEL_STUDIO_HOST": "label.example.org",
                "PORT": "many",
                "WEB_THREADS": "1",
                "ML_BACKEND_ADDRESSES": "169.254.169.254",
                "DJANGO_DB": "mysql",
                "HEARTEX_ML_BLOCK_LOCAL_IP": "false",
                "SSRF_PROTECTION_ENABLED": "0",
                "DEBUG": "true",
            }
        )
    message = str(caught.value)
    for name in (
        *("LABEL_STUDIO_USERNAME", "LABEL_STUDIO_PASSWORD", "LABEL_STUDIO_USER_TOKEN"),
        *("LABEL_STUDIO_BASE_DATA_DIR", "LABEL_STUDIO_HOST", "PORT", "WEB_THREADS", "DJANGO_DB"),
        *("ML_BACKEND_ADDRESSES", "HEARTEX_ML_BLOCK_LOCAL_IP", "SSRF_PROTECTION_ENABLED", "DEBUG"),
    ):
        assert f"  {name}" in message, name
    assert "short" not in message
    assert "x" * 41 not in message


def test_secrets_print_as_stars() -> None:
    shown = repr(read_settings({**GOOD, "SECRET_KEY": "very-secret"}))
    for secret in ("correct-horse", GOOD["LABEL_STUDIO_USER_TOKEN"], "very-secret"):
        assert secret not in shown


def test_a_token_longer_than_the_database_column_is_refused() -> None:
    with pytest.raises(SettingsError, match="16 to 40 characters, not 41"):
        read_settings({**GOOD, "LABEL_STUDIO_USER_TOKEN": "x" * 41})


def test_protections_may_be_named_as_they_are() -> None:
    same = {"SSRF_PROTECTION_ENABLED": "true", "LABEL_STUDIO_DEBUG": "False"}
    assert read_settings({**GOOD, **same}) == read_settings(GOOD)


def test_every_setting_has_a_name_in_the_environment() -> None:
    names = [str(field.alias) for field in Settings.model_fields.values()]
    assert [name for name in names if not name.isupper()] == []
