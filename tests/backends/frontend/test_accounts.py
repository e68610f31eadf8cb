"""Who may log in, however the address is written: by the real login page."""

from collections.abc import Iterator

import pytest
import requests

from tests.label_studio import PASSWORD, LabelStudioServer, serve_label_studio

pytestmark = pytest.mark.integration

MADE_AS = "Lead@Garments.test"


@pytest.fixture(scope="module")
def lead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudioServer]:
    """A Label Studio whose first account was given with capitals."""
    folder = tmp_path_factory.mktemp("lead")
    (folder / "label-studio").mkdir()
    with serve_label_studio(folder, LABEL_STUDIO_USERNAME=MADE_AS) as running:
        yield running


def log_in(server: LabelStudioServer, email: str, password: str = PASSWORD) -> bool:
    with requests.Session() as session:
        page = f"{server.url}/user/login/"
        session.get(page, timeout=30)
        form = {"email": email, "password": password}
        form["csrfmiddlewaretoken"] = session.cookies["csrftoken"] or ""
        session.post(page, data=form, headers={"Referer": page}, timeout=30)
        return session.get(f"{server.url}/api/current-user/whoami", timeout=30).ok


@pytest.mark.parametrize("typed", [MADE_AS, MADE_AS.lower(), MADE_AS.upper()])
def test_an_account_with_capitals_is_found_whoever_types_it(
    lead: LabelStudioServer, typed: str
) -> None:
    assert log_in(lead, typed)
    assert not log_in(lead, typed, "another password")


def test_nobody_elses_account_is_found(lead: LabelStudioServer) -> None:
    assert not log_in(lead, "lead_garments.test@garments.test")
    assert not log_in(lead, "%@garments.test")
