"""What the Dockerfiles run: an address and hashes into a folder."""

from pathlib import Path

import pytest

from tests.weights.host import Host
from weights import google
from weights.errors import WeightsError
from weights.fetch import main, wanted
from weights.file import File

ROOT = Path(__file__).parents[2]
WEIGHTS = b"weights" * 50_000


@pytest.fixture
def files(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, File]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    listed = (host.put("/m/model.safetensors", WEIGHTS), host.put("/m/config.json", b"{}"))
    return {file.name: file for file in listed}


def test_one_file_by_its_address_and_hash(
    files: dict[str, File], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, folder = files["model.safetensors"], tmp_path / "weights"
    assert main([str(folder), file.url, file.sha256]) == 0
    assert (folder / file.name).read_bytes() == WEIGHTS
    assert [path.name for path in folder.iterdir()] == ["model.safetensors"]
    assert "weights: model.safetensors, 0.3 MB" in capsys.readouterr().out


def test_a_folder_of_files_each_with_its_hash(
    files: dict[str, File], host: Host, tmp_path: Path
) -> None:
    folder = tmp_path / "weights"
    hashes = ",".join(f"{name}={file.sha256}" for name, file in files.items())
    assert main([str(folder), f"{host.url}/m/", hashes]) == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted(files)
    assert not [path for path in folder.iterdir() if path.is_symlink()], "it is copied to an image"


def test_other_bytes_are_refused_and_nothing_is_in_the_folder(
    files: dict[str, File], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, folder = files["config.json"], tmp_path / "weights"
    assert main([str(folder), file.url, "0" * 64]) == 1
    assert f"its SHA-256 is {file.sha256}, not {'0' * 64}" in capsys.readouterr().err
    assert not folder.exists()


def test_a_mirror_of_the_build_is_asked(
    files: dict[str, File], host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.files["/copies/dl.example.org/config.json"] = b"{}"
    host.versions["/copies/dl.example.org/config.json"] = ""
    monkeypatch.setenv("WEIGHTS_MIRROR", f"{host.url}/copies")
    url = "https://dl.example.org/config.json"
    assert main([str(tmp_path / "w"), url, files["config.json"].sha256]) == 0


def test_an_object_of_a_bucket_is_read_with_the_builds_secret(host: Host, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("mine\n")
    assert google.build_token(secret) == "mine"


def test_without_a_secret_the_machine_that_builds_is_asked(host: Host, tmp_path: Path) -> None:
    host.put("/token", b'{"access_token": "machine", "expires_in": 3599}')
    assert google.build_token(tmp_path / "none", f"{host.url}/token") == "machine"
    assert host.asked[0][2]["Metadata-Flavor"] == "Google"
    assert google.build_token(tmp_path / "none", "http://127.0.0.1:9/token") is None


@pytest.mark.parametrize(
    ("url", "sha256", "message"),
    [
        ("ftp://example.org/m", "0" * 64, "is not an address"),
        ("https://example.org/m", "abc", "is not a SHA-256"),
        ("https://example.org/m", "a=" + "0" * 64 + ",../b=" + "0" * 64, "is not a file name"),
        ("https://example.org/", "0" * 64, "is not a file name"),
    ],
)
def test_what_cannot_be_fetched_is_refused_by_name(url: str, sha256: str, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        wanted(url, sha256)


def test_the_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "FOLDER URL SHA256" in capsys.readouterr().err
