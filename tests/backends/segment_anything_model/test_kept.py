"""Embeddings in a folder: whole or not at all, never another image's, bounded."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from backends.segment_anything_model.geometry import Padded, Squashed
from backends.segment_anything_model.kept import KeptEmbeddings
from backends.segment_anything_model.model import Embedding
from backends.segment_anything_model.packed import Packed
from tests.backends.servers import ROOT

MIB = 1024 * 1024


def packed(identity: str, seed: int = 0, channels: int = 8) -> Packed:
    torch.manual_seed(seed)
    features = (torch.randn(1, channels, 32, 32), torch.randn(1, 4, 64, 64))
    return Packed.of(identity, Embedding(features, Padded((300, 200), 1024, 256)))


def keep(folder: Path, megabytes: float = 1, model: str = "sam-vit_b@1") -> KeptEmbeddings:
    return KeptEmbeddings(folder, int(megabytes * MIB), model)


def test_what_is_kept_is_there_for_the_next_process(tmp_path: Path) -> None:
    before = packed("http://a/1.png#" + "a" * 32)
    assert keep(tmp_path).put(before)
    after = keep(tmp_path).get(before.identity)
    assert after is not None
    assert (after.identity, after.geometry) == (before.identity, before.geometry)
    assert all(map(torch.equal, after.features, before.features))
    assert {feature.dtype for feature in after.features} == {torch.float16}


def test_a_squashed_image_and_values_that_half_precision_cannot_hold(tmp_path: Path) -> None:
    features = (torch.tensor([[[[1e6, -1e-3]]]]),)
    before = Packed.of("x", Embedding(features, Squashed((30, 20), 1024, 256)))
    keep(tmp_path).put(before)
    after = keep(tmp_path).get("x")
    assert after is not None
    assert torch.equal(after.embedding(torch.device("cpu")).features[0], features[0])
    assert after.geometry == before.geometry


def test_the_content_counts_and_not_where_it_lies(tmp_path: Path) -> None:
    keep(tmp_path).put(packed("http://a/1.png#" + "a" * 32))
    assert "http://b:8080/2.png#" + "a" * 32 in keep(tmp_path)
    assert "http://a/1.png#" + "b" * 32 not in keep(tmp_path)
    # A generation number says nothing about another place.
    keep(tmp_path).put(packed("gs://a/1.png#1700000000000000"))
    assert "gs://b/1.png#1700000000000000" not in keep(tmp_path)


def test_other_weights_have_other_embeddings(tmp_path: Path) -> None:
    keep(tmp_path).put(packed("x"))
    assert keep(tmp_path, model="sam-vit_b@2").get("x") is None


def test_nobody_else_may_look_into_the_folder(tmp_path: Path) -> None:
    keep(tmp_path / "made")
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:10],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data + b"0",
        lambda data: data[:5000] + bytes([data[5000] ^ 1]) + data[5001:],
        lambda data: bytes(len(data)),
    ],
    ids=["empty", "short", "half", "one byte less", "one more", "one bit", "zeros"],
)
def test_a_damaged_file_is_noticed_and_removed(tmp_path: Path, spoil) -> None:
    keep(tmp_path).put(packed("x"))
    (file,) = tmp_path.iterdir()
    file.write_bytes(spoil(file.read_bytes()))
    store = keep(tmp_path)
    assert store.get("x") is None
    assert list(tmp_path.iterdir()) == []
    assert "x" not in store
    assert store.bytes_held == 0
    assert store.put(packed("x"))
    assert store.get("x") is not None


def test_another_images_file_under_this_ones_name_is_noticed(tmp_path: Path) -> None:
    keep(tmp_path).put(packed("x", 1))
    (x,) = tmp_path.iterdir()
    keep(tmp_path).put(packed("y", 2))
    (y,) = set(tmp_path.iterdir()) - {x}
    x.write_bytes(y.read_bytes())
    assert keep(tmp_path).get("x") is None
    assert keep(tmp_path).get("y") is not None


def test_the_bytes_stay_bounded_and_what_was_not_used_for_longest_goes(tmp_path: Path) -> None:
    size = len(packed("x").to_bytes("x"))
    store = keep(tmp_path, 3.5 * size / MIB)
    for name in "abc":
        store.put(packed(name))
        time.sleep(0.02)  # A file system's clock ticks a hundred times a second.
    assert store.get("a") is not None
    time.sleep(0.02)
    store.put(packed("d"))
    assert [name for name in "abcd" if name in store] == ["a", "c", "d"]
    assert store.bytes_held == sum(file.stat().st_size for file in tmp_path.iterdir())
    # So it is after a restart, and with less room.
    smaller = keep(tmp_path, 2.5 * size / MIB)
    assert [name for name in "abcd" if name in smaller] == ["a", "d"]
    assert not keep(tmp_path, 0.5 * size / MIB).put(packed("e"))


def test_a_folder_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = keep(tmp_path / "file" / "embeddings")
    assert not store.put(packed("x"))
    assert store.get("x") is None


WRITER = """
import sys
from pathlib import Path
from tests.backends.segment_anything_model.test_kept import keep, packed
store = keep(Path(sys.argv[1]), 200)
images = [packed(f"image {number}", number, channels=1000) for number in range(10)]
print("begins", flush=True)
for number in range(100_000):
    store.put(images[number % 10])
"""


def test_killed_while_it_writes_it_leaves_whole_entries_alone(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"begins\n"
        deadline = time.monotonic() + 20
        # In the middle of a write: its draft is there.
        while not list(tmp_path.glob("*.part")):
            assert time.monotonic() < deadline
        writer.send_signal(signal.SIGKILL)
        writer.wait(10)
    store = keep(tmp_path, 200)
    names = [f"image {number}" for number in range(10)]
    kept = [name for name in names if name in store]
    for name in kept:
        found = store.get(name)
        assert found is not None
        expected = packed(name, int(name.split()[1]), channels=1000)
        assert all(map(torch.equal, found.features, expected.features))
    # What was left half written goes at a later start.
    for draft in tmp_path.glob("*.part"):
        os.utime(draft, (0, 0))
    keep(tmp_path, 200)
    assert not list(tmp_path.glob("*.part"))
