"""One file from a server: resumed after a cut, checked while it arrives, whole or not there."""

import errno
import hashlib
import random
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.weights.host import Host
from weights import access as access_module
from weights import download as download_module
from weights.access import Access
from weights.download import TRIES, download
from weights.errors import WeightsError
from weights.file import File

CONTENT = random.Random(1).randbytes(3_000_000)
HERE = Access()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def file(host: Host) -> File:
    return host.put("/m/sam.pth", CONTENT)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "sam.pth"


def test_a_file_arrives_whole_read_only_and_alone(file: File, target: Path) -> None:
    told: list[tuple[int, int | None]] = []
    download(file, target, HERE, lambda _, done, total: told.append((done, total)))
    assert target.read_bytes() == CONTENT
    assert target.stat().st_mode & 0o222 == 0
    assert names(target.parent) == ["sam.pth"]
    assert told == sorted(told)
    assert told[0] == (0, len(CONTENT))
    assert told[-1] == (len(CONTENT), len(CONTENT))


def test_a_size_that_nobody_knows_is_learnt_from_the_server(file: File, target: Path) -> None:
    told: list[int | None] = []
    download(replace(file, size=None), target, HERE, lambda *facts: told.append(facts[2]))
    assert set(told) == {len(CONTENT)}


def test_after_cuts_it_goes_on_behind_the_last_byte(host: Host, file: File, target: Path) -> None:
    host.cuts = [1_000_000, 500_000]
    download(file, target, HERE)
    assert target.read_bytes() == CONTENT
    assert host.ranges_asked() == [None, "bytes=1000000-", "bytes=1500000-"]
    assert host.asked[1][2]["If-Range"] == '"one"'


def test_a_server_without_ranges_is_read_from_the_beginning(
    host: Host, file: File, target: Path
) -> None:
    host.ranges, host.cuts = False, [2_000_000]
    download(file, target, HERE)
    assert target.read_bytes() == CONTENT
    assert host.ranges_asked() == [None, "bytes=2000000-"]


def stop_after(host: Host, file: File, target: Path, size: int) -> None:
    """A run that gives up after `size` bytes and leaves them."""
    host.cuts, host.answers = [size], []

    def then_refuse(told: File, done: int, total: int | None) -> None:
        if done >= size:
            host.answers = [503] * TRIES

    with pytest.raises(WeightsError, match="answers 503"):
        download(file, target, HERE, then_refuse)
    host.answers = []
    assert names(target.parent) == [".sam.pth.part", ".sam.pth.part.json"]


def test_what_one_run_left_the_next_one_goes_on_with(host: Host, file: File, target: Path) -> None:
    stop_after(host, file, target, 1_200_000)
    host.asked.clear()
    told: list[int] = []
    download(file, target, HERE, lambda *facts: told.append(facts[1]))
    assert target.read_bytes() == CONTENT
    assert host.ranges_asked() == ["bytes=1200000-"]
    assert told[0] == 1_200_000


def test_a_content_that_changed_between_two_runs_is_fetched_anew(
    host: Host, file: File, target: Path
) -> None:
    old = host.put("/m/sam.pth", bytes(reversed(CONTENT)), version='"old"')
    stop_after(host, old, target, 1_200_000)
    host.put("/m/sam.pth", CONTENT, version='"new"')
    host.asked.clear()
    download(file, target, HERE)
    assert target.read_bytes() == CONTENT
    assert len(host.asked) == 1, "If-Range tells the server what was here"


def test_where_a_server_names_no_version_the_hash_finds_the_change(
    host: Host, file: File, target: Path
) -> None:
    old = host.put("/m/sam.pth", bytes(reversed(CONTENT)), version="")
    host.cuts = [1_200_000]
    with pytest.raises(WeightsError, match="answers 404"):
        download(old, target, HERE, lambda *facts: host.answers.append(404) if facts[1] else None)
    host.answers.clear()
    host.put("/m/sam.pth", CONTENT, version="")
    host.asked.clear()
    download(file, target, HERE)
    assert target.read_bytes() == CONTENT
    assert host.ranges_asked() == ["bytes=1200000-", None]


