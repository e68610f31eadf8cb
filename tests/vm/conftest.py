import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cloud.kept import is_sealed
from tests.cloud.lab.cache import DOCKER as DOCKER_DATA
from tests.cloud.lab.cache import REGISTRY as REGISTRY_DATA
from tests.cloud.lab.disks import Disk
from tests.cloud.lab.images import Images
from tests.cloud.lab.lab import Lab
from tests.cloud.lab.place import Place, default_cache
from tests.vm.__main__ import TINY
from tests.vm.studio import Studio
from tests.vm.tiny_images import Tiny

MakeStudio = Callable[..., Studio]
# As startup.sh installs it.
DOCKER = ("docker.io", "docker-cli", "docker-compose", "iptables")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.vm)


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The cloud's hardware, with the public images in Docker Hub's stand-in."""
    state = tmp_path_factory.mktemp("lab")
    lab = Lab(Place(state, default_cache()), tmp_path_factory.mktemp("cloud"))
    # A lab for images of a few MB leaves those that were built before to the one beside it.
    full_size = any(item.path.stem not in TINY for item in request.session.items)
    try:
        lab.up(owned=True, kept=full_size)
        images = Images(lab)
        images.postgres()
        images.caddy()
        yield lab
        used = [(lab.place.state / name).resolve() for name in (DOCKER_DATA, REGISTRY_DATA)]
    finally:
        lab.down()
    # Else every run would begin without images, and nobody would see why it takes so long.
    assert all(is_sealed(folder) for folder in used if folder.exists())


@pytest.fixture(scope="session")
def tiny(lab: Lab) -> Tiny:
    """Stand-ins of a few MB for the project's three images."""
    return Tiny(lab)


@pytest.fixture(scope="session")
def installed(lab: Lab) -> Disk:
    """A boot disk on which Docker is installed already: a minute less for each fault."""
    studio = Studio(lab, {})
    # Without anything to run; one that does not exist in the cloud is asked about until it ends.
    studio.cloud.create({})
    machine = studio.machine
    lab.boot(machine)
    machine.run("apt-get", "update", "-qq")
    install = ("apt-get", "install", "-qq", "--yes", "--no-install-recommends")
    machine.run("env", "DEBIAN_FRONTEND=noninteractive", *install, *DOCKER, timeout=300)
    machine.shut_down()
    kept = machine.boot_disk().copy(lab.place.folder("disks") / "installed.img")
    machine.remove()
    return kept


@pytest.fixture
def make_studio(
    request: pytest.FixtureRequest, lab: Lab, tiny: Tiny, installed: Disk
) -> Iterator[MakeStudio]:
    """Makes a studio on a machine with Docker, of which nothing is left after the test."""
    made: list[Studio] = []

    def make(**config: object) -> Studio:
        studio = Studio(lab, tiny.references(), **config)
        made.append(studio)
        installed.copy(studio.machine.folder / "boot.img")
        return studio

    yield make
    for studio in made:
        keep_logs(studio, request.node.name)
        studio.remove()


@pytest.fixture(scope="module")
def new_studio(lab: Lab, tiny: Tiny) -> Iterator[Studio]:
    """One studio for all cases of a module, on an empty boot disk. It is off at first."""
    studio = Studio(lab, tiny.references())
    yield studio
    keep_logs(studio, "test_boot")
    studio.remove()


def keep_logs(studio: Studio, name: str) -> None:
    """Put the console and the startup log where pytest keeps its folders for a while."""
    folder = studio.lab.cloud / "logs" / name
    folder.mkdir(parents=True, exist_ok=True)
    if studio.machine.console.exists():
        shutil.copy(studio.machine.console, folder / "console.log")
        (folder / "startup.log").write_text(studio.log())
