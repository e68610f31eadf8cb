"""What compose.yml makes of the variables, as the real Docker Compose reads both."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from laptop.docker.settings import TEMPLATES, DockerSettings
from laptop.docker.variables import variables
from tests.laptop.docker.conftest import MakeSettings
from tests.templates.vm.test_services import compose


def read(settings: DockerSettings, *overlays: str) -> dict[str, Any]:
    files = [f"{TEMPLATES}/compose{name}.yml" for name in ("", *overlays)]
    command = [*compose(), *(word for file in files for word in ("--file", file))]
    done = subprocess.run(
        [*command, "--profile", "apply", "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        # As the client gives them: `laptop.docker.client`.
        env={
            **settings.passed_on,
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(Path.home()),
            **variables(settings),
        },
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.lower()
    return json.loads(done.stdout)


def test_everything_that_compose_asks_for_is_there_and_the_loopback_alone_is_published(
    make_settings: MakeSettings,
) -> None:
    services = read(make_settings(port=8081))["services"]
    published = {
        name: [(port["host_ip"], port["published"]) for port in service["ports"]]
        for name, service in services.items()
        if "ports" in service
    }
    assert published == {"caddy": [("127.0.0.1", "8081")]}
    environment = services["frontend"]["environment"]
    assert environment["LABEL_STUDIO_HOST"] == "http://127.0.0.1:8081"
    assert environment["ALLOWED_HOSTS"].split(",")[-1] == "127.0.0.1"


def test_every_folder_is_below_the_state_whatever_its_name_is(make_settings: MakeSettings) -> None:
    settings = make_settings()
    assert "'" in str(settings.folder)
    content = read(settings)
    for service in content["services"].values():
        for volume in service.get("volumes", []):
            assert Path(volume["source"]).is_relative_to(settings.folder)
        assert service["user"] == f"{settings.user}:{settings.group}"
    for secret in content["secrets"].values():
        assert Path(secret["file"]).parent == settings.secrets_dir


def test_what_the_caller_chose_about_the_backends_reaches_their_containers(
    make_settings: MakeSettings,
) -> None:
    chosen = {"IMAGE_HOSTS": "images.example.org", "SAM_REFINE": "none"}
    services = read(make_settings(**chosen))["services"]
    for name in ("segmentation", "segment_anything_model"):
        assert services[name]["environment"]["IMAGE_HOSTS"] == "images.example.org"
    assert services["segment_anything_model"]["environment"]["SAM_REFINE"] == "none"


def test_the_one_shot_applies_the_demos_project(make_settings: MakeSettings) -> None:
    apply = read(make_settings())["services"]["apply"]
    assert apply["command"][-1] == "/project/projects/garments.yaml"
    assert apply["environment"]["IMAGES"] == "/project/images"
    assert not apply["environment"]["SOURCE_BUCKET"]


@pytest.mark.parametrize("name", ["frontend", "segmentation", "segment_anything_model"])
def test_an_images_name_is_one_that_nobody_can_publish(
    make_settings: MakeSettings, name: str
) -> None:
    image = read(make_settings())["services"][name]["image"]
    assert image == f"atelier-{name.replace('_', '-')}:local"
    assert "/" not in image


def test_the_gpu_is_given_only_where_it_is_asked_for(make_settings: MakeSettings) -> None:
    settings = make_settings()
    assert read(settings)["services"]["segmentation"]["environment"]["DEVICE"] == "auto"
    assert read(settings, ".gpu")["services"]["segmentation"]["environment"]["DEVICE"] == "cuda"
