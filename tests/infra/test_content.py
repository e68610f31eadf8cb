"""What an image's hash depends on: the files that its .dockerignore lets in, and nothing else."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.content import ContextError, content_hash, dockerfile, files
from infra.settings.facts import BATCH_IMAGE, IMAGE_NAMES, REPOSITORY


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one image, `app`, of its own folder and one shared file."""
    write(tmp_path, "backends/app/Dockerfile", "FROM scratch\n")
    write(
        tmp_path,
        "backends/app/Dockerfile.dockerignore",
        "# Nothing but\n*\n!backends/app\n!shared.txt\n**/__pycache__\n",
    )
    write(tmp_path, "backends/app/model.py", "a = 1\n")
    write(tmp_path, "shared.txt", "shared")
    write(tmp_path, "secret.txt", "not for the image")
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    """Write a file and the folders that lead to it."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_only_what_is_let_in_is_listed(root: Path) -> None:
    assert files("app", root) == [
        PurePosixPath("backends/app/Dockerfile"),
        PurePosixPath("backends/app/Dockerfile.dockerignore"),
        PurePosixPath("backends/app/model.py"),
        PurePosixPath("shared.txt"),
    ]


@pytest.mark.parametrize("name", ["backends/app/model.py", "shared.txt", "backends/app/Dockerfile"])
def test_a_changed_file_changes_the_hash(root: Path, name: str) -> None:
    before = content_hash("app", root)
    write(root, name, "changed")
    assert content_hash("app", root) != before


def test_a_new_file_a_new_name_and_a_new_mode_change_the_hash(root: Path) -> None:
    seen = {content_hash("app", root)}
    write(root, "backends/app/more.py", "")
    seen.add(content_hash("app", root))
    (root / "backends/app/more.py").rename(root / "backends/app/other.py")
    seen.add(content_hash("app", root))
    (root / "backends/app/other.py").chmod(0o755)
    seen.add(content_hash("app", root))
    assert len(seen) == 4


def test_what_is_not_in_the_image_leaves_the_hash_alone(root: Path) -> None:
    before = content_hash("app", root)
    write(root, "secret.txt", "changed")
    write(root, "backends/app/__pycache__/model.cpython-311.pyc", "compiled")
    write(root, "backends/other/model.py", "another image")
    (root / "shared.txt").touch()
    assert content_hash("app", root) == before


def test_what_is_built_in_changes_the_hash_and_an_empty_argument_does_not(root: Path) -> None:
    plain = content_hash("app", root)
    weights = {"URL": "https://weights.example.org/mine.pth", "SHA256": "a" * 64}
    assert content_hash("app", root, {"URL": "", "SHA256": ""}) == plain
    seen = {plain, content_hash("app", root, weights)}
    seen.add(content_hash("app", root, weights | {"SHA256": "b" * 64}))
    seen.add(content_hash("app", root, {"URL": weights["SHA256"], "SHA256": weights["URL"]}))
    assert len(seen) == 4


@given(st.text(max_size=20), st.text(max_size=20))
def test_text_cannot_wander_from_one_file_into_the_next(
    tmp_path_factory: pytest.TempPathFactory, first: str, second: str
) -> None:
    def hashed(one: str, two: str) -> str:
        root = tmp_path_factory.mktemp("repository")
        write(root, "backends/app/Dockerfile", "")
        write(root, "backends/app/Dockerfile.dockerignore", "*\n!a\n!b\n")
        (root / "a").write_bytes(one.encode())
        (root / "b").write_bytes(two.encode())
        return content_hash("app", root)

    same = hashed(first, second) == hashed(first + second, "")
    assert same == (second == "")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("!backends/app\n", "begin with a line \\*"),
        ("*\n!backends/*.py\n", "without wildcards"),
        ("*\n!backends/app\nbackends/app/secret\n", "only !PATH is read"),
        ("*\n!gone\n", "gone, which does not exist"),
    ],
)
def test_a_list_that_docker_would_read_otherwise_is_refused(
    root: Path, lines: str, words: str
) -> None:
    write(root, "backends/app/Dockerfile.dockerignore", lines)
    with pytest.raises(ContextError, match=words):
        files("app", root)


def test_an_image_without_a_list_is_refused(root: Path) -> None:
    with pytest.raises(ContextError, match="cannot be read"):
        files("nothing", root)


@pytest.mark.parametrize("image", [*IMAGE_NAMES, BATCH_IMAGE])
def test_the_images_own_lists_can_be_read(image: str) -> None:
    listed = files(image)
    assert dockerfile(image) in listed
    assert len(content_hash(image)) == 16
    assert all((REPOSITORY / path).is_file() for path in listed)
