"""`python -m laptop`: the demo on this machine."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from laptop.backups.archive import DATABASE, make_backup, read_manifest
from laptop.backups.folder import SUFFIX
from laptop.backups.keeping import KEPT, remove_old
from laptop.backups.nightly import Nightly
from laptop.backups.restore import restore_backup
from laptop.demo_file import invitation
from laptop.docker.backup import has_studio, make_docker_backup, restore_docker_backup
from laptop.docker.client import Docker
from laptop.docker.containers import prepare_containers, stop_containers
from laptop.docker.images import build_all, sizes
from laptop.docker.nightly import DockerNightly
from laptop.docker.requirements import require_docker
from laptop.docker.settings import DockerSettings, load_docker_settings
from laptop.models import ensure_weights, served_words
from laptop.own_images import require_images
from laptop.processes import background
from laptop.processes.ports import require_free
from laptop.processes.processes import prepare_processes
from laptop.processes.run_lock import holder_pid
from laptop.processes.signals import signals_raise
from laptop.progress import Progress
from laptop.session import run_session
from laptop.settings import DEFAULT_PORT, LaptopError, LaptopSettings
from weights.catalogue import Kind

INTERRUPTED = 130
DETACHED_ENDING = "To stop it: make demo-stop. Everything you labeled is kept."
IN_DOCKER = "all annotations of the studio in Docker"
ENDING = "Press Ctrl-C to stop it. Everything you labeled is kept."


@click.group()
def laptop() -> None:
    """Run the labeling studio on this machine: Label Studio and both backends."""


@laptop.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="The port of Label Studio on 127.0.0.1.",
)
@click.option("--detach", is_flag=True, help="Return when everything is ready.")
@click.option("--docker", "in_docker", is_flag=True, help="Run the services in containers.")
@click.option("--gpu", is_flag=True, help="Let the containers use this machine's NVIDIA GPU.")
@click.option("--background", "in_background", is_flag=True, hidden=True)
def up(port: int, detach: bool, in_docker: bool, gpu: bool, in_background: bool) -> None:
    """Start the studio with the demo project, and stay until Ctrl-C.

    The environment chooses more: MODELS=photographs, or names of `python -m weights list` with a
    comma between, takes real weights, for this start alone; IMAGES=folder labels your own images.
    """
    progress = Progress(Console())
    with plain_errors():
        settings = load_docker_settings(os.environ, port, gpu)
        if settings.images is not None:
            require_images(settings.images)
        demo = background.running(settings)
        require_same_kind(settings, in_docker, demo is not None)
        if demo is not None:
            require_same_choice(settings, demo)
            progress.say("already running")
        elif detach and not in_docker:
            # Here, where a person sees what is fetched and how long it takes.
            require_free(settings.port)
            ensure_weights(settings, progress)
            demo = background.start(settings, progress.console)
        else:
            prepare = prepare_containers if in_docker else prepare_processes
            nightly = DockerNightly if in_docker else Nightly
            ending = DETACHED_ENDING if detach else ENDING
            run_session(
                settings,
                progress,
                partial(prepare, settings, progress),
                "" if in_background else ending,
                nightly(settings, progress.say),
                stays=detach,
            )
            return
    progress.print(invitation(demo, DETACHED_ENDING))


@laptop.command()
def images() -> None:
    """Build the container images with Docker, and show their sizes."""
    progress = Progress(Console())
    with plain_errors():
        settings = load_docker_settings(os.environ)
        docker = Docker(settings, progress)
        require_docker(docker)
        build_all(docker, settings, progress)
        progress.print(sizes(docker))


@laptop.command()
def stop() -> None:
    """Stop the demo. Everything that was labeled is kept."""
    with plain_errors():
        stopped = end(load_docker_settings(os.environ))
    click.echo("demo: stopped" if stopped else "demo: none was running")


@laptop.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Stop the demo and delete its project, images and annotations."""
    settings = load_docker_settings(os.environ)
    if not settings.data_dir.exists():
        click.echo("demo: there is nothing to delete")
        return
    if not yes:
        click.confirm(f"Delete {describe(settings)}?", abort=True)
    with plain_errors():
        end(settings)
    background.reset(settings)
    click.echo("demo: deleted")


@laptop.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Another folder than the user's own of backups, or ATELIER_BACKUPS.",
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=KEPT,
    show_default=True,
    help="How many backups of this studio stay there; older ones are deleted, but for the one "
    "with the most annotations.",
)
@click.option(
    "--only",
    type=click.Choice([Nightly.studio, DockerNightly.studio]),
    help="One of the two studios that a folder may hold: the demo's without Docker, or in Docker.",
)
def backup(folder: Path | None, keep: int, only: str | None) -> None:
    """Save the whole studio in one file outside the clone, while it runs or not.

    In it are all projects, annotations, accounts, uploaded images and passwords. Keep it as you
    keep a password. What runs in Docker is a studio of its own, and gets a file of its own.
    """
    progress = Progress(Console())
    with plain_errors():
        settings = load_docker_settings(os.environ)
        folder = (folder or settings.backups).expanduser().absolute()
        docker = Docker(settings, progress)
        for studio in [only] if only else studios_in(settings):
            now, in_docker = datetime.now().astimezone(), studio == DockerNightly.studio
            with signals_raise():
                if in_docker:
                    require_docker(docker)
                    path, manifest = make_docker_backup(settings, docker, now, folder)
                else:
                    with progress.phase("backing up"):
                        path, manifest = make_backup(settings, now, folder)
            progress.say(manifest.said)
            progress.say(f"{path} ({path.stat().st_size / 1e6:.0f} MB)")
            if old := remove_old(folder, settings.state, keep, in_docker):
                names = ", ".join(one.name for one in old)
                progress.say(f"deleted, because {keep} are kept: {names}")


