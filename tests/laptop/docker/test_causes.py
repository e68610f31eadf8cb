"""Docker's words, and what is said before them. The words are those of Docker 26 to 28."""

import pytest

from laptop.docker.causes import explain


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            'could not select device driver "nvidia" with capabilities: [[gpu]]',
            "omit GPU=1",
        ),
        (
            "failed to create network atelier_models: Error response from daemon: invalid pool "
            "request: Pool overlaps with other one on this address space",
            "docker network rm NAME",
        ),
        (
            "Bind for 127.0.0.1:8080 failed: port is already allocated",
            "make demo DOCKER=1 PORT=8081",
        ),
        (
            "listen tcp4 127.0.0.1:8080: bind: address already in use",
            "make demo DOCKER=1 PORT=8081",
        ),
        ("write /var/lib/docker/tmp/x: no space left on device", "docker builder prune"),
        ("Mounts denied: the path /x is not shared from the host", "ATELIER_STATE=folder"),
    ],
    ids=["gpu", "network", "port", "port of another program", "disk", "file sharing"],
)
def test_a_known_cause_is_told_before_dockers_own_words(said: str, told: str) -> None:
    advice, _, rest = explain(said).partition("\n")
    assert told in advice
    assert rest == said


def test_what_is_not_known_is_left_as_it_is() -> None:
    assert explain("something else") == "something else"
