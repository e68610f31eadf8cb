"""uv from a package index, without pip: a real server on loopback, and small wheels."""

import base64
import hashlib
import io
import os
import platform
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scripts.fetch_uv import FetchError, fetch_uv, runs_here

MACHINE = platform.machine()
OURS = f"macosx_11_0_{MACHINE}" if sys.platform == "darwin" else f"manylinux_2_17_{MACHINE}"
OTHER = "win_arm64"


def wheel(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("uv-1.2.3.data/scripts/uv", text)
    return file.getvalue()


class Index:
    """A simple index with these files of uv: name -> content."""

    def __init__(self, files: dict[str, bytes], login: str = "") -> None:
        self.pages = {f"/files/{name}": content for name, content in files.items()}
        anchors = [
            f'<a href="../../files/{name}#sha256={hashlib.sha256(content).hexdigest()}">{name}</a>'
            for name, content in files.items()
        ]
        self.pages["/simple/uv/"] = "\n".join(anchors).encode()
        self.login = login
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = f"Basic {base64.b64encode(self.login.encode()).decode()}" if self.login else None
        allowed = request.headers["Authorization"] == wanted
        content = self.pages.get(request.path, b"")
        request.send_response(401 if not allowed else 200 if content else 404)
        request.send_header("Content-Length", str(len(content) if allowed else 0))
        request.end_headers()
        if allowed:
            request.wfile.write(content)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    @property
    def url(self) -> str:
        login = f"{self.login}@" if self.login else ""
        return f"http://{login}{self.host}/simple"


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Index]]:
    """Makes an index, of which the environment says nothing, and ends it."""
    made: list[Index] = []
    for name in list(os.environ):
        if name.startswith("UV_") or "proxy" in name.lower():
            monkeypatch.delenv(name)

    class Served(Index):
        def __init__(self, files: dict[str, bytes], login: str = "") -> None:
            super().__init__(files, login)
            made.append(self)

    yield Served
    for index in made:
        index.server.shutdown()
        index.server.server_close()


def lock(folder: Path, *wheels: bytes) -> Path:
    file = folder / "uv.txt"
    hashes = [f"    --hash=sha256:{hashlib.sha256(content).hexdigest()}" for content in wheels]
    file.write_text(" \\\n".join(["uv==1.2.3", *hashes]) + "\n")
    return file


def test_the_wheel_of_this_machine_is_unpacked(serve: type[Index], tmp_path: Path) -> None:
    ours, newer, other = wheel("ours"), wheel("for a newer C library"), wheel("other")
    index = serve(
        {
            f"uv-1.2.3-py3-none-{OURS.replace('2_17', '2_28')}.whl": newer,
            f"uv-1.2.3-py3-none-{OURS}.whl": ours,
            f"uv-1.2.3-py3-none-{OTHER}.whl": other,
            f"uv-1.2.2-py3-none-{OURS}.whl": wheel("older"),
        }
    )
    target = tmp_path / "new" / "uv"
    wanted = lock(tmp_path, ours, newer, other)
    fetch_uv(wanted, target, {"UV_DEFAULT_INDEX": index.url})
    assert target.read_text() == "ours"
    assert os.access(target, os.X_OK)
    assert list(target.parent.iterdir()) == [target]


def test_a_password_in_the_address_is_sent_and_never_shown(
    serve: type[Index], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = wheel("ours")
    index = serve({f"uv-1.2.3-py3-none-{OURS}.whl": ours}, login="anna:s3cret")
    fetch_uv(lock(tmp_path, ours), tmp_path / "uv", {"UV_DEFAULT_INDEX": index.url})
    wrong = index.url.replace("s3cret", "wr0ng")
    with pytest.raises(FetchError, match="401") as caught:
        fetch_uv(lock(tmp_path, ours), tmp_path / "uv", {"UV_DEFAULT_INDEX": wrong})
    assert "wr0ng" not in str(caught.value)
    # pip and uv know it from there as well.
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login anna password s3cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    plain = {"UV_DEFAULT_INDEX": f"http://{index.host}/simple"}
    fetch_uv(lock(tmp_path, ours), tmp_path / "uv", plain)


def test_the_proxy_of_the_settings_is_asked(serve: type[Index], tmp_path: Path) -> None:
    ours = wheel("ours")
    proxy = serve({f"uv-1.2.3-py3-none-{OURS}.whl": ours})
    # What a proxy is asked for is the whole address.
    proxy.pages = {f"http://index.example{path}": page for path, page in proxy.pages.items()}
    told = {
        "UV_DEFAULT_INDEX": "http://index.example/simple",
        "HTTP_PROXY": f"http://{proxy.host}",
    }
    fetch_uv(lock(tmp_path, ours), tmp_path / "uv", told)
    assert (tmp_path / "uv").read_text() == "ours"


def test_another_file_under_the_same_name_is_refused(serve: type[Index], tmp_path: Path) -> None:
    index = serve({f"uv-1.2.3-py3-none-{OURS}.whl": wheel("ours")})
    name = f"/files/uv-1.2.3-py3-none-{OURS}.whl"
    index.pages[name] = wheel("evil")
    with pytest.raises(FetchError, match=r"is not the file whose hash is in uv\.txt"):
        fetch_uv(lock(tmp_path, wheel("ours")), tmp_path / "uv", {"UV_DEFAULT_INDEX": index.url})
    assert not (tmp_path / "uv").exists()


def test_an_index_without_a_wheel_for_this_machine_is_named(
    serve: type[Index], tmp_path: Path
) -> None:
    other = wheel("other")
    index = serve({f"uv-1.2.3-py3-none-{OTHER}.whl": other})
    with pytest.raises(FetchError, match=rf"{index.host}/simple/uv/ has no wheel .*uv 1\.2\.3 on"):
        fetch_uv(lock(tmp_path, other), tmp_path / "uv", {"UV_DEFAULT_INDEX": index.url})


@pytest.mark.parametrize(
    ("system", "libc", "machine", "wanted"),
    [
        ("linux", "glibc", "x86_64", "manylinux_2_17_x86_64.manylinux2014_x86_64"),
        ("linux", "", "x86_64", "musllinux_1_1_x86_64"),
        ("linux", "glibc", "aarch64", "manylinux_2_17_aarch64.manylinux2014_aarch64"),
        ("darwin", "", "arm64", "macosx_11_0_arm64"),
        ("darwin", "", "x86_64", "macosx_10_12_x86_64"),
    ],
)
def test_one_tag_is_this_machines(
    monkeypatch: pytest.MonkeyPatch, system: str, libc: str, machine: str, wanted: str
) -> None:
    tags = {
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "manylinux_2_17_aarch64.manylinux2014_aarch64",
        "musllinux_1_1_x86_64",
        "macosx_11_0_arm64",
        "macosx_10_12_x86_64",
        "win_amd64",
    }
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "libc_ver", lambda: (libc, ""))
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert {tag for tag in tags if runs_here(tag)} == {wanted}
