"""Runs a command against the cloud double: `python -m tests.cloud.run -- pulumi preview`.

The cloud, the backend and the stack's own config file are kept in .local/double/. The stack
(PULUMI_STACK, or dev) is made where it is missing, in the project demo-project and with a
password, so that any command that works on a stack works at once; `--config-file FILE`, which
Pulumi's operations and `python -m infra.operate` take, is put into the environment as
PULUMI_CONFIG_FILE for the command to use, and `{config}` in the command stands for it.
"""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from tests.cloud.engine import EngineError
from tests.cloud.workspace import ROOT, Stack

FOLDER = ROOT / ".local" / "double"
PASSWORD = "of-the-double-only"


def prepare(folder: Path, name: str) -> Stack:
    """Return the stack in `folder`, configured so far that a preview works."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Two commands at once shall find one whole stack.
        stack = Stack(folder, name, forked=False)
        if "adminPassword" not in stack.config_file.read_text():
            stack.config(gcp__project="demo-project", secrets={"adminPassword": PASSWORD})
    return stack


def main(arguments: list[str]) -> int:
    """Run the command after `--` and return its exit status."""
    if arguments[:1] == ["--"]:
        arguments = arguments[1:]
    if not arguments:
        sys.exit("usage: python -m tests.cloud.run -- COMMAND...")
    name = os.environ.get("PULUMI_STACK") or "dev"
    try:
        stack = prepare(FOLDER, name)
    except EngineError as error:
        sys.exit(f"engine: {error}")
    config = str(stack.config_file)
    own = {"PULUMI_STACK": name, "PULUMI_CONFIG_FILE": config}
    with stack:
        command = [word.replace("{config}", config) for word in arguments]
        return subprocess.run(command, env=os.environ | stack.env | own).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
