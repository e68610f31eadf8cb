"""A network of the tests' own, in which every packet that wants to leave the machine is seen.

Loopback works as usual. All else is routed into a cable that leads nowhere, and a packet socket
writes down what goes in, so a look-up or a connection to any outside host leaves a trace whether or
not it would have succeeded.
"""

import ctypes
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

CLONE_NEWNET = 0x40000000
ETH_P_ALL = 0x0003
CABLE, OTHER_END = "outside0", "outside1"


def can_be_made() -> bool:
    """Whether this process may make a network namespace, and has iproute2 to furnish it."""
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("ip") is not None


class OwnNetwork:
    """Moves this process, and what it starts from now on, into a network of its own."""

    def __init__(self) -> None:
        self.left: list[str] = []
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._former = os.open("/proc/thread-self/ns/net", os.O_RDONLY)

    def enter(self) -> None:
        """Raises OSError where the kernel refuses."""
        self._check(self._libc.unshare(CLONE_NEWNET))
        for command in (
            "link set lo up",
            f"link add {CABLE} type veth peer name {OTHER_END}",
            f"addr add 192.0.2.1/24 dev {CABLE}",
        ):
            subprocess.run(["ip", *command.split()], check=True)
        for end in (CABLE, OTHER_END):
            # Else the kernel's own neighbour discovery would be taken for traffic.
            Path(f"/proc/sys/net/ipv6/conf/{end}/disable_ipv6").write_text("1")
            # Without arp the packet itself is sent, and not only a question for its next hop.
            subprocess.run(["ip", "link", "set", end, "arp", "off", "up"], check=True)
        subprocess.run(["ip", "route", "add", "default", "dev", CABLE], check=True)
        watcher = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        threading.Thread(target=self._watch, args=(watcher,), daemon=True).start()

    def leave(self) -> None:
        """Go back to the network that this process came from."""
        self._check(self._libc.setns(self._former, CLONE_NEWNET))
        os.close(self._former)

    def _watch(self, watcher: socket.socket) -> None:
        while True:
            packet, (interface, *_) = watcher.recvfrom(2048)
            to_dns = b"\x00\x35" in (packet[36:38], packet[56:58])
            if interface == CABLE or (interface == "lo" and to_dns):
                self.left.append(describe(packet))

    def _check(self, result: int) -> None:
        if result != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def describe(packet: bytes) -> str:
    """Destination of an Ethernet frame, and the letters in it: a DNS query shows its name."""
    version = packet[14] >> 4
    if version == 4:
        host = socket.inet_ntop(socket.AF_INET, packet[30:34])
        port = int.from_bytes(packet[36:38], "big")
    else:
        host = socket.inet_ntop(socket.AF_INET6, packet[38:54])
        port = int.from_bytes(packet[56:58], "big")
    letters = "".join(chr(byte) if 32 < byte < 127 else "." for byte in packet[42:])
    return f"{host}:{port} {letters.strip('.')}"
