import socket
import struct
from pathlib import Path

import pytest

from tests.cloud.lab.names import answer, question

AAAA = 28


def asked(name: str, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack("!HHHHHH", 77, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, kind, 1)


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    file = tmp_path / "hosts"
    file.write_text("127.0.0.1 localhost\n10.99.0.3 storage.googleapis.com www.googleapis.com\n")
    return file


def test_a_known_name_has_its_address(hosts: Path) -> None:
    reply = answer(asked("WWW.googleapis.com"), hosts)
    assert reply is not None
    number, flags, questions, answers = struct.unpack("!HHHH", reply[:8])
    assert (number, questions, answers) == (77, 1, 1)
    assert flags & 0x800F == 0x8000
    assert socket.inet_ntoa(reply[-4:]) == "10.99.0.3"


def test_a_known_name_has_no_other_address(hosts: Path) -> None:
    reply = answer(asked("www.googleapis.com", AAAA), hosts)
    assert reply is not None
    assert struct.unpack("!H", reply[6:8]) == (0,)


def test_other_names_are_for_the_next_server(hosts: Path) -> None:
    assert answer(asked("deb.example.org"), hosts) is None
    assert question(asked("deb.example.org", AAAA))[:2] == ("deb.example.org", AAAA)
