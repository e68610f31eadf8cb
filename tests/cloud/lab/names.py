"""The name server on 169.254.169.254, port 53: python -m tests.cloud.lab.names HOSTS UPSTREAM

Containers do not read their machine's /etc/hosts, and Google's machines ask this address too. It
answers the names in the file HOSTS (in the format of /etc/hosts, read at every question) and passes
the rest on to the name server UPSTREAM. UDP only. Format of messages: RFC 1035, section 4.
"""

import socket
import struct
import sys
import threading
from pathlib import Path

from tests.cloud.lab.network import METADATA_ADDRESS

A, IN = 1, 1
ANSWERED = 0x8180  # a response, recursion desired and available, no error
SECONDS_TO_LIVE = 5
TIMEOUT = 10.0  # seconds for the upstream server


def known(hosts: Path) -> dict[str, str]:
    """Return name -> address of a hosts file."""
    found: dict[str, str] = {}
    for line in hosts.read_text().splitlines():
        address, *names = line.split() or [""]
        found |= dict.fromkeys((name.lower() for name in names), address)
    return found


def question(message: bytes) -> tuple[str, int, int]:
    """Return the name, the type and the end of a message's question."""
    labels: list[str] = []
    place = 12
    while length := message[place]:
        labels.append(message[place + 1 : place + 1 + length].decode("ascii", "replace"))
        place += 1 + length
    (kind,) = struct.unpack("!H", message[place + 1 : place + 3])
    return ".".join(labels).lower(), kind, place + 5


def answer(message: bytes, hosts: Path) -> bytes | None:
    """Return the response where the name is known, else None.

    A known name has no records but its address: without that, a client that asks for an IPv6
    address would be sent to the real host.
    """
    name, kind, end = question(message)
    address = known(hosts).get(name)
    if address is None:
        return None
    count = 1 if kind == A else 0
    head = message[:2] + struct.pack("!HHHHH", ANSWERED, 1, count, 0, 0)
    record = struct.pack("!HHHIH", 0xC00C, A, IN, SECONDS_TO_LIVE, 4) + socket.inet_aton(address)
    return head + message[12:end] + record * count


def respond(server: socket.socket, message: bytes, client: tuple[str, int], upstream: str) -> None:
    """Answer one question."""
    reply = answer(message, Path(sys.argv[1]))
    if reply is None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            asked.settimeout(TIMEOUT)
            asked.sendto(message, (upstream, 53))
            try:
                reply = asked.recv(4096)
            except TimeoutError:
                print(f"{upstream} does not answer", flush=True)
                return
    server.sendto(reply, client)


def main() -> None:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((METADATA_ADDRESS, 53))
    while True:
        message, client = server.recvfrom(4096)
        arguments = (server, message, client, sys.argv[2])
        threading.Thread(target=respond, args=arguments, daemon=True).start()


if __name__ == "__main__":
    main()
