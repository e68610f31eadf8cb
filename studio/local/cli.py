"""`python -m studio local`: the demo on this machine."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from typing import NoReturn

import click
from rich.console import Console

from studio.local import background
from studio.local.demo_file import invitation, read_demo_file
from studio.local.run_lock import Held
from studio.local.session import Session
from studio.local.settings import DEFAULT_PORT, LocalError, LocalSettings, load_settings

ENDING = "make demo-stop ends it, and keeps what was labeled"


@click.group()
def local() -> None:
    """Label Studio and both backends on this machine."""


@local.command()
@click.option("--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True)
@click.option("--detach", is_flag=True, help="Return when everything is ready.")
@click.option("--background", "in_background", is_flag=True, hidden=True)
def up(port: int, detach: bool, in_background: bool) -> None:
    """Start the services with the demo project, and stay until Ctrl-C."""
    settings = load_settings(os.environ, port)
    console = Console()
    try:
        demo = background.running(settings)
        if demo is not None:
            console.print("demo: running already", highlight=False)
        elif detach:
            background.start(settings, console)
            demo = read_demo_file(settings.demo_file)
        else:
            Session(settings, console, in_background).run()
            return
    except (LocalError, Held) as error:
        fail(error)
    except KeyboardInterrupt:
        sys.exit(130)
    if demo is not None:
        console.print(invitation(demo, ENDING), highlight=False, markup=False, soft_wrap=True)


@local.command()
def stop() -> None:
    """End the demo; what was labeled stays."""
    settings = load_settings(os.environ)
    click.echo("demo: stopped" if background.stop(settings) else "demo: none was running")


@local.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """End the demo and forget its project, images and annotations."""
    settings = load_settings(os.environ)
    if not settings.data_dir.exists():
        click.echo("demo: there is nothing to forget")
        return
    if not yes:
        click.confirm(f"Delete {describe(settings)}?", abort=True)
    background.reset(settings)
    click.echo("demo: forgotten")


def describe(settings: LocalSettings) -> str:
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
    return f"the demo's project, images and {annotations} in {settings.data_dir}"


def fail(error: Exception) -> NoReturn:
    click.echo(f"demo: {error}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    local()
