"""The cache that all clones share: each file once, damage noticed, two processes at once."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.weights.host import Host
from weights.access import Access
from weights.cache import Cache
from weights.catalogue import Model, catalogue
from weights.errors import WeightsError

ROOT = Path(__file__).parents[2]
CONTENT = random.Random(2).randbytes(3_000_000)


@pytest.fixture
def model(host: Host) -> Model:
    return Model("sam", "interactive", "Sam", (host.put("/m/sam.pth", CONTENT),))


@pytest.fixture
def folder_model(host: Host) -> Model:
    files = (host.put("/h/config.json", b"{}"), host.put("/h/model.safetensors", CONTENT[:-1]))
    return Model("clothes", "segmentation", "Clothes", files)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def cache(tmp_path: Path, said: list[str]) -> Cache:
    return Cache(tmp_path / "cache", Access(), said.append)


def test_a_model_of_one_file_is_that_file_under_its_own_name(cache: Cache, model: Model) -> None:
    path = cache.fetch(model)
    assert path == cache.path(model)
    assert path.name == "sam.pth"
    assert path.parent.name == "sam"
    assert path.read_bytes() == CONTENT


def test_a_model_of_several_files_is_a_folder_with_the_models_name(
    cache: Cache, folder_model: Model
) -> None:
    folder = cache.fetch(folder_model)
    assert folder.name == "clothes"
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        "config.json": b"{}",
        "model.safetensors": CONTENT[:-1],
    }


def test_the_next_start_asks_nobody(
    cache: Cache, model: Model, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache.missing(model) == list(model.files)
    cache.fetch(model)
    host.asked.clear()
    other = Cache(cache.folder, Access(), pytest.fail)
    # A whole file is not even read again.
    monkeypatch.setattr(hashlib, "file_digest", pytest.fail)
    assert other.missing(model) == []
    other.fetch(model)
    assert host.asked == []


def test_two_models_with_the_same_file_share_it(cache: Cache, model: Model, host: Host) -> None:
    cache.fetch(model)
    same = replace(model, name="mine", files=(replace(model.files[0], name="best.pth"),))
    assert cache.fetch(same).read_bytes() == CONTENT
    assert len(host.asked) == 1


@pytest.mark.parametrize("size", [len(CONTENT), 100])
def test_a_damaged_file_is_noticed_said_and_fetched_again(
    cache: Cache, model: Model, said: list[str], size: int
) -> None:
    content = cache.fetch(model).resolve()
    content.chmod(0o644)
    content.write_bytes(bytes(size))
    assert cache.missing(model) == list(model.files)
    assert cache.fetch(model).read_bytes() == CONTENT
    assert said == [f"sam.pth was damaged in {cache.folder}; it is fetched again"]


def test_a_file_with_a_new_date_and_the_old_content_stays(
    cache: Cache, model: Model, host: Host
) -> None:
    content = cache.fetch(model).resolve()
    os.utime(content, (1, 1))
    assert cache.missing(model) == []
    assert len(host.asked) == 1


def test_a_run_that_was_killed_before_the_seal_fetches_nothing_again(
    cache: Cache, model: Model, host: Host
) -> None:
    content = cache.fetch(model).resolve()
    content.with_name(f"{content.name}.sealed").unlink()
    shutil.rmtree(cache.folder / "models")
    assert cache.fetch(model).read_bytes() == CONTENT
    assert len(host.asked) == 1


def test_what_is_left_to_fetch_counts_what_is_here(
    cache: Cache, model: Model, folder_model: Model
) -> None:
    assert cache.left(model) == len(CONTENT)
    part = cache.folder / "files" / f".{model.files[0].sha256}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:1000])
    assert cache.left(model) == len(CONTENT) - 1000
    cache.fetch(model)
    assert cache.left(model) == 0
    unknown = replace(folder_model, files=(replace(folder_model.files[0], size=None),))
    assert cache.left(unknown) is None


def test_a_disk_without_room_is_said_before_anything_is_fetched(
    cache: Cache, model: Model, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 9, 1_000_000))
    with pytest.raises(WeightsError, match=r"has 3\.0 MB, and the disk of .* has 1\.0 MB left"):
        cache.fetch(model)
    assert host.asked == []


def test_a_cache_that_cannot_be_made_is_said_with_the_setting(tmp_path: Path, model: Model) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WeightsError, match=r"cannot be used: .*XDG_CACHE_HOME"):
        Cache(tmp_path / "file" / "cache", Access()).fetch(model)


def test_the_full_check_reads_every_byte(cache: Cache, model: Model) -> None:
    (file,) = model.files
    assert cache.check(file) is None
    content = cache.fetch(model).resolve()
    assert cache.check(file) is True
    times = (content.stat().st_atime_ns, content.stat().st_mtime_ns)
    content.chmod(0o644)
    content.write_bytes(bytes(len(CONTENT)))
    os.utime(content, ns=times)
    assert cache.missing(model) == [], "size and date are as they were"
    assert cache.check(file) is False


# What a process of its own runs: the command line, with a catalogue of the test's own.
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path, model: Model) -> Start:
    (file,) = model.files
    own = tmp_path / "own.toml"
    own.write_text(
        f'[interactive.sam]\n[[interactive.sam.files]]\nname = "sam.pth"\nurl = "{file.url}"\n'
        f'sha256 = "{file.sha256}"\nsize = {file.size}\n'
    )
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ATELIER_CATALOGUE": str(own)}

    def start(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "weights", *words],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start


def wait_for_part(tmp_path: Path, size: int) -> Path:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for part in tmp_path.glob(".cache/atelier/weights/files/.*.part"):
            if part.stat().st_size >= size:
                return part
        time.sleep(0.01)
    raise AssertionError("nothing arrives")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_process_ended_in_the_middle_leaves_what_the_next_one_goes_on_with(
    host: Host, start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    host.chunk_seconds = 0.05
    first = start("fetch", "sam")
    part = wait_for_part(tmp_path, 500_000)
    first.send_signal(number)
    output, _ = first.communicate(timeout=30)
    if number == signal.SIGINT:
        assert first.returncode == 130
        assert "What arrived is kept: the same command goes on from there." in output
        assert "Traceback" not in output
    arrived = part.stat().st_size
    assert 500_000 <= arrived < len(CONTENT)
    host.chunk_seconds = 0.0
    second = start("fetch", "sam")
    output, _ = second.communicate(timeout=30)
    assert second.returncode == 0, output
    assert host.ranges_asked() == [None, f"bytes={arrived}-"]
    path = Path(output.splitlines()[-1].partition(" is in ")[2])
    assert path.read_bytes() == CONTENT


def test_two_processes_at_once_fetch_it_once(host: Host, start: Start, tmp_path: Path) -> None:
    host.chunk_seconds = 0.02
    first = start("fetch", "sam")
    wait_for_part(tmp_path, 1)
    second = start("fetch", "sam")
    outputs = [process.communicate(timeout=60)[0] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outputs
    assert len(host.asked) == 1
    assert "another process fetches sam.pth; waiting for it" in outputs[1]


def test_a_file_that_comes_with_atelier_is_not_fetched(cache: Cache, host: Host) -> None:
    general = catalogue()["segmentation"]["beit-base-ade20k"]
    small = tuple(file for file in general.files if file.name.endswith(".json"))
    large = host.put("/b/pytorch_model.bin", CONTENT)
    path = cache.fetch(replace(general, files=(*small, large)))
    assert [asked for _, asked, _ in host.asked] == ["/b/pytorch_model.bin"]
    for file in small:
        content = (path / file.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)
    assert cache.missing(replace(general, files=small)) == []
