"""Access tokens for gs:// addresses: on a person's machine, and where images are built."""

import importlib.util
import json
import urllib.error
import urllib.request
from pathlib import Path

from weights.errors import WeightsError

SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
SECRET = Path("/run/secrets/google_token")
"""docker build --secret id=google_token mounts it here."""
METADATA = (
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"
)
METADATA_SECONDS = 3


def library_token() -> str | None:
    """Return a token of the application default credentials, or None where there are none.

    Raises:
        WeightsError: there are credentials, and Google does not accept them (any more).
    """
    if importlib.util.find_spec("google") is None or not importlib.util.find_spec("google.auth"):
        return None
    import google.auth.exceptions
    import google.auth.transport.requests

    try:
        credentials, _ = google.auth.default(scopes=[SCOPE])
    except google.auth.exceptions.DefaultCredentialsError:
        return None
    try:
        credentials.refresh(google.auth.transport.requests.Request())
    except google.auth.exceptions.GoogleAuthError as error:
        raise WeightsError(
            f"Google refuses this machine's credentials ({error}). Renew them: gcloud auth "
            "application-default login"
        ) from error
    return credentials.token


def build_token(secret: Path = SECRET, metadata: str = METADATA) -> str | None:
    """Return the token of a build's mounted secret, else of the machine that it runs on (Cloud
    Build's, when the build has its network), else None."""
    if secret.is_file():
        return secret.read_text().strip()
    request = urllib.request.Request(metadata, headers={"Metadata-Flavor": "Google"})
    # Never by a proxy: the address exists on the machine itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=METADATA_SECONDS) as answer:
            return json.load(answer)["access_token"]
    except (OSError, ValueError, KeyError):
        # There is no such machine, or it has no account: a public object needs neither.
        return None
