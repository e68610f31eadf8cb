"""Google's APIs as the checks ask them: one GET or POST, and the JSON that came back.

By google-auth and plain REST: client libraries for seven APIs take seconds to import, and the
checks read two or three fields of each answer. Addresses are overridden as for the Google provider
itself (registry.terraform.io/providers/hashicorp/google, "Custom endpoints").
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from infra.dynamic.calls import COMPUTE, STORAGE, is_loopback, is_not_enabled

Service = Literal[
    "artifactregistry", "billing", "compute", "quotas", "resources", "serviceusage", "storage"
]

SECONDS = 8
# The provider's variable, the address, and what a given address without a path is completed with.
_ADDRESSES: Mapping[Service, tuple[str, str]] = {
    "artifactregistry": (
        "GOOGLE_ARTIFACT_REGISTRY_CUSTOM_ENDPOINT",
        "https://artifactregistry.googleapis.com/v1/",
    ),
    "billing": ("GOOGLE_CLOUD_BILLING_CUSTOM_ENDPOINT", "https://cloudbilling.googleapis.com/v1/"),
    "compute": (COMPUTE, "https://compute.googleapis.com/compute/v1/"),
    # Of Service Usage: its successor, the Cloud Quotas API, would have to be enabled first.
    "quotas": (
        "GOOGLE_SERVICE_USAGE_CUSTOM_ENDPOINT",
        "https://serviceusage.googleapis.com/v1beta1/",
    ),
    "resources": (
        "GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT",
        "https://cloudresourcemanager.googleapis.com/v1/",
    ),
    "serviceusage": (
        "GOOGLE_SERVICE_USAGE_CUSTOM_ENDPOINT",
        "https://serviceusage.googleapis.com/v1/",
    ),
    "storage": (STORAGE, "https://storage.googleapis.com/storage/v1/"),
}


@dataclass(frozen=True)
class Answer:
    """What an API said: its HTTP status, 0 where it could not be reached, and its JSON."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def ok(self) -> bool:
        """Whether it did what it was asked."""
        return self.status == 200

    @property
    def missing(self) -> bool:
        """Whether there is no such thing."""
        return self.status == 404

    @property
    def message(self) -> str:
        """Google's own words for an error."""
        error = self.body.get("error")
        if isinstance(error, Mapping):
            return str(cast("Mapping[str, Any]", error).get("message", ""))
        return str(error or f"status {self.status}")

    @property
    def api_is_off(self) -> bool:
        """Whether it is refused because the project has not enabled the API."""
        return (
            self.status == 403 and not self.lacks_quota_project and is_not_enabled(str(self.body))
        )

    @property
    def lacks_quota_project(self) -> bool:
        """Whether it is refused because the login's calls are counted on no project.

        Google gives the reason SERVICE_DISABLED here too, and means its own project for gcloud:
        https://cloud.google.com/docs/authentication/troubleshoot-adc#user-creds-client-based.
        """
        return self.status == 403 and "requires a quota project" in str(self.body)


class Google:
    """The APIs, with somebody's login.

    Args:
        credentials: Of google-auth; None sends none, which only a stand-in takes.
    """

    def __init__(self, credentials: Any, environ: Mapping[str, str] = os.environ) -> None:
        self._credentials = credentials
        self._environ = environ

    def ask(
        self,
        service: Service,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Return the answer to a GET, or to a POST where there is a body."""
        # Imported here, as the other verbs do without.
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import AuthorizedSession
        from requests import RequestException, Session

        # One session a question: requests' are not made for several threads.
        # google-auth leaves its arguments untyped.
        session: Any = AuthorizedSession(self._credentials) if self._credentials else Session()
        try:
            with session:
                said = session.request(
                    "GET" if body is None else "POST",
                    f"{self._base(service)}{path}",
                    params=dict(params or {}),
                    json=body,
                    timeout=SECONDS,
                )
                return Answer(said.status_code, said.json())
        except (RequestException, GoogleAuthError, ValueError) as fault:
            return Answer(0, {"error": f"cannot be reached ({type(fault).__name__})"})

    def _base(self, service: Service) -> str:
        variable, usual = _ADDRESSES[service]
        given = self._environ.get(variable, "")
        if not given:
            return usual
        has_path = urlsplit(given).path.strip("/")
        return f"{given.rstrip('/')}/" if has_path else f"{given.rstrip('/')}{urlsplit(usual).path}"


def stood_in(environ: Mapping[str, str]) -> bool:
    """Return whether a stand-in on this computer takes Google's place, which wants no login."""
    address = urlsplit(environ.get(COMPUTE, ""))
    return address.scheme == "http" and is_loopback(address.hostname or "")
