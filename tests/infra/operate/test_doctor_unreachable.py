"""What the doctor says where nobody answers."""

import socket

import pytest

from infra.operate.doctor.checks import AT_GOOGLE
from infra.operate.doctor.google import _ADDRESSES, Google
from infra.operate.doctor.subject import Subject
from tests.infra.render.scenarios import load


@pytest.mark.parametrize("runner", ["cloudrun", "dataflow"])
@pytest.mark.parametrize("name", [name for name in AT_GOOGLE if name != "registry"])
def test_where_google_cannot_be_reached_every_check_says_so_and_none_is_well(
    name: str, runner: str
) -> None:
    with socket.socket() as nobodys:
        nobodys.bind(("127.0.0.1", 0))  # Not listening: what connects is refused.
        base = f"http://127.0.0.1:{nobodys.getsockname()[1]}"
        google = Google(None, {variable: base for variable, _ in _ADDRESSES.values()})
        said = list(AT_GOOGLE[name](Subject(load({"batch": runner}), google, {})))
    assert said
    assert {it.severity for it in said} == {"warning"}
    assert all("not looked at" in it.message for it in said)
    assert all(it.remedy == ("cannot be reached (ConnectionError)",) for it in said)