def test_a_run_that_was_killed_behind_the_last_byte_asks_nobody(
    host: Host, file: File, target: Path
) -> None:
    target.with_name(".sam.pth.part").write_bytes(CONTENT)
    download(file, target, HERE)
    assert (host.asked, target.read_bytes()) == ([], CONTENT)


def test_without_a_known_size_the_server_says_that_nothing_is_missing(
    host: Host, file: File, target: Path
) -> None:
    target.with_name(".sam.pth.part").write_bytes(CONTENT)
    download(replace(file, size=None), target, HERE)
    assert host.ranges_asked() == [f"bytes={len(CONTENT)}-"]
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("size", [len(CONTENT), len(CONTENT) + 5, 10])
@pytest.mark.parametrize("known", [True, False])
def test_rubbish_beside_the_target_is_replaced(
    file: File, target: Path, size: int, known: bool
) -> None:
    target.with_name(".sam.pth.part").write_bytes(b"x" * size)
    target.with_name(".sam.pth.part.json").write_text("{")
    download(file if known else replace(file, size=None), target, HERE)
    assert target.read_bytes() == CONTENT
    assert names(target.parent) == ["sam.pth"]


def test_other_bytes_are_refused_and_not_kept(host: Host, file: File, target: Path) -> None:
    wrong = replace(file, sha256="0" * 64)
    digest = hashlib.sha256(CONTENT).hexdigest()
    with pytest.raises(WeightsError, match=f"its SHA-256 is {digest}, not 0000") as raised:
        download(wrong, target, HERE)
    assert file.url in str(raised.value)
    assert names(target.parent) == []
    assert len(host.asked) == 1


def test_another_size_is_refused_before_it_is_fetched(host: Host, file: File, target: Path) -> None:
    told: list[int] = []
    with pytest.raises(WeightsError, match="it has 3000000 bytes, not 2999999"):
        download(replace(file, size=2_999_999), target, HERE, lambda *f: told.append(f[1]))
    assert (told, names(target.parent)) == ([], [])


@pytest.mark.parametrize(
    ("status", "advice"),
    [(404, "moved or deleted"), (403, "lets nobody in"), (401, "lets nobody in"), (410, "moved")],
)
def test_a_refusal_is_told_at_once_with_address_and_advice(
    host: Host, file: File, target: Path, status: int, advice: str
) -> None:
    host.answers = [status]
    with pytest.raises(WeightsError, match=rf"{re.escape(file.url)} answers {status} .*{advice}"):
        download(file, target, HERE)
    assert len(host.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408])
def test_a_busy_server_is_asked_again(host: Host, file: File, target: Path, status: int) -> None:
    host.answers = [status] * (TRIES - 1)
    download(file, target, HERE)
    assert target.read_bytes() == CONTENT
    assert len(host.asked) == TRIES


