"""What is said where a part of Docker is missing."""

from pathlib import Path

import pytest
from rich.console import Console

from laptop.docker.client import Docker
from laptop.docker.requirements import no_daemon, require_docker, require_new_enough
from laptop.progress import Progress
from laptop.settings import LaptopError
from tests.laptop.docker.conftest import MakeSettings


def test_without_docker_the_sentence_names_both_ways_on(
    make_settings: MakeSettings, tmp_path: Path
) -> None:
    docker = Docker(make_settings(PATH=str(tmp_path)), Progress(Console()))
    with pytest.raises(LaptopError) as raised:
        require_docker(docker)
    message = str(raised.value)
    assert message.startswith("Docker is not installed.")
    assert "https://docs.docker.com/engine/install/" in message
    assert "omit DOCKER=1" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker "
            "daemon running?",
            "sudo systemctl start docker",
        ),
        (
            "permission denied while trying to connect to the Docker daemon socket at "
            "unix:///var/run/docker.sock",
            "sudo usermod -aG docker $USER",
        ),
        ("", "its daemon does not answer"),
    ],
    ids=["off", "not allowed", "silent"],
)
def test_a_daemon_that_does_not_answer_is_told_apart_from_one_that_may_not_be_used(
    said: str, told: str
) -> None:
    sentence = no_daemon(said)
    assert told in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("version", ["2.26.1-4", "v2.20.0", "2.39.4+ds1", "5.0.0"])
def test_a_compose_that_knows_the_options_is_taken(version: str) -> None:
    require_new_enough(version)


@pytest.mark.parametrize("version", ["2.17.3", "1.29.2", ""])
def test_an_older_compose_is_refused_with_the_version_that_is_needed(version: str) -> None:
    with pytest.raises(LaptopError, match=r"2\.20 or newer is needed"):
        require_new_enough(version)
