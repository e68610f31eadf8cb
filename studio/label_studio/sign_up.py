"""Sign-up: the free edition has no API for accounts, so one is created as a person would.

Sign-up stays closed to everybody else: the page is opened with the organisation's invitation.
"""

from urllib.parse import urljoin

import requests
from pydantic import SecretStr

from studio.errors import RefusedError
from studio.label_studio.answers import explained, reason_in
from studio.label_studio.connection import Connection

TIMEOUT_SECONDS = 60.0


def sign_up(connection: Connection, invitation: str, email: str, password: SecretStr) -> None:
    """Create an account and log in with it once.

    Args:
        invitation: path of the sign-up page with the organisation's token in its query.

    Raises:
        NotReachableError: Label Studio does not answer.
        RefusedError: it does not accept the address or the password; its reason is in the message.
    """
    doing = f"creating an account for {email}"
    form = {"email": email, "password": password.get_secret_value()}
    with explained(connection, doing):
        answer = _post_form(connection, invitation, form)
        if answer.status_code != 302:
            raise RefusedError(f"{doing}: Label Studio refused: {_reason(answer, password)}")
        answer = _post_form(connection, "/user/login/", form)
        if answer.status_code != 302:
            reason = _reason(answer, password)
            raise RefusedError(f"{doing}: it was created but cannot log in: {reason}")


def _post_form(connection: Connection, path: str, form: dict[str, str]) -> requests.Response:
    """Fill a form in a browser's way: cookie and token from the page, then the post."""
    page = urljoin(f"{connection.url}/", path.lstrip("/"))
    with requests.Session() as session:
        session.get(page, timeout=TIMEOUT_SECONDS).raise_for_status()
        token = session.cookies.get("csrftoken", "")
        return session.post(
            page,
            data={**form, "csrfmiddlewaretoken": token},
            headers={"Referer": page},
            allow_redirects=False,
            timeout=TIMEOUT_SECONDS,
        )


def _reason(answer: requests.Response, password: SecretStr) -> str:
    """Find the form's own words about what is wrong, without what was typed into it."""
    marks = ("already exists", "too short", "too similar", "characters", "Invalid", "Enter a valid")
    lines = [reason_in(line) for line in answer.text.splitlines()]
    found = [line for line in lines if any(mark in line for mark in marks)]
    text = found[0] if found else f"HTTP {answer.status_code}"
    return text.replace(password.get_secret_value(), "*****")
