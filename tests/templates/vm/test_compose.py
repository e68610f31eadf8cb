"""The compose file and its overlays, as the real Docker Compose reads them."""

import json
import re
import subprocess
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from backends.frontend.networks import parse_hole
from tests.templates.vm.conftest import DIGEST, ROOT, VM
from tests.templates.vm.test_services import compose

REQUIRED = {
    "ATELIER_URL": "https://203.0.113.7",
    "PUBLIC_HOST": "203.0.113.7",
    "ADMIN_EMAIL": "anna@example.org",
    "FRONTEND_IMAGE": f"registry.example/frontend@{DIGEST}",
    "SEGMENTATION_IMAGE": f"registry.example/segmentation@{DIGEST}",
    "SEGMENT_ANYTHING_MODEL_IMAGE": f"registry.example/segment_anything_model@{DIGEST}",
    "DATA_DIR": "/srv/atelier",
    "SECRETS_DIR": "/srv/atelier/secrets",
    "GOOGLE_DIR": "/opt/atelier/google",
    "PROJECT_DIR": "/opt/atelier/current/project",
    "CADDYFILE": "/opt/atelier/current/Caddyfile",
}
BACKENDS = {"segmentation", "segment_anything_model"}
OURS = BACKENDS | {"frontend", "apply"}


def config(environment: dict[str, str], *overlays: str) -> subprocess.CompletedProcess[str]:
    files = [word for name in ("", *overlays) for word in ("--file", f"{VM}/compose{name}.yml")]
    command = [*compose(), *files, "--profile", "apply", "config", "--format", "json"]
    home = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(Path.home())}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=home | environment
    )


@cache
def read(*overlays: str) -> dict[str, Any]:
    done = config(REQUIRED, *overlays)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.lower()
    return json.loads(done.stdout)


def ports(*overlays: str) -> dict[str, list[str]]:
    return {
        name: [f"{port['host_ip']}:{port['published']}" for port in service["ports"]]
        for name, service in read(*overlays)["services"].items()
        if "ports" in service
    }


def test_only_caddy_has_ports_and_a_laptop_keeps_them_to_itself() -> None:
    assert sorted(read()["services"]) == sorted([*OURS, "caddy", "postgres"])
    assert ports() == {"caddy": ["127.0.0.1:8080"]}
    assert ports(".gpu") == {"caddy": ["127.0.0.1:8080"]}


def test_with_tls_caddy_has_80_and_443_and_no_other() -> None:
    assert ports(".tls") == {"caddy": ["127.0.0.1:80", "127.0.0.1:443"]}
    assert ports(".tls", ".gpu") == ports(".tls")


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_required_variable_is_refused_with_a_sentence(name: str) -> None:
    done = config({key: value for key, value in REQUIRED.items() if key != name})
    assert done.returncode != 0
    said = re.search(rf'required variable "?{name}"? is missing a value: (.*)', done.stderr)
    assert said is not None, done.stderr
    assert len(said[1].split()) > 1


@pytest.mark.parametrize("name", sorted([*OURS, "caddy", "postgres"]))
def test_every_container_is_bounded_and_can_change_nothing_but_its_volumes(name: str) -> None:
    service = read()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "caddy" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == "10001:10001"
    assert int(service["mem_limit"]) > 0
    assert service["logging"]["options"] == {"max-file": "5", "max-size": "10m"}
    assert service["restart"] == ("no" if name == "apply" else "unless-stopped")
    assert not service["image"].endswith(":latest")
    assert re.search(r"(@sha256:[0-9a-f]{64}|:\d+\.\d+(\.\d+)?(-[a-z]+)?)$", service["image"])
    for volume in service.get("volumes", []):
        assert volume["source"].startswith(("/srv/atelier", "/opt/atelier"))


def test_a_click_comes_before_the_project() -> None:
    # docker's own share is 1024.
    shares = {name: service.get("cpu_shares", 1024) for name, service in read()["services"].items()}
    assert shares.pop("apply") * 10 < min(shares.values())


def test_no_secret_stands_in_an_environment() -> None:
    for service in read()["services"].values():
        for key in service.get("environment") or {}:
            assert not re.search(r"PASS|TOKEN|SECRET|API_KEY", key) or key.endswith("_FILE"), key


def test_every_long_running_container_has_a_health_check_with_a_start_period() -> None:
    for name, service in read()["services"].items():
        if name in BACKENDS | {"frontend"}:
            dockerfile = (ROOT / "backends" / name / "Dockerfile").read_text()
            assert "HEALTHCHECK --interval=5s --timeout=4s --start-period=" in dockerfile
            assert "healthcheck" not in service
        elif name != "apply":
            assert service["healthcheck"]["start_period"]


def test_backends_and_database_are_on_internal_networks() -> None:
    networks = read()["networks"]
    assert {name for name, network in networks.items() if network.get("internal")} == {
        "pages",
        "database",
        "models",
    }
    members = {
        network: {
            name for name, service in read()["services"].items() if network in service["networks"]
        }
        for network in networks
    }
    assert members == {
        "web": {"caddy"},
        "pages": {"caddy", "frontend"},
        "database": {"frontend", "postgres"},
        "models": OURS,
        "google": OURS,
    }


def test_label_studio_may_call_the_backends_and_nothing_beside_them() -> None:
    services = read()["services"]
    text = services["frontend"]["environment"]["ML_BACKEND_ADDRESSES"]
    holes = {str(parse_hole(part)) for part in text.split(",")}
    addresses = {services[name]["networks"]["models"]["ipv4_address"] for name in BACKENDS}
    assert holes == {f"{address}/32" for address in addresses}
    ipam = read()["networks"]["models"]["ipam"]["config"][0]
    # Whoever asks for no address gets one from here, and never a backend's.
    given = parse_hole(ipam["ip_range"])
    assert not any(given.overlaps(parse_hole(hole)) for hole in holes)


def test_fixed_networks_are_outside_of_what_docker_gives_to_others() -> None:
    # default-address-pools: https://docs.docker.com/reference/cli/dockerd/
    pools = [IPv4Network(pool) for pool in ("172.16.0.0/12", "192.168.0.0/16")]
    configs = [network["ipam"].get("config", []) for network in read()["networks"].values()]
    fixed = [IPv4Network(config["subnet"]) for (config,) in filter(None, configs)]
    assert len(fixed) == 2
    assert not fixed[0].overlaps(fixed[1])
    assert not [subnet for subnet in fixed for pool in pools if subnet.overlaps(pool)]


def test_the_gpu_overlay_gives_both_backends_the_gpu_and_changes_nothing_else() -> None:
    plain, gpu = read()["services"], read(".gpu")["services"]
    assert {name for name in plain if plain[name] != gpu[name]} == BACKENDS
    for name in BACKENDS:
        assert gpu[name]["environment"]["DEVICE"] == "cuda"
        assert plain[name]["environment"]["DEVICE"] == "auto"
        (device,) = gpu[name]["deploy"]["resources"]["reservations"]["devices"]
        assert device["driver"] == "nvidia"
        assert device["capabilities"] == ["gpu"]


def test_caddy_is_the_version_that_the_linter_validates_with() -> None:
    script = (ROOT / "scripts/install_caddy.sh").read_text()
    version = re.search(r"^version=(\S+)$", script, re.MULTILINE)
    assert version is not None
    assert read()["services"]["caddy"]["image"] == f"caddy:{version[1]}"