def studios_in(settings: DockerSettings) -> list[str]:
    """What there is to back up; where there is nothing, the one that says so."""
    there = {
        Nightly.studio: (settings.data_dir / DATABASE).is_file(),
        DockerNightly.studio: has_studio(settings),
    }
    return [name for name, is_there in there.items() if is_there] or [Nightly.studio]


@laptop.command("restore-backup")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(file: Path | None, yes: bool) -> None:
    """Put the studio back as it was when FILE was made; without FILE, list the backups.

    What is there now is moved aside and not deleted.
    """
    progress = Progress(Console())
    with plain_errors():
        settings = load_docker_settings(os.environ)
        if file is None:
            list_backups(settings, progress)
            return
        manifest, now = read_manifest(file), datetime.now().astimezone()
        if holder_pid(settings.run_dir) is not None:
            raise LaptopError("The demo is running. Stop it first: make demo-stop")
        progress.say(manifest.said)
        place = settings.folder if manifest.in_docker else settings.data_dir
        if place.exists() and not yes:
            what = IN_DOCKER if manifest.in_docker else describe(settings)
            click.confirm(f"Restore it in place of {what}?", abort=True)
        if manifest.in_docker:
            docker = Docker(settings, progress)
            require_docker(docker)
            with signals_raise():
                before = restore_docker_backup(settings, docker, file, now)
        else:
            with progress.phase("restoring"):
                before = restore_backup(settings, file, now)
        if before is not None:
            progress.say(f"what was there is in {before}; delete it when you miss nothing")
        start = "make demo DOCKER=1" if manifest.in_docker else "make demo"
        progress.say(f"restored. Start it: {start}")


def list_backups(settings: LaptopSettings, progress: Progress) -> None:
    """All backups in the user's folder, those of other clones too, the newest last."""
    found = sorted(settings.backups.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime)
    if not found:
        progress.say(f"there is no backup in {settings.backups}")
    for path in found:
        try:
            progress.print(f"{path}\n    {read_manifest(path).said}")
        except LaptopError as error:
            progress.print(f"{error}")


@contextmanager
def plain_errors() -> Iterator[None]:
    """Ends the command with the message alone, and quietly on Ctrl-C."""
    try:
        yield
    except LaptopError as error:
        click.echo(f"demo: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def end(settings: DockerSettings) -> bool:
    """Ends the demo, in Docker or not. Returns whether there was one."""
    seconds = background.STOP_SECONDS
    if settings.mark.exists():
        seconds = background.STOP_CONTAINERS_SECONDS
    stopped = background.stop(settings, seconds)
    return stop_containers(settings, Progress(Console())) or stopped


def require_same_kind(settings: DockerSettings, in_docker: bool, runs: bool) -> None:
    """Raises LaptopError while the demo runs in the other way: they would want the same port."""
    runs_in_docker = settings.mark.exists()
    if (runs or runs_in_docker) and runs_in_docker != in_docker:
        how = "in Docker" if runs_in_docker else "without Docker"
        raise LaptopError(f"The demo already runs {how}. Stop that one first: make demo-stop")


def require_same_choice(settings: LaptopSettings, demo: Mapping[str, Any]) -> None:
    """Raises LaptopError while the demo runs with other models or images than were asked for."""
    runs, served = demo.get("models", {}), settings.served
    asked: list[Kind] = [
        kind for kind in served if kind in settings.models or served[kind] != "demo"
    ]
    others = any(runs.get(kind) != served[kind] for kind in asked)
    if others or (settings.images and demo.get("images") != str(settings.images)):
        images = f" and the images of {demo['images']}" if "images" in demo else ""
        raise LaptopError(
            f"The demo already runs with {served_words(runs)}{images}. To change that, stop it "
            "first: make demo-stop"
        )


def describe(settings: LaptopSettings) -> str:
    """What a reset destroys, counted where Label Studio has a database already."""
    database = settings.label_studio_dir / "label_studio.sqlite3"
    annotations = "all annotations"
    if database.is_file():
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            (tables,) = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE name = 'task_completion'"
            ).fetchone()
            if tables:
                (count,) = connection.execute("SELECT count(*) FROM task_completion").fetchone()
                annotations = f"{count} annotations"
    if (settings.data_dir / "docker" / "postgres").is_dir():
        annotations += f", {IN_DOCKER}"
    return f"the demo's project, images and {annotations} in {settings.data_dir}"
