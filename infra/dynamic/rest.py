"""One call to a Google API by plain REST: for those that have no client library here."""

# The client library has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from dataclasses import dataclass, replace
from typing import Any, Literal

from infra.dynamic.calls import endpoint
from infra.dynamic.credentials import Access, CredentialsError

Verb = Literal["DELETE", "GET", "PATCH", "POST"]

SECONDS = 30
NOT_FOUND = 404


class RestError(RuntimeError):
    """A call failed; the message says how Google answered, the status is 0 where it did not."""

    def __init__(self, said: str, status: int = 0) -> None:
        super().__init__(said)
        self.status = status


@dataclass(frozen=True)
class Api:
    """An API: the provider's variable that leads elsewhere, and where it is without."""

    variable: str
    googles: str


@dataclass(frozen=True)
class Caller:
    """Who asks, and on which project's account calls are counted."""

    api: Api
    access: Access
    quota_project: str

    def call(self, what: str, verb: Verb, path: str, content: Any = None) -> dict[str, Any]:
        """Return Google's answer.

        Args:
            what: What the call is about, as a sentence begins with it.
            verb: The HTTP method.
            path: The path after the API's address.
            content: What is sent, as JSON.

        Raises:
            RestError: There is no login, no answer, or it is a refusal.
        """
        from google.auth.exceptions import GoogleAuthError
        from requests.exceptions import RequestException

        try:
            address, plain = endpoint(self.api.variable)
            url = (address or self.api.googles) + path
            session = self._session(plain=plain)
            answer = session.request(verb, url, json=content, timeout=SECONDS)
        except (CredentialsError, GoogleAuthError, RequestException) as fault:
            raise RestError(f"{what} could not be reached ({fault}).") from None
        if answer.ok:
            return answer.json() if answer.content else {}
        try:
            said = answer.json()["error"]["message"]
        except (ValueError, KeyError, TypeError):
            said = answer.reason
        status = answer.status_code
        raise RestError(f"{what} is refused: {said} (status {status}).", status)

    def _session(self, *, plain: bool) -> Any:
        """Return a session; without credentials where plain http leads to this computer."""
        import requests
        from google.auth.transport.requests import AuthorizedSession

        if plain:
            return requests.Session()
        # The API counts its calls on a project, and a person's own credentials have none.
        counted = replace(self.access, quota_project=self.quota_project)
        return AuthorizedSession(counted.credentials())
