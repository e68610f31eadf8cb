"""`make images` and `make demo DOCKER=1` with a real Docker, in the order of this file.

An ordinary user starts the demo, and in the end root. The images are of full size; with `-s` it
prints their sizes, and how long everything took.
"""

import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.lab.images import Images
from tests.cloud.lab.lab import Lab
from tests.cloud.lab.place import run
from tests.cloud.lab.processes import wait_until
from tests.vm.laptop import BUILD_SECONDS, Laptop

SERVICES = {"caddy", "frontend", "postgres", "segmentation", "segment_anything_model"}
SCENES, PHOTOGRAPHS = 12, 5


@pytest.fixture(scope="module")
def laptop(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A laptop on which nothing of the studio is yet, but perhaps the layers of its images."""
    Images(lab).python()
    laptop = Laptop(lab, tmp_path_factory.mktemp("laptop"))
    yield laptop
    laptop.remove()


@pytest.fixture(scope="module")
def roots(laptop: Laptop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """The same laptop, and root at its keyboard."""
    roots = Laptop(laptop.lab, tmp_path_factory.mktemp("root"), user=0)
    yield roots
    roots.remove()


@pytest.fixture
def crowded(lab: Lab) -> Iterator[None]:
    """A Docker that serves its next network from 172.31.0.0/16: all blocks before are taken."""
    form, prune = "{{(index .IPAM.Config 0).Subnet}}", ("network", "prune", "--force")
    # Those of a run that was killed are still there.
    lab.docker(*prune)
    served, number = "", 0
    try:
        while not served.startswith("172.30."):
            name, number = f"neighbour-{number}", number + 1
            lab.docker("network", "create", name)
            served = lab.docker("network", "inspect", "--format", form, name).stdout
        yield
    finally:
        lab.docker(*prune)


def test_make_images_builds_all_three_and_shows_what_they_take(roots: Laptop) -> None:
    said = roots.run("make", "images", seconds=BUILD_SECONDS)
    print(said)
    rows = dict(re.findall(r"^(atelier-\S+) +local +([0-9.]+[MG]B)$", said, re.MULTILINE))
    assert set(rows) == {
        *("atelier-frontend", "atelier-segmentation", "atelier-segment-anything-model"),
    }
    with_torch = [rows["atelier-segmentation"], rows["atelier-segment-anything-model"]]
    assert all(size.endswith("GB") and float(size[:-2]) > 3 for size in with_torch)


def test_the_demo_opens_with_a_login(laptop: Laptop) -> None:
    began = time.monotonic()
    said = laptop.up()
    print(f"first start: {time.monotonic() - began:.0f} s\n{said}")
    facts = laptop.facts
    assert f"Open      {laptop.address}/projects/{facts['project']}/data" in said
    assert f"User      {facts['user']}" in said
    assert f"Password  {facts['password']}" in said
    page = laptop.lab.network.run("curl", "-sS", f"{laptop.address}/user/login/").stdout
    assert "Label Studio" in page
    assert 'name="csrfmiddlewaretoken"' in page


def test_the_loopback_alone_has_a_port_of_it(laptop: Laptop) -> None:
    published = {service: row["ports"] for service, row in laptop.containers().items()}
    assert set(published) == SERVICES
    assert published["caddy"] == f"127.0.0.1:{laptop.port}->8080/tcp"
    assert not [ports for ports in published.values() if "->" in ports and "127.0.0.1" not in ports]
    shown = laptop.lab.network.run("ip", "-4", "-o", "addr", "show", "tap0").stdout
    outside = shown.split("inet ")[1].split("/")[0]
    asked = ("curl", "-sS", "--max-time", "5", f"http://{outside}:{laptop.port}/")
    # curl's status for a connection that cannot be made.
    assert laptop.lab.network.run(*asked, check=False).returncode == 7


def test_every_scene_is_a_task_with_masks(laptop: Laptop) -> None:
    tasks = laptop.tasks()
    scenes = [task for task in tasks if task["data"]["source"].startswith("scene-")]
    assert (len(scenes), len(tasks)) == (SCENES, SCENES + PHOTOGRAPHS)
    for task in scenes:
        (prediction,) = task["predictions"]
        assert prediction["model_version"].startswith("demo@")
        assert {region["type"] for region in prediction["result"]} == {"brush", "labels"}


def test_segment_anything_answers_a_click(laptop: Laptop) -> None:
    backends = laptop.api(f"/api/ml?project={laptop.facts['project']}")
    interactive = next(one["id"] for one in backends if one["is_interactive"])
    value = {"x": 50, "y": 50, "width": 0.3, "labels": ["dress"]}
    names = {"type": "keypoint", "from_name": "point", "to_name": "image"}
    asked = {
        "task": laptop.tasks()[0]["id"],
        "context": {"result": [{**names, "value": value, "original_width": 900}]},
    }
    answer = laptop.api(f"/api/ml/{interactive}/interactive-annotating", asked)
    assert answer["data"]["result"]


def test_secrets_are_files_of_one_owner_and_stand_nowhere_else(laptop: Laptop) -> None:
    folder = laptop.state / "data" / "docker" / "secrets"
    secrets = [file.read_text() for file in folder.iterdir()]
    assert len(secrets) == 6
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert {file.stat().st_uid for file in laptop.state.rglob("*")} == {laptop.user}
    seen = [laptop.lab.docker("inspect", *laptop.ids().values()).stdout]
    for container in laptop.ids().values():
        done = laptop.lab.docker("logs", container)
        seen.append(done.stdout + done.stderr)
    seen += [log.read_text(errors="replace") for log in (laptop.state / "run").glob("*.log*")]
    assert not [text[:200] for text in seen for secret in secrets if secret in text]


def test_a_second_run_changes_nothing(laptop: Laptop) -> None:
    before, facts = laptop.ids(), laptop.facts
    began = time.monotonic()
    said = laptop.up()
    print(f"second run: {time.monotonic() - began:.0f} s\n{said}")
    assert "nothing to change" in said
    assert laptop.ids() == before
    assert laptop.facts == facts


def test_another_studio_and_the_demo_without_docker_are_refused(
    laptop: Laptop, tmp_path: Path
) -> None:
    before = laptop.ids()
    other = Laptop(laptop.lab, tmp_path, port=laptop.port + 1)
    said = other.up(fails=True)
    assert f"Docker runs a studio already, whose data is in {laptop.state}/data/docker" in said
    # What it takes to start was not made, and a stop of the other one leaves this one alone.
    assert not (other.state / "data").exists()
    assert "none was running" in other.stop()
    refused = laptop.local("up", "--detach", "--port", "18090", fails=True)
    assert "The demo already runs in Docker. Stop that one first: make demo-stop" in refused
    assert laptop.ids() == before


def test_a_stop_leaves_no_container_and_a_new_start_finds_what_was_labeled(laptop: Laptop) -> None:
    task = laptop.tasks()[0]
    result = task["predictions"][0]["result"]
    laptop.api(f"/api/tasks/{task['id']}/annotations/", {"result": result})
    before = laptop.ids()
    assert "demo: stopped" in laptop.stop()
    assert (laptop.containers(), laptop.networks(), laptop.facts) == ({}, [], {})
    assert "none was running" in laptop.stop()
    began = time.monotonic()
    said = laptop.up()
    print(f"start with the data of before: {time.monotonic() - began:.0f} s")
    assert "nothing to change" in said
    assert not set(laptop.ids().values()) & set(before.values())
    again = next(one for one in laptop.tasks() if one["id"] == task["id"])
    (annotation,) = again["annotations"]
    assert json.dumps(annotation["result"]) == json.dumps(result)


@pytest.fixture
def kept(laptop: Laptop) -> Iterator[Path]:
    """A folder of the person's. pytest's own are below one of root's, and click asks for the right
    to read a file as access(2) does, without capabilities.
    """
    with tempfile.TemporaryDirectory(prefix="atelier-backups-") as folder:
        os.chown(folder, laptop.user, laptop.user)
        yield Path(folder)


def test_a_backup_brings_back_a_studio_of_which_all_was_deleted(laptop: Laptop, kept: Path) -> None:
    where = {"ATELIER_BACKUPS": str(kept)}
    laptop.up()
    task = laptop.tasks()[1]
    drawn = {"result": task["predictions"][0]["result"]}
    laptop.api(f"/api/tasks/{task['id']}/annotations/", drawn)
    before, page = annotations(laptop), laptop.picture()
    assert task["id"] in before
    login = (laptop.facts["user"], laptop.facts["password"])
    began = time.monotonic()
    said = laptop.local("backup", environ=where)  # While it runs.
    print(f"a backup: {time.monotonic() - began:.0f} s\n{said}")
    assert f"annotations: {sum(map(len, before.values()))}, Label Studio " in said
    (backup,) = kept.glob("*-docker-*.tar.gz")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    laptop.stop()
    # And once more while it is stopped, as somebody does who is about to move it.
    assert "starting postgres" in laptop.local("backup", environ=where)
    assert (len(list(kept.iterdir())), laptop.containers()) == (2, {})

    shutil.rmtree(laptop.state / "data")
    began = time.monotonic()
    said = laptop.local("restore-backup", str(backup), "--yes", environ=where)
    print(f"a restore: {time.monotonic() - began:.0f} s\n{said}")
    assert (laptop.containers(), laptop.networks()) == ({}, [])
    laptop.up()
    assert (laptop.facts["user"], laptop.facts["password"]) == login
    assert annotations(laptop) == before
    assert laptop.picture() == page
    assert laptop.logs_in()


def annotations(laptop: Laptop) -> dict[int, list[tuple[int, str]]]:
    """Return the annotations of each task that has some: their ids and results."""
    found = {
        task["id"]: [(one["id"], json.dumps(one["result"])) for one in task["annotations"]]
        for task in laptop.tasks()
    }
    return {task: ones for task, ones in found.items() if ones}


def test_a_model_that_cannot_load_ends_the_start_with_its_last_words(laptop: Laptop) -> None:
    laptop.stop()
    began = time.monotonic()
    said = laptop.up(fails=True, environ={"SEGMENTATION_LABEL_MAP": "/no/such/map.yaml"})
    print(f"a failed start: {time.monotonic() - began:.0f} s\n{said}")
    assert "segmentation is " in said
    assert "/no/such/map.yaml" in said
    assert f"The end of {laptop.state}/run/segmentation.log" in said
    assert laptop.containers() == {}


def test_a_busy_port_is_named_with_its_holder_before_anything_is_built(laptop: Laptop) -> None:
    server = ("python3", "-m", "http.server", "--bind", "127.0.0.1", str(laptop.port))
    laptop.lab.processes.start("busy", laptop.words(*server))
    asked = laptop.words("curl", "-s", "-o", "/dev/null", laptop.address)
    try:
        wait_until("the server", 60, lambda: not run(asked, check=False).returncode)
        said = laptop.up(fails=True)
    finally:
        laptop.lab.processes.end("busy")
    assert f"Port {laptop.port} is in use by python3 (pid " in said
    assert f"make demo DOCKER=1 PORT={laptop.port + 1}" in said
    assert "building" not in said


def test_a_crash_is_told_in_the_foreground_and_ctrl_c_takes_it_down_and_keeps_the_data(
    laptop: Laptop, tmp_path: Path
) -> None:
    log = tmp_path / "foreground.log"
    with laptop.foreground(log):
        laptop.crash("segmentation")
        wait_until("a line", 60, lambda: "demo: segmentation is starting again" in log.read_text())
        wait_until("the end", 120, lambda: "demo: segmentation is back" in log.read_text())
    wait_until("the end of all containers", 120, lambda: not laptop.containers())
    wait_until("the end of all networks", 20, lambda: not laptop.networks())
    said = log.read_text()
    assert "Press Ctrl-C to stop it" in said
    assert "demo: stopping" in said
    assert "Traceback" not in said
    assert laptop.facts == {}
    assert (laptop.state / "data" / "docker" / "postgres" / "pgdata").is_dir()


def test_a_reset_forgets_the_data(laptop: Laptop) -> None:
    assert "demo: deleted" in laptop.local("reset", "--yes")
    assert not (laptop.state / "data").exists()


@pytest.mark.usefixtures("crowded")
def test_root_starts_it_with_make_and_nothing_in_it_is_root(roots: Laptop) -> None:
    said = roots.run("make", "demo", "DOCKER=1", "DETACH=1", f"PORT={roots.port}")
    assert "To stop it: make demo-stop" in said
    page = roots.lab.network.run("curl", "-sS", f"{roots.address}/user/login/").stdout
    assert 'name="csrfmiddlewaretoken"' in page
    assert len(roots.tasks()) == SCENES + PHOTOGRAPHS
    users = roots.lab.docker("inspect", "--format", "{{.Config.User}}", *roots.ids().values())
    assert set(users.stdout.split()) == {"10001:10001"}
    assert "demo: stopped" in roots.run("make", "demo-stop")
    assert (roots.containers(), roots.networks()) == ({}, [])
