"""In Let's Encrypt's place: its own test server Pebble, under the real one's host name.

https://github.com/letsencrypt/pebble. It asks port 80 of the address or name that a certificate is
wanted for, as the real one does. Caddy in front gives it the real one's host name and directory.
"""

import json
from pathlib import Path

from tests.cloud.golang import pebble
from tests.cloud.lab.authority import Authority
from tests.cloud.lab.network import ISSUER_ADDRESS, Network
from tests.cloud.lab.place import HERE, Place, run
from tests.cloud.lab.processes import Processes, wait_until

NAME = "acme-v02.api.letsencrypt.org"
DAY_SECONDS = 24 * 3600
LISTENS = "127.0.0.1:14000"
MANAGEMENT = "127.0.0.1:15000"
FRONT = """{{
	admin off
	auto_https off
	persist_config off
}}
https://{name} {{
	bind {address}
	tls {certificate} {key}
	rewrite /directory /dir
	reverse_proxy https://{listens} {{
		header_up Host {{host}}
		transport http {{
			tls_insecure_skip_verify
		}}
	}}
}}
"""


class Issuer:
    """An issuer whose certificates are trusted by nobody but who fetches `root`."""

    def __init__(
        self, place: Place, network: Network, processes: Processes, authority: Authority
    ) -> None:
        self.place, self.network, self.processes = place, network, processes
        self.authority = authority

    def up(self) -> None:
        """Start Pebble and the front."""
        folder = self.place.folder("issuer")
        certificate, key = self.authority.issue(folder, [NAME])
        days = {"default": 90, "shortlived": 6}
        config = {
            "listenAddress": LISTENS,
            "managementListenAddress": MANAGEMENT,
            "certificate": str(certificate),
            "privateKey": str(key),
            "httpPort": 80,
            "tlsPort": 443,
            "profiles": {
                name: {"description": name, "validityPeriod": count * DAY_SECONDS}
                for name, count in days.items()
            },
        }
        (folder / "pebble.json").write_text(json.dumps({"pebble": config}))
        quick = ("env", "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
        program = pebble() / "pebble"
        command = self.network.inside(*quick, program, "-config", folder / "pebble.json")
        self.processes.start("pebble", command)
        values = {"name": NAME, "address": ISSUER_ADDRESS, "listens": LISTENS}
        text = FRONT.format(**values, certificate=certificate, key=key)
        (folder / "Caddyfile").write_text(text)
        caddy = run([HERE.parents[2] / "scripts" / "install_caddy.sh"], timeout=1800).stdout.strip()
        front = ("env", f"HOME={folder}", caddy, "run", "--adapter", "caddyfile", "--config")
        self.processes.start("issuer", self.network.inside(*front, folder / "Caddyfile"))
        wait_until("the issuer of certificates", 60, self.answers)

    def answers(self) -> bool:
        asked = ("curl", "-fs", "--cacert", self.authority.bundle, f"https://{NAME}/directory")
        return self.network.run(*asked, check=False).returncode == 0

    def root(self) -> Path:
        """Return a file with the root of the certificates that it issued, for a client to trust."""
        file = self.place.folder("issuer") / "root.pem"
        asked = ("curl", "-fsk", f"https://{MANAGEMENT}/roots/0")
        file.write_text(self.network.run(*asked).stdout)
        return file
