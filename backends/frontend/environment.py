"""The environment that Label Studio is started with: a pure function of the settings."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from backends.frontend.networks import banned_subnets
from backends.frontend.settings import Settings

DJANGO_SETTINGS_MODULE = "backends.frontend.django_settings"

# Label Studio reads setting X as LABEL_STUDIO_X, then HEARTEX_X, then X.
PREFIXES = ("LABEL_STUDIO_", "HEARTEX_", "")

# Whether addresses in Cloud Storage are signed with a key of Label Studio's own, or by IAM.
KEY_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
SIGN_BY_IAM = "GCS_CLOUD_STORAGE_FORCE_DEFAULT_CREDENTIALS"


def label_studio_environment(settings: Settings, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of the server process: ``inherited`` with ours on top.

    Neither the password nor the token is in it; `with_first_user` adds them for the one command
    that needs them.
    """
    ours = _decided(settings)
    hidden = {prefix + name for name in (*ours, "PASSWORD", "USER_TOKEN") for prefix in PREFIXES}
    # HOST is the address to listen on here, and the public address to Label Studio.
    hidden |= {"HOST", "HEARTEX_HOST", "SECRET_KEY"}
    environment = {name: value for name, value in inherited.items() if name not in hidden}
    environment |= {f"LABEL_STUDIO_{name}": value for name, value in ours.items()}
    environment |= {
        "DJANGO_SETTINGS_MODULE": DJANGO_SETTINGS_MODULE,
        # Read under this name only, and only when the organisation is made.
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        # Label Studio's frontend and Python both write it in UTC.
        "TZ": "UTC",
        "LOG_LEVEL": settings.log_level,
    }
    if settings.secret_key is not None:
        environment["SECRET_KEY"] = settings.secret_key.get_secret_value()
    if not _is_set(KEY_FILE, inherited) and not _is_set(SIGN_BY_IAM, inherited):
        # The account attached to the machine has no key here: Google signs in its name. With a key
        # file Label Studio signs by itself, and this switch would have it ask all the same.
        environment[f"LABEL_STUDIO_{SIGN_BY_IAM}"] = "true"
    return environment


def with_first_user(environment: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return ``environment`` with the first user's secrets, for `label-studio init` alone."""
    secrets = {
        "LABEL_STUDIO_USERNAME": settings.username,
        "LABEL_STUDIO_PASSWORD": settings.password.get_secret_value(),
    }
    if settings.token is not None:
        secrets["LABEL_STUDIO_USER_TOKEN"] = settings.token.get_secret_value()
    return {**environment, **secrets}


def _decided(settings: Settings) -> dict[str, str]:
    decided = {
        "BASE_DATA_DIR": str(settings.data_dir),
        "PORT": str(settings.port),
        "DJANGO_DB": settings.database,
        "HOST": settings.public_url,
        "ALLOWED_HOSTS": settings.allowed_hosts or ",".join(_answered_hosts(settings)),
        "DEBUG": "false",
        # Addresses that Label Studio may call.
        "SSRF_PROTECTION_ENABLED": "true",
        "ML_BLOCK_LOCAL_IP": "true",
        "USE_DEFAULT_BANNED_SUBNETS": "false",
        "USER_ADDITIONAL_BANNED_SUBNETS": ",".join(banned_subnets(settings.backend_addresses)),
        # Who may come in.
        "DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "ALLOW_ORGANIZATION_CREATION": "false",
        "CORS_ALLOW_ALL_ORIGINS": "false",
        "SESSION_COOKIE_SECURE": "1" if settings.https else "0",
        "CSRF_COOKIE_SECURE": "1" if settings.https else "0",
        # Label Studio otherwise looks for a data folder of its own and serves what it finds.
        "LOCAL_FILES_SERVING_ENABLED": "false",
        # Nobody outside learns that the studio exists.
        "COLLECT_ANALYTICS": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LATEST_VERSION_CHECK": "false",
        "FEATURE_FLAGS_OFFLINE": "true",
        # Which predictions count for a task's score: those of the versions that the backends told
        # last. Otherwise Label Studio looks for a version that is called as the backend, and no
        # task has a score (data_manager/managers.py, annotate_predictions_score). What else asks
        # for this flag is not reached in this version.
        "ff_front_dev_1682_model_version_dropdown_070622_short": "true",
        # A target storage gets one <task id>.json with all of the task's annotations.
        "FUTURE_SAVE_TASK_TO_STORAGE": "true",
    }
    if settings.public_url:
        decided["CSRF_TRUSTED_ORIGINS"] = _origin(settings.public_url)
    return decided


def _is_set(name: str, environment: Mapping[str, str]) -> bool:
    return any(environment.get(prefix + name) for prefix in PREFIXES)


def _answered_hosts(settings: Settings) -> list[str]:
    """Names in a Host header that are answered; others could be a rebound DNS name."""
    hosts = ["localhost", "127.0.0.1", "[::1]"]
    public = urlsplit(settings.public_url).hostname
    if public:
        hosts.append(public)
    elif settings.host not in hosts and settings.host != "::1":
        # Listening on other addresses without a public one: the machine's names are unknown.
        hosts = ["*"]
    return hosts


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
