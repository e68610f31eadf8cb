"""What Label Studio is started with."""

from backends.frontend.environment import label_studio_environment, with_first_user
from backends.frontend.settings import read_settings

GIVEN = {
    "LABEL_STUDIO_USERNAME": "admin@atelier.test",
    "LABEL_STUDIO_PASSWORD": "correct-horse",
    "LABEL_STUDIO_USER_TOKEN": "0123456789abcdef0123456789abcdef01234567",
    "LABEL_STUDIO_BASE_DATA_DIR": "/srv/label-studio",
    "HOST": "127.0.0.1",
    "PORT": "8123",
    "ML_BACKEND_ADDRESSES": "127.0.0.1/32",
    "PATH": "/usr/bin",
    "STORAGE_EMULATOR_HOST": "http://127.0.0.1:9023",
}

LAPTOP = {
    "LABEL_STUDIO_BASE_DATA_DIR": "/srv/label-studio",
    "LABEL_STUDIO_PORT": "8123",
    "LABEL_STUDIO_DJANGO_DB": "sqlite",
    "LABEL_STUDIO_HOST": "",
    "LABEL_STUDIO_ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
    "LABEL_STUDIO_DEBUG": "false",
    "LABEL_STUDIO_SSRF_PROTECTION_ENABLED": "true",
    "LABEL_STUDIO_ML_BLOCK_LOCAL_IP": "true",
    "LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS": "false",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ALLOW_ORGANIZATION_CREATION": "false",
    "LABEL_STUDIO_CORS_ALLOW_ALL_ORIGINS": "false",
    "LABEL_STUDIO_SESSION_COOKIE_SECURE": "0",
    "LABEL_STUDIO_CSRF_COOKIE_SECURE": "0",
    "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "false",
    "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
    "LABEL_STUDIO_SENTRY_DSN": "",
    "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_FEATURE_FLAGS_OFFLINE": "true",
    "LABEL_STUDIO_ff_front_dev_1682_model_version_dropdown_070622_short": "true",
    "LABEL_STUDIO_FUTURE_SAVE_TASK_TO_STORAGE": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "LABEL_STUDIO_GCS_CLOUD_STORAGE_FORCE_DEFAULT_CREDENTIALS": "true",
    "DJANGO_SETTINGS_MODULE": "backends.frontend.django_settings",
    "LOG_LEVEL": "WARNING",
    "TZ": "UTC",
    "PATH": "/usr/bin",
    "STORAGE_EMULATOR_HOST": "http://127.0.0.1:9023",
}


def environment(**more: str) -> dict[str, str]:
    given = {**GIVEN, **more}
    return label_studio_environment(read_settings(given), given)


def test_a_laptop_gets_exactly_this_environment() -> None:
    made = environment()
    banned = made.pop("LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS").split(",")
    assert "169.254.0.0/16" in banned
    assert "127.0.0.0/8" not in banned
    unrelated = {"ML_BACKEND_ADDRESSES", "LABEL_STUDIO_USERNAME"}
    assert {k: v for k, v in made.items() if k not in unrelated} == LAPTOP


def test_behind_https_cookies_are_secure_and_the_origin_is_trusted() -> None:
    made = environment(LABEL_STUDIO_HOST="https://label.example.org:8443/studio/")
    # Label Studio reads these two by int(): the word true would crash it.
    assert made["LABEL_STUDIO_SESSION_COOKIE_SECURE"] == "1"
    assert made["LABEL_STUDIO_CSRF_COOKIE_SECURE"] == "1"
    assert made["LABEL_STUDIO_CSRF_TRUSTED_ORIGINS"] == "https://label.example.org:8443"
    assert made["LABEL_STUDIO_HOST"] == "https://label.example.org:8443/studio"
    assert made["LABEL_STUDIO_ALLOWED_HOSTS"].endswith(",label.example.org")


def test_the_server_process_never_holds_the_first_users_secrets() -> None:
    made = environment(HEARTEX_PASSWORD="another", PASSWORD="third")
    text = repr(made)
    for secret in ("correct-horse", GIVEN["LABEL_STUDIO_USER_TOKEN"], "another", "third"):
        assert secret not in text


def test_init_gets_the_first_users_secrets_from_the_environment() -> None:
    settings = read_settings(GIVEN)
    made = with_first_user(environment(), settings)
    assert made["LABEL_STUDIO_PASSWORD"] == "correct-horse"
    assert made["LABEL_STUDIO_USER_TOKEN"] == GIVEN["LABEL_STUDIO_USER_TOKEN"]


def test_another_spelling_cannot_undo_a_decision() -> None:
    made = environment(COLLECT_ANALYTICS="true", HEARTEX_SENTRY_DSN="https://key@sentry.example/1")
    assert "COLLECT_ANALYTICS" not in made
    assert "HEARTEX_SENTRY_DSN" not in made


def test_the_secret_key_is_passed_when_given_and_kept_by_label_studio_when_not() -> None:
    assert environment(SECRET_KEY="k" * 50)["SECRET_KEY"] == "k" * 50
    assert "SECRET_KEY" not in environment()


def test_addresses_are_signed_by_iam_unless_there_is_a_key_or_somebody_says_otherwise() -> None:
    name = "GCS_CLOUD_STORAGE_FORCE_DEFAULT_CREDENTIALS"
    assert f"LABEL_STUDIO_{name}" not in environment(GOOGLE_APPLICATION_CREDENTIALS="/key.json")
    made = environment(**{name: "false"})
    assert f"LABEL_STUDIO_{name}" not in made
    assert made[name] == "false"
