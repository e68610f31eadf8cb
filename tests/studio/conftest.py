"""One Label Studio and two backends for all tests of a session; each test has its own project."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from studio.cli import studio
from tests.label_studio import (
    ROOT,
    LabelStudioServer,
    Server,
    serve_backend,
    serve_label_studio,
)

FOREIGN = "tests.studio.foreign_backend:Foreign"
BACKEND_USER = "label-studio"
BACKEND_PASSWORD = "only-for-tests"
CONFIG = ROOT / "templates" / "labeling" / "garments.xml"
# A file of Label Studio's own kind; the backends of these tests do not look at the picture.
PICTURE = Path(__file__).parent / "picture.png"


@pytest.fixture(scope="session")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudioServer]:
    with serve_label_studio(tmp_path_factory.mktemp("label-studio")) as server:
        yield server


@pytest.fixture(scope="session")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """Two backends with a password, of a model that is not ours."""
    folder = tmp_path_factory.mktemp("backends")
    auth = {"BASIC_AUTH_USER": BACKEND_USER, "BASIC_AUTH_PASS": BACKEND_PASSWORD}
    with (
        serve_backend(folder, FOREIGN, **auth) as first,
        serve_backend(folder, FOREIGN, **auth) as second,
    ):
        yield first, second


@dataclass
class Workplace:
    """A project file with its images, and a command line to apply it."""

    folder: Path
    title: str
    label_studio: LabelStudioServer
    content: dict = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.folder / "project.yaml"

    @property
    def images(self) -> Path:
        return self.folder / "images"

    def add_images(self, *names: str) -> None:
        self.images.mkdir(exist_ok=True)
        for number, name in enumerate(names):
            # Different bytes behind the picture: these are not the same image twice.
            end = f"{name}{number}".encode()
            (self.images / name).write_bytes(PICTURE.read_bytes() + end)

    def write_catalogue(self, text: str) -> None:
        (self.folder / "catalogue.csv").write_text(text)

    def write_file(self) -> None:
        """Write the project file."""
        self.file.write_text(yaml.safe_dump(self.content))

    def run(self, *arguments: str, about: Sequence[str] = (), **environment: str) -> Result:
        """Run a command of `python -m studio`; it gets `about`, the project file, then the rest."""
        self.write_file()
        connection = {
            "LABEL_STUDIO_URL": self.label_studio.url,
            "LABEL_STUDIO_API_KEY": self.label_studio.token,
        }
        command, *options = arguments
        return CliRunner().invoke(
            studio, [command, *about, str(self.file), *options], env={**connection, **environment}
        )

    def apply(self, *options: str, **environment: str) -> str:
        """Apply the project file and return what was printed."""
        result = self.run("apply", *options, **environment)
        assert result.exit_code == 0, result.output
        return result.output

    def told(self, command: str, task: int, *options: str) -> str:
        """Run a command about a task and return what was printed."""
        result = self.run(command, *options, about=[str(task)])
        assert result.exit_code == 0, result.output
        return result.output

    def annotations(self, task: int) -> list[dict]:
        """A task's annotations in the order of their ids."""
        found = self.label_studio.get(f"/api/tasks/{task}/annotations/").json()
        return sorted(found, key=lambda one: one["id"])

    def project(self) -> dict:
        found = self.label_studio.get("/api/projects/", params={"page_size": 1000}).json()
        (project,) = [item for item in found["results"] if item["title"] == self.title]
        return project

    def tasks(self) -> dict[str, dict]:
        """Tasks by the name that they were imported from."""
        query = {"project": self.project()["id"], "fields": "all", "resolve_uri": "false"}
        tasks = self.label_studio.get("/api/tasks/", params=query).json()["tasks"]
        return {task["data"]["source"]: task for task in tasks}

    def registered(self) -> list[dict]:
        query = {"project": self.project()["id"]}
        found = self.label_studio.get("/api/ml", params=query).json()
        return sorted(found, key=lambda backend: backend["id"])


@pytest.fixture
def workplace(
    tmp_path: Path, request: pytest.FixtureRequest, label_studio: LabelStudioServer
) -> Workplace:
    """A project of three images without backends."""
    title = request.node.name.removeprefix("test_").replace("_", " ")[:50].strip()
    shutil.copy(CONFIG, tmp_path / "config.xml")
    place = Workplace(tmp_path, title, label_studio)
    place.add_images("a.png", "b.png", "c.png")
    place.content = {
        "title": title,
        "labeling_config": "config.xml",
        "source": {"folder": "images"},
    }
    return place


@pytest.fixture
def with_backends(workplace: Workplace, backends: tuple[Server, Server]) -> Workplace:
    """The same project with both backends."""
    workplace.content["backends"] = [
        backend_entry("segmentation", backends[0].url),
        {**backend_entry("segment-anything", backends[1].url), "interactive": True},
    ]
    return workplace


def backend_entry(title: str, url: str) -> dict:
    return {"title": title, "url": url, "user": BACKEND_USER, "password": BACKEND_PASSWORD}


@pytest.fixture
def annotate(label_studio: LabelStudioServer) -> Callable[[int], None]:
    """Make an annotation with one region."""

    def make(task: int) -> None:
        common = {
            "id": "region1",
            "to_name": "image",
            "original_width": 2,
            "original_height": 1,
            "image_rotation": 0,
        }
        mask = {"format": "rle", "rle": [0, 0, 0, 8, 57, 27, 252, 96, 17, 255, 128]}
        result = [
            {**common, "from_name": "brush", "type": "brush", "value": mask},
            {
                **common,
                "from_name": "garment",
                "type": "labels",
                "value": {**mask, "labels": ["dress"]},
            },
        ]
        body = {"result": result}
        label_studio.request("POST", f"/api/tasks/{task}/annotations/", json=body)

    return make
