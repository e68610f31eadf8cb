"""Which containers are in trouble. Compose's words are those of its version 2.26."""

import pytest

from laptop.docker.stack import Container, named_by_compose


@pytest.mark.parametrize(
    ("state", "status", "trouble", "doing"),
    [
        ("running", "Up 2 minutes (healthy)", "", ""),
        ("running", "Up 2 seconds (health: starting)", "", "starting again"),
        ("running", "Up 2 minutes (unhealthy)", "unhealthy", "unhealthy"),
        ("restarting", "Restarting (1) 3 seconds ago", *["restarting (1) 3 seconds ago"] * 2),
        ("exited", "Exited (137) 1 second ago", *["exited (137) 1 second ago"] * 2),
        ("created", "Created", "", ""),
    ],
)
def test_trouble_is_what_docker_says_of_one_that_does_not_work(
    state: str, status: str, trouble: str, doing: str
) -> None:
    container = Container("frontend", state, status, "", "")
    assert (container.trouble, container.doing) == (trouble, doing)


def test_a_container_that_compose_gave_up_is_named_however_it_looks_now() -> None:
    said = (
        " Container atelier-segmentation-1  Waiting\n Container atelier-caddy-1  Healthy\n"
        "container atelier-segmentation-1 is unhealthy"
    )
    assert named_by_compose(said) == {"segmentation": "unhealthy"}
    failed = "dependency failed to start: container atelier-postgres-1 exited (1)\n"
    assert named_by_compose(failed) == {"postgres": "exited (1)"}
    assert named_by_compose("something else") == {}
