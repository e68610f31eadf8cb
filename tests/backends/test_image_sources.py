"""What the three images are built from, read as text: no daemon is needed."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGES = ("frontend", "segmentation", "segment_anything_model")
ENTRYPOINT = ROOT / "backends" / "entrypoint.sh"


def dockerfile(image: str) -> str:
    return (ROOT / "backends" / image / "Dockerfile").read_text()


def stages(image: str) -> dict[str, str]:
    """Return the text of each stage by its name; the last one is called `image`."""
    parts = re.split(r"^(?=FROM )", dockerfile(image), flags=re.MULTILINE)[1:]
    named = [re.match(r"FROM \S+ AS (\w+)", part) for part in parts]
    return {name[1] if name else "image": part for name, part in zip(named, parts, strict=True)}


def allowed(image: str) -> list[str]:
    lines = (ROOT / "backends" / image / "Dockerfile.dockerignore").read_text().splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*"
    assert rules[-1] == "**/__pycache__"
    return [rule.removeprefix("!") for rule in rules[1:-1]]


def test_the_images_share_their_base_to_the_letter() -> None:
    assert len({dockerfile(image).split("FROM ")[0].splitlines()[-2] for image in IMAGES}) == 1
    for name in ("uv", "base"):
        assert len({stages(image)[name] for image in IMAGES}) == 1
    assert stages("segmentation")["packages"] == stages("segment_anything_model")["packages"]


@pytest.mark.parametrize("image", IMAGES)
def test_every_image_runs_as_nobody_in_particular_without_a_shell_around_it(image: str) -> None:
    last = stages(image)["image"]
    assert "\nUSER 10001:10001\n" in last
    assert re.search(r'^CMD \["python", "-m", "backends\.\w+"\]$', last, re.MULTILINE)
    assert re.search(r'HEALTHCHECK .*\\\n  CMD \["python"', last)
    port = re.search(r"PORT=(\d+)", last)
    assert port is not None
    assert f"EXPOSE {port[1]}\n" in last
    assert f"http://127.0.0.1:{port[1]}/health" in last


@pytest.mark.parametrize("image", IMAGES)
def test_no_image_takes_what_is_not_pinned(image: str) -> None:
    text = dockerfile(image)
    assert "# syntax=" not in text
    assert "|| true" not in text
    assert re.search(r"^ARG PYTHON_IMAGE=python:\d+\.\d+\.\d+-slim-\w+$", text, re.MULTILINE)
    installs = re.findall(r"pip install(?:[^\n]*\\\n)*[^\n]*", text)
    assert len(installs) == 2
    assert all("--require-hashes" in install and "--no-cache" in install for install in installs)


@pytest.mark.parametrize("image", IMAGES)
def test_the_whitelist_is_what_the_dockerfile_copies(image: str) -> None:
    text = dockerfile(image)
    copied = set(
        re.findall(
            r"^COPY (?:--chmod=755 )?((?:backends|masks|scripts|studio|weights)\S*) ", text, re.M
        )
    )
    mounted = set(re.findall(r"type=bind,source=((?:backends|scripts)\S*?),", text))
    let_in = allowed(image)
    assert [path for path in let_in if not covers(copied | mounted, path)] == []
    # Of a folder that is copied, some files alone may be let in.
    used = {
        path for path in copied | mounted if not any(one.startswith(f"{path}/") for one in let_in)
    }
    assert [path for path in used if not covers(let_in, path)] == []
    assert all((ROOT / path).exists() for path in let_in)


def covers(paths: Iterable[str], path: str) -> bool:
    """Whether a path is one of some files and folders, or in one of them."""
    return any(path == one or path.startswith(f"{one}/") for one in paths)


@pytest.mark.parametrize("image", IMAGES)
def test_no_image_holds_the_code_of_another(image: str) -> None:
    others = {f"backends/{other}" for other in IMAGES if other != image}
    assert not others & set(allowed(image))


def run_entrypoint(secrets: Path, key: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run the entrypoint with its two paths moved; everything else of it is as shipped."""
    text = ENTRYPOINT.read_text()
    moved = text.replace("/run/secrets/", f"{secrets}/").replace("/run/google/key.json", str(key))
    assert text.count("/run/secrets/") == 2
    return subprocess.run(
        ["sh", "-c", moved, "entrypoint", "sh", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )


def test_a_secrets_file_becomes_the_variable_of_its_name(tmp_path: Path) -> None:
    value = "a b'c\"d$e\\f"
    (tmp_path / "BASIC_AUTH_PASS").write_text(value)
    done = run_entrypoint(tmp_path, tmp_path / "none", 'printf %s "$BASIC_AUTH_PASS"')
    assert done.stdout == value


def test_an_empty_secret_stops_the_start_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "SECRET_KEY").write_text("")
    done = run_entrypoint(tmp_path, tmp_path / "none", "echo started")
    assert done.returncode == 1
    assert "SECRET_KEY is empty" in done.stderr
    assert done.stdout == ""


def test_google_is_told_of_a_key_only_where_there_is_one(tmp_path: Path) -> None:
    show = 'echo "${GOOGLE_APPLICATION_CREDENTIALS-none}"'
    secrets, key = tmp_path / "secrets", tmp_path / "key.json"
    secrets.mkdir()
    assert run_entrypoint(secrets, key, show).stdout == "none\n"
    key.write_text("{}")
    assert run_entrypoint(secrets, key, show).stdout == f"{key}\n"


def test_the_command_takes_the_entrypoints_place(tmp_path: Path) -> None:
    assert run_entrypoint(tmp_path, tmp_path / "none", "exit 7").returncode == 7
