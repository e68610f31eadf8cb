"""What Docker's own words mean, and what to do about them."""

from __future__ import annotations

IN_USE = "Another program took the port meanwhile. Use another port: make demo DOCKER=1 PORT=8081"

# Words that Docker uses, and the sentence for them; the first that fits is shown.
CAUSES = (
    (
        "could not select device driver",
        "Docker offers no NVIDIA GPU. Install the NVIDIA Container Toolkit "
        "(https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/), or omit GPU=1.",
    ),
    (
        "pool overlaps",
        "Another Docker network uses 10.87.251.0/27, which templates/vm/compose.yml needs. Find it "
        "with `docker network ls`, and remove it: docker network rm NAME.",
    ),
    ("port is already allocated", IN_USE),
    ("address already in use", IN_USE),
    (
        "no space left on device",
        "Docker's disk is full. `docker system df` shows what uses it; `docker builder prune` "
        "deletes what only builds need.",
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
