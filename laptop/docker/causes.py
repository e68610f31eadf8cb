"""What Docker's own words mean, and what to do about them."""

from __future__ import annotations

TAKEN = "The port was taken meanwhile. Take another one: make demo DOCKER=1 PORT=8081"

# What is found in the words, and the sentence for it; the first that fits is told.
CAUSES = (
    (
        "could not select device driver",
        "Docker offers no NVIDIA GPU. Install the NVIDIA Container Toolkit "
        "(https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/), or leave GPU=1 out.",
    ),
    (
        "pool overlaps",
        "A Docker network of something else uses 10.87.251.0/27, which templates/vm/compose.yml "
        "needs. `docker network ls` lists them; remove it: docker network rm NAME.",
    ),
    ("port is already allocated", TAKEN),
    ("address already in use", TAKEN),
    (
        "no space left on device",
        "Docker's disk is full. `docker system df` shows what takes it, `docker builder prune` "
        "frees what only builds need.",
    ),
    (
        "mounts denied",
        "Docker Desktop may not read the studio's folder. Share it (Settings, Resources, File "
        "sharing), or put it elsewhere: ATELIER_STATE=folder.",
    ),
)


def explain(said: str) -> str:
    """The sentence before Docker's own words, where its cause is known."""
    low = said.lower()
    advice = next((sentence for words, sentence in CAUSES if words in low), "")
    return f"{advice}\n{said}" if advice else said
