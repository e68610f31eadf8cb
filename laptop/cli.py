"""`python -m laptop`: the demo on this machine."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from typing import NoReturn

import click
from rich.console import Console

from laptop.demo_file import invitation, read_demo_file
from laptop.docker import session as docker
from laptop.docker.client import Docker
from laptop.docker.images import build_all
from laptop.docker.requirements import require_docker
from laptop.docker.session import DockerSession
from laptop.docker.settings import DockerSettings, load_docker_settings
from laptop.docker.sizes import read_all, table
from laptop.processes import background
from laptop.processes.run_lock import Held
from laptop.processes.session import Session
from laptop.progress import Progress
from laptop.settings import DEFAULT_PORT, LaptopError, LaptopSettings, load_settings

ENDING = "make demo-stop ends it, and keeps what was labeled"


@click.group()
def laptop() -> None:
    """The labeling studio on this machine: Label Studio and both backends."""


@laptop.command()
@click.option("--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True)
@click.option("--detach", is_flag=True, help="Return when everything is ready.")
@click.option("--docker", "in_docker", is_flag=True, help="In containers, of templates/vm.")
@click.option("--gpu", is_flag=True, help="Give the containers the machine's NVIDIA GPU.")
@click.option("--background", "in_background", is_flag=True, hidden=True)
def up(port: int, detach: bool, in_docker: bool, gpu: bool, in_background: bool) -> None:
    """Start the services with the demo project, and stay until Ctrl-C."""
    settings = load_settings(os.environ, port)
    containers = load_docker_settings(os.environ, settings, gpu)
    console = Console()
    try:
        demo = background.running(settings)
        require_same_kind(containers, in_docker, demo is not None)
        if demo is not None:
            console.print("demo: running already", highlight=False)
        elif in_docker:
            DockerSession(containers, console, detach).run(ENDING if detach else "Ctrl-C stops it")
            return
        elif detach:
            background.start(settings, console)
            demo = read_demo_file(settings.demo_file)
        else:
            Session(settings, console, in_background).run()
            return
    except (LaptopError, Held) as error:
        fail(error)
    except KeyboardInterrupt:
        sys.exit(130)
    if demo is not None:
        console.print(invitation(demo, ENDING), highlight=False, markup=False, soft_wrap=True)


@laptop.command()
def images() -> None:
    """Build the three container images with this machine's Docker, and show their sizes."""
    settings = load_docker_settings(os.environ, load_settings(os.environ))
    console = Console()
    progress = Progress(console)
    client = Docker(settings, progress)
    try:
        require_docker(client)
        build_all(client, settings, progress.say)
        console.print(table(read_all(client)))
    except LaptopError as error:
        fail(error)
    except KeyboardInterrupt:
        sys.exit(130)


@laptop.command()
def stop() -> None:
    """End the demo; what was labeled stays."""
    try:
        stopped = end(load_docker_settings(os.environ, load_settings(os.environ)))
    except LaptopError as error:
        fail(error)
    click.echo("demo: stopped" if stopped else "demo: none was running")


@laptop.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """End the demo and forget its project, images and annotations."""
    settings = load_settings(os.environ)
    if not settings.data_dir.exists():
        click.echo("demo: there is nothing to forget")
        return
    if not yes:
        click.confirm(f"Delete {describe(settings)}?", abort=True)
    try:
        end(load_docker_settings(os.environ, settings))
    except LaptopError as error:
        fail(error)
    background.reset(settings)
    click.echo("demo: forgotten")


def end(settings: DockerSettings) -> bool:
    """Ends the demo, in Docker or not. Returns whether there was one."""
    seconds = background.STOP_SECONDS
    if settings.mark.exists():
        seconds = background.STOP_CONTAINERS_SECONDS
    stopped = background.stop(settings.local, seconds)
    return docker.stop(settings, Console()) or stopped


def require_same_kind(settings: DockerSettings, in_docker: bool, runs: bool) -> None:
    """Raises LaptopError while the demo runs in the other way: they would want the same port."""
    runs_in_docker = settings.mark.exists()
    if (runs or runs_in_docker) and runs_in_docker != in_docker:
        how = "in Docker" if runs_in_docker else "without Docker"
        raise LaptopError(f"The demo runs {how} already. End that one first: make demo-stop")


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
        annotations += ", all annotations of the studio in Docker"
    return f"the demo's project, images and {annotations} in {settings.data_dir}"


def fail(error: Exception) -> NoReturn:
    click.echo(f"demo: {error}", err=True)
    sys.exit(1)
