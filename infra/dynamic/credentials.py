"""Whose calls the dynamic resources make: those of the credentials that the Google provider has.

The provider's own keys of the stack's config, and its environment variables where a key is not set:
https://www.pulumi.com/registry/packages/gcp/installation-configuration. Without any of them, both
use application default credentials. The client library takes a second to import, so it is imported
by the first call.
"""

# The client library has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import json
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import ConfigureRequest, ResourceProvider

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
TOKEN_VARIABLES = ("GOOGLE_OAUTH_ACCESS_TOKEN",)
KEY_VARIABLES = ("GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON")
# The config's keys that hold a login, the first that is set, with the variables for each.
LOGIN_KEYS: Mapping[str, tuple[str, ...]] = {
    "gcp:accessToken": TOKEN_VARIABLES,
    "gcp:credentials": KEY_VARIABLES,
}


class CredentialsError(RuntimeError):
    """The provider's credentials cannot be used; the message names the config key, no secret."""


@dataclass(frozen=True)
class Access:
    """What the provider is told of its credentials; empty values are left to Google's defaults.

    Attributes:
        token: An OAuth access token.
        key: A credentials file's path, or its JSON.
        account: The e-mail address of the service account to act as.
        delegates: The accounts by which that account is reached, in order.
        quota_project: The project that calls are counted on.
    """

    token: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    account: str = ""
    delegates: tuple[str, ...] = ()
    quota_project: str = ""

    @classmethod
    def of(cls, get: Callable[[str], object], environ: Mapping[str, str] | None = None) -> "Access":
        """Return what the stack's config says: `get` takes a full key, such as gcp:credentials."""
        env = os.environ if environ is None else environ

        def text(key: str, *variables: str) -> str:
            given = get(f"gcp:{key}") or next(filter(None, map(env.get, variables)), "")
            return str(given)

        token = text("accessToken", *TOKEN_VARIABLES)
        override = text("userProjectOverride", "USER_PROJECT_OVERRIDE").lower() in ("true", "1")
        billed = text("billingProject", "GOOGLE_BILLING_PROJECT")
        return cls(
            token,
            # A token of the config is not outvoted by a key in the environment.
            text("credentials", *(() if token else KEY_VARIABLES)),
            text("impersonateServiceAccount", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"),
            _listed(get("gcp:impersonateServiceAccountDelegates")),
            (billed or str(get("gcp:project") or "")) if override else "",
        )

    def credentials(self) -> "Credentials":
        """Return the credentials.

        Raises:
            CredentialsError: if gcp:credentials is neither a file nor its content.
            google.auth.exceptions.GoogleAuthError: if there are none.
        """
        import google.auth
        from google.auth import impersonated_credentials
        from google.oauth2.credentials import Credentials as TokenCredentials

        found: Any
        if self.token:
            found = TokenCredentials(self.token, quota_project_id=self.quota_project or None)
        elif self.key:
            load: Any = google.auth.load_credentials_from_dict
            with warnings.catch_warnings():
                # It warns of files from a stranger; this one is named by whoever runs the stack.
                warnings.simplefilter("ignore", DeprecationWarning)
                content, quota = _content(self.key), self.quota_project or None
                found, _ = load(content, SCOPES, quota_project_id=quota)
        else:
            default: Any = google.auth.default
            found, _ = default(SCOPES, quota_project_id=self.quota_project or None)
        if not self.account:
            return found
        return impersonated_credentials.Credentials(
            found,
            self.account,
            list(SCOPES),
            delegates=list(self.delegates),
            quota_project_id=self.quota_project or None,
        )


DEFAULT = Access()


class GoogleProvider(ResourceProvider):
    """A dynamic provider that calls Google as the Google provider does.

    The engine gives every dynamic provider the stack's whole config
    (pulumi/pkg/resource/deploy/target.go, GetPackageConfig), also in `pulumi destroy`. It keeps the
    provider itself as a pickle in the state and runs it without the program. The pickle is the
    class's name alone: no code, no setting and no secret is in it. So a class may not be renamed or
    moved while stacks exist.
    """

    # It holds nothing: a secret would only make the state harder to read.
    serialize_as_secret_always = False
    access = DEFAULT

    def configure(self, req: ConfigureRequest) -> None:
        """Take the credentials from the stack's config."""
        self.access = Access.of(req.config.get)


def _listed(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = json.loads(value) if value else ()
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()


def _content(key: str) -> dict[str, Any]:
    try:
        text = key if key.lstrip().startswith("{") else Path(key).expanduser().read_text("utf-8")
        return json.loads(text)
    except (OSError, ValueError) as fault:
        # Neither the path, which may be a key that lost its brace, nor the parser's quote of it.
        raise CredentialsError(
            "gcp:credentials is neither the path of a credentials file that can be read nor its"
            f" JSON ({type(fault).__name__})."
        ) from None
