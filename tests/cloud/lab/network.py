"""The cloud's network: a namespace whose way out is user-space NAT (slirp4netns).

The host sees two processes and nothing else: no address, no route, no firewall rule, no forwarding.
Whatever runs in the namespace ends with its first process, and its mounts and interfaces with it.
"""

import json
import os
import socket
from pathlib import Path

from tests.cloud.lab.place import HERE, LabError, Place, run
from tests.cloud.lab.processes import Processes, wait_until

# Where the services of the cloud answer. Metadata's address is Google's own.
METADATA_ADDRESS = "169.254.169.254"
REGISTRY_ADDRESS = "10.99.0.1"
HUB_ADDRESS = "10.99.0.2"
# TEST-NET-3: a browser on a public page asks nothing of a private address.
STORAGE_ADDRESS = "203.0.113.3"
ISSUER_ADDRESS = "10.99.0.4"
NAME_SERVER = "10.0.2.3"  # slirp4netns's, which asks the host's.
ENTER = ("--net", "--mount", "--pid", "--uts", "--ipc")


class Network:
    """The namespace of one lab."""

    def __init__(self, place: Place, processes: Processes) -> None:
        self.place = place
        self.processes = processes

    @property
    def first(self) -> int:
        """Return the namespace's first process, as the host numbers it.

        Raises:
            LabError: when the network is not up.
        """
        note = self.place.state / "network.pid"
        if self.processes.pid("network") is None or not note.exists():
            raise LabError("the lab is not up: `python -m tests.cloud.lab up`")
        return int(note.read_text())

    def inside(self, *command: str | Path) -> list[str]:
        """Return a command that runs `command` in the namespace."""
        return ["nsenter", "-t", str(self.first), *ENTER, "--", *map(str, command)]

    def run(
        self,
        *command: str | Path,
        check: bool = True,
        timeout: float = 600,
        stdin: str | None = None,
    ):
        """Run a command in the namespace. Raises LabError as `place.run` does."""
        return run(self.inside(*command), check=check, timeout=timeout, stdin=stdin)

    def up(self) -> None:
        """Make the namespace with its services' addresses, and its way out."""
        holder = ["unshare", *ENTER, "--fork", "--kill-child", "--mount-proc"]
        holder += ["bash", HERE / "network.sh", self.place.folder("network")]
        outer = self.processes.start("network", holder)
        wait_until("the network namespace", 60, lambda: self.has_begun(outer))
        (self.place.state / "network.pid").write_text(str(child(outer)))
        api = self.place.state / "slirp.sock"
        api.unlink(missing_ok=True)
        out = ["slirp4netns", "--configure", "--mtu=1400", "--disable-host-loopback"]
        self.processes.start("slirp", [*out, "--api-socket", api, str(self.first), "tap0"])
        wait_until("the way out", 60, lambda: self.has_way_out() and api.exists())

    def has_begun(self, outer: int) -> bool:
        if self.processes.pid("network") is None:
            raise LabError("no network namespace:\n" + self.processes.end_of_log("network"))
        return child(outer) is not None and (self.place.state / "network" / "ready").exists()

    def has_way_out(self) -> bool:
        """Return whether packets can leave: slirp4netns has set the default route."""
        routes = self.run("ip", "route", "show", "default", check=False)
        return "tap0" in routes.stdout

    def names(self, hosts: dict[str, str]) -> None:
        """Let these names (name -> address) be known in the namespace, and to its name server."""
        lines = ["127.0.0.1 localhost", f"{METADATA_ADDRESS} metadata.google.internal metadata"]
        lines += [f"{address} {name}" for name, address in sorted(hosts.items())]
        # Written in place: the file is mounted over /etc/hosts of the namespace.
        self.hosts_file.write_text("\n".join(lines) + "\n")

    @property
    def hosts_file(self) -> Path:
        return self.place.state / "network" / "hosts"

    def forward(self, port: int, host_port: int = 0) -> int:
        """Let 127.0.0.1:host_port of the host lead to a port in the namespace; return host_port.

        Raises:
            LabError: when slirp4netns refuses.
        """
        if not host_port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                host_port = probe.getsockname()[1]
        wanted = {"proto": "tcp", "host_addr": "127.0.0.1", "host_port": host_port}
        request = {"execute": "add_hostfwd", "arguments": {**wanted, "guest_port": port}}
        with socket.socket(socket.AF_UNIX) as api:
            api.connect(str(self.place.state / "slirp.sock"))
            api.sendall(json.dumps(request).encode())
            api.shutdown(socket.SHUT_WR)
            answer = api.recv(4096).decode()
        if '"error"' in answer:
            raise LabError(f"no forwarding from port {host_port}: {answer}")
        return host_port

    def forward_to_machine(self, address: str, port: int, host_port: int = 0) -> int:
        """Let a port of the host's loopback lead to a machine's port; return the host's port."""
        host_port = self.forward(port if port > 1024 else port + 20000, host_port)
        inner = str(port if port > 1024 else port + 20000)
        rule = ["-i", "tap0", "-p", "tcp", "--dport", inner, "-j", "DNAT"]
        rule += ["--to-destination", f"{address}:{port}"]
        if self.run("iptables", "-t", "nat", "-C", "PREROUTING", *rule, check=False).returncode:
            self.run("iptables", "-t", "nat", "-A", "PREROUTING", *rule)
        return host_port


def child(pid: int) -> int | None:
    """Return the only child of a process, or None."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(children[0]) if children else None


def is_in_own_namespace(pid: int) -> bool:
    """Return whether a process has left the host's network namespace."""
    return os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net")
