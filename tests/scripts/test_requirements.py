"""The compiled requirement files: exact, hashed, and free of this or that machine."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(
    path
    for folder in ("", "backends", "backends/frontend", "batch", "policy", "scripts")
    for path in (ROOT / folder).glob("*.txt")
    if not path.name.endswith("overrides.txt")
)
# Built for one CUDA each, and needed by PyTorch's default build alone.
TORCH_ONLY = re.compile(r"^(torch|torchvision|triton|nvidia-[\w-]+|cuda-[\w-]+)==")


def pins(path: Path) -> list[str]:
    """`name==version` with marker, one a package; hashes left out."""
    return [line for line in path.read_text().splitlines() if re.match(r"[a-z0-9]", line)]


def test_every_requirement_set_has_its_lock() -> None:
    sources = {path.with_suffix(".txt") for path in ROOT.glob("**/requirements*.in")}
    assert {path for path in sources if ".local" not in path.parts} <= set(LOCKS)
    assert len(LOCKS) == 9


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_package_is_pinned_exactly_and_has_a_hash(lock: Path) -> None:
    text = lock.read_text()
    assert pins(lock)
    for pin in pins(lock):
        assert re.match(r"[a-z0-9.-]+==[\w.!+-]+( ; .+)? \\$", pin), pin
        assert f"{pin}\n    --hash=sha256:" in text


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_index_and_no_path_of_a_machine_is_written_into_a_lock(lock: Path) -> None:
    assert not re.search(r"https?://|--index|file:|(?<![\w.])/\w", lock.read_text())


def test_torch_and_what_only_it_needs_stand_in_the_lock_of_their_own() -> None:
    torch = pins(ROOT / "backends/requirements-torch.txt")
    assert [pin for pin in torch if not TORCH_ONLY.match(pin)] == []
    names = {pin.split("==")[0] for pin in torch}
    assert {"torch", "torchvision"} <= names
    others = [pin for lock in LOCKS if "torch" not in lock.name for pin in pins(lock)]
    assert [pin for pin in others if TORCH_ONLY.match(pin)] == []
