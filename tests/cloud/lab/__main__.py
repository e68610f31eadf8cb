"""python -m tests.cloud.lab up | boot | exec | halt | cut | status | down: a lab for a developer.

`boot` turns on the machines that exist in the cloud double's cloud.json (see `tests.cloud.run`),
or the one that is named. State is in .local/lab of the checkout, what costs time to make in the
cache.
"""

import subprocess
import sys
from pathlib import Path

import click

from tests.cloud.lab.images import Images
from tests.cloud.lab.instance import instances
from tests.cloud.lab.lab import Lab
from tests.cloud.lab.place import HERE, LabError, default_place, say

CLOUD = HERE.parents[2] / ".local" / "double"


@click.group()
@click.option(
    "--cloud",
    type=click.Path(path_type=Path, file_okay=False),
    default=CLOUD,
    help="The folder with cloud.json.",
)
@click.pass_context
def main(context: click.Context, cloud: Path) -> None:
    """Machines that boot what the program rendered, without a cloud."""
    context.obj = Lab(default_place(), cloud)


@main.command()
@click.pass_obj
def up(lab: Lab) -> None:
    """Start network, metadata server, registries, issuer and Docker; fill Docker Hub."""
    lab.up()
    images = Images(lab)
    for image in (images.postgres(), images.caddy(), images.python()):
        say(f"{image} is there")
    variables = lab.daemon.environment()
    for name in ("DOCKER_HOST", "DOCKER_CONFIG"):
        print(f"export {name}={variables[name]}")


@main.command()
@click.argument("name", required=False)
@click.pass_obj
def boot(lab: Lab, name: str | None) -> None:
    """Turn on a machine, or all that the cloud has."""
    for found in [name] if name else instances(lab.cloud / "cloud.json"):
        machine = lab.machine(found)
        if not machine.is_on:
            lab.boot(machine, lab.disk(f"{found}-data"))
        say(f"{found} is on: {machine.outside}, console {machine.console}")


@main.command("exec", context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def execute(lab: Lab, name: str, command: tuple[str, ...]) -> None:
    """Run a command on a machine as root."""
    sys.exit(subprocess.run(lab.machine(name).inside(*command), check=False).returncode)


@main.command()
@click.argument("name")
@click.pass_obj
def halt(lab: Lab, name: str) -> None:
    """Turn a machine off; its disks stay."""
    lab.machine(name).shut_down()


@main.command()
@click.argument("name")
@click.pass_obj
def cut(lab: Lab, name: str) -> None:
    """Cut a machine's power; what it had not written is lost."""
    say(f"cut off: {', '.join(lab.machine(name).cut_power())}")


@main.command()
@click.pass_obj
def status(lab: Lab) -> None:
    """Say what runs."""
    for name in lab.processes.names():
        pid = lab.processes.pid(name)
        print(f"{name:<24} {f'process {pid}' if pid else 'ended'}")


@main.command()
@click.pass_obj
def down(lab: Lab) -> None:
    """End everything and delete the state; the cache stays."""
    lab.down()


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except LabError as error:
        sys.exit(f"lab: {error}")
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