def test_the_pauses_grow_and_are_as_long_as_a_server_asks_for(
    host: Host, file: File, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(download_module, "FIRST_PAUSE_SECONDS", 1.0)
    monkeypatch.setattr(time, "sleep", pauses.append)
    host.answers = [503] * TRIES
    with pytest.raises(WeightsError, match=f"answers 503 .*, {TRIES} times in a row"):
        download(file, target, HERE)
    assert pauses == [1, 2, 4, 8]
    pauses.clear()
    host.answers, host.retry_after = [429, 429], "7"
    download(file, target, HERE)
    assert pauses[:2] == [7, 7]


def test_a_server_that_is_not_there_is_named_with_what_to_set(host: Host, target: Path) -> None:
    file = File("a.pth", "http://127.0.0.1:9/a.pth", "0" * 64, 9)
    with pytest.raises(WeightsError, match=r"127\.0\.0\.1:9/a\.pth cannot be read .*HTTPS_PROXY"):
        download(file, target, HERE)
    assert names(target.parent) == []


def test_a_server_that_falls_silent_is_asked_again(
    host: Host, file: File, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_module, "TIMEOUT_SECONDS", 0.2)
    host.chunk_seconds = 0.5

    def then_fast(told: File, done: int, total: int | None) -> None:
        if len(host.asked) > 1:
            host.chunk_seconds = 0.0

    download(file, target, HERE, then_fast)
    assert target.read_bytes() == CONTENT
    assert (host.ranges_asked()[1] or "").startswith("bytes=")


def test_a_slow_server_is_waited_for(host: Host, file: File, target: Path) -> None:
    host.chunk_seconds = 0.005
    download(file, target, HERE)
    assert len(host.asked) == 1


def test_a_redirect_is_followed_and_resumed(host: Host, target: Path) -> None:
    """Hugging Face leads to a store with signed addresses, whose entity tag is its own."""
    stored = host.put("/store/5f1c", CONTENT)
    host.redirects["/m/resolve/1/model.safetensors"] = (f"{host.url}/store/5f1c?signature=a", {})
    file = replace(stored, name="m", url=f"{host.url}/m/resolve/1/model.safetensors")
    host.cuts = [1_000_000]
    download(file, target, HERE)
    assert target.read_bytes() == CONTENT
    assert [path.partition("?")[0] for _, path, _ in host.asked] == [
        *("/m/resolve/1/model.safetensors", "/store/5f1c"),
        *("/m/resolve/1/model.safetensors", "/store/5f1c"),
    ]
    assert host.asked[-1][2]["Range"] == "bytes=1000000-"
    assert host.asked[-1][2]["If-Range"] == '"one"'


def test_a_web_page_instead_of_weights_is_called_one(host: Host, target: Path) -> None:
    page = target.with_name("sign-in.html")
    page.write_text("<html>sign in</html>")
    file = File("a.html", page.as_uri(), "0" * 64, 99)
    with pytest.raises(WeightsError, match="a web page: does a proxy ask to sign in"):
        download(file, target, HERE)


def test_a_proxy_of_the_environment_is_used(
    host: Host, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = replace(host.put("/m/a.pth", CONTENT), url="http://weights.invalid/m/a.pth")
    monkeypatch.setenv("http_proxy", host.url)
    download(file, target, HERE)
    assert target.read_bytes() == CONTENT
    assert host.asked[0][1] == "http://weights.invalid/m/a.pth"


def test_a_mirror_is_asked_instead_by_host_and_path(host: Host, target: Path) -> None:
    file = host.put("/copies/dl.example.org/m/a.pth", CONTENT)
    asked = replace(file, url="https://dl.example.org/m/a.pth")
    download(asked, target, Access(mirror=f"{host.url}/copies/"))
    assert target.read_bytes() == CONTENT
    host.put("/copies/dl.example.org/m/b.pth", CONTENT[::-1])
    with pytest.raises(WeightsError, match=r"copies/dl\.example\.org/m/b\.pth is not the file"):
        download(
            replace(asked, url="https://dl.example.org/m/b.pth"),
            target.with_name("b.pth"),
            Access(mirror=f"{host.url}/copies"),
        )


def test_a_mirror_without_a_copy_is_named_with_the_file_that_it_lacks(
    host: Host, target: Path
) -> None:
    file = File("a.pth", "https://dl.example.org/m/a.pth", "0" * 64, 9)
    told = r"answers 404 .*mirror \(WEIGHTS_MIRROR\) has no copy of https://dl\.example\.org/m/a"
    with pytest.raises(WeightsError, match=told):
        download(file, target, Access(mirror=host.url))


def test_a_mirror_can_be_a_folder(tmp_path: Path) -> None:
    copy = tmp_path / "stick/dl.example.org/m/a b.pth"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    file = File("a.pth", "https://dl.example.org/m/a%20b.pth", digest, len(CONTENT))
    download(file, tmp_path / "a.pth", Access(mirror=(tmp_path / "stick").as_uri()))
    assert (tmp_path / "a.pth").read_bytes() == CONTENT


def test_a_file_of_this_machine_is_copied_and_a_missing_one_named(tmp_path: Path) -> None:
    source = tmp_path / "own.pth"
    source.write_bytes(CONTENT)
    file = File("own.pth", source.as_uri(), hashlib.sha256(CONTENT).hexdigest())
    download(file, tmp_path / "copy.pth", HERE)
    assert (tmp_path / "copy.pth").read_bytes() == CONTENT
    source.unlink()
    with pytest.raises(WeightsError, match=r"own\.pth cannot be read: .*No such file"):
        download(file, tmp_path / "again.pth", HERE)


class TestCloudStorage:
    """gs:// addresses, by the XML API's form of an address."""

    @pytest.fixture
    def object(self, host: Host) -> File:
        # Quoted, as a client has to ask for it.
        return replace(
            host.put("/bucket/own%20models/a.pth", CONTENT), url="gs://bucket/own models/a.pth"
        )

    def test_an_object_is_read_with_the_callers_token(
        self, host: Host, object: File, target: Path
    ) -> None:
        host.token = "Bearer mine"
        download(object, target, Access(google=host.url, google_token=lambda: "mine"))
        assert target.read_bytes() == CONTENT

    def test_a_public_object_is_read_without_one(
        self, host: Host, object: File, target: Path
    ) -> None:
        download(object, target, Access(google=host.url))
        assert "Authorization" not in host.asked[0][2]

    def test_a_token_does_not_go_where_a_redirect_leads(
        self, host: Host, object: File, target: Path
    ) -> None:
        host.redirects["/bucket/own%20models/a.pth"] = (f"{host.url}/elsewhere/a.pth", {})
        host.put("/elsewhere/a.pth", CONTENT)
        download(object, target, Access(google=host.url, google_token=lambda: "mine"))
        assert [headers.get("Authorization") for *_, headers in host.asked] == ["Bearer mine", None]

    def test_a_refused_account_is_told_how_to_get_in(
        self, host: Host, object: File, target: Path
    ) -> None:
        host.token = "Bearer other"
        with pytest.raises(
            WeightsError, match=r"gs://bucket/own models/a\.pth answers 403 .*gcloud"
        ):
            download(object, target, Access(google=host.url, google_token=lambda: "mine"))

    def test_no_mirror_is_asked_for_it(self, host: Host, object: File, target: Path) -> None:
        download(object, target, Access(mirror="http://127.0.0.1:9", google=host.url))
        assert target.read_bytes() == CONTENT


def test_no_signature_and_no_password_is_in_a_message(host: Host, target: Path) -> None:
    signed = File("a", f"{host.url}/none.pth?X-Signature=secret", "0" * 64)
    with pytest.raises(WeightsError) as raised:
        download(signed, target, HERE)
    assert "secret" not in str(raised.value)
    with pytest.raises(WeightsError, match="has a password in it") as raised:
        download(replace(signed, url="http://me:secret@127.0.0.1/a"), target, HERE)
    assert "secret" not in str(raised.value)


def test_a_full_disk_is_said_and_what_arrived_is_kept(
    file: File, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        """A file whose disk is full after a megabyte."""

        def __init__(self, real) -> None:
            self._real, self._room = real, 1_000_000

        def __getattr__(self, name: str):
            return getattr(self._real, name)

        def write(self, data: memoryview) -> int:
            if not self._room:
                raise OSError(errno.ENOSPC, "No space left on device")
            written = self._real.write(data[: self._room])
            self._room -= written
            return written

    opened = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda path, *a, **k: (
            Full(opened(path, *a, **k)) if a == ("a+b",) else opened(path, *a, **k)
        ),
    )
    with pytest.raises(WeightsError, match=r"the disk of .* is full; make room"):
        download(file, target, HERE)
    assert target.with_name(".sam.pth.part").stat().st_size == 1_000_000
