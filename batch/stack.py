"""What a job on Google Cloud needs to know of the stack that it runs beside: its output `batch`."""

import json
import subprocess
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from batch.errors import BatchError

WHAT_TO_DO = "Set batch: cloudrun or batch: dataflow in the stack, and run make up"


class Stack(BaseModel):
    """Where jobs run, and as whom.

    Attributes:
        runner: the one that the stack has the rights and the network for.
        bucket: its name; jobs have their plans, staging and, by default, results there.
        image: the container's, with Beam, the backends' models and weights.
        service_account: e-mail of the account that workers are.
        subnetwork: the full address of the workers' network; None for Google's default.
        private: whether the network reaches Google without public addresses.
    """

    model_config = ConfigDict(frozen=True)

    runner: Literal["cloudrun", "dataflow"]
    project: str = Field(min_length=1)
    region: str = Field(min_length=1)
    bucket: str = Field(min_length=1)
    image: str = Field(min_length=1)
    service_account: str = Field(min_length=1)
    subnetwork: str | None = None
    private: bool = False


def read_stack(named: str, runner: str) -> Stack:
    """Return what a stack told of itself.

    Args:
        named: a stack's name, or a JSON file with its output `batch`.
        runner: what the job is for.

    Raises:
        BatchError: there is no such output, or it is for another runner.
    """
    told = Path(named).read_bytes() if Path(named).is_file() else _output(named)
    try:
        stack = Stack.model_validate_json(told)
    except ValidationError as error:
        fields = ", ".join(
            ".".join(map(str, item["loc"])) or "all of it" for item in error.errors()
        )
        raise BatchError(f"stack {named} has no output batch, or a part of it ({fields}). "
                         f"{WHAT_TO_DO}.") from None  # fmt: skip
    if stack.runner != runner:
        raise BatchError(f"stack {named} is set up for --runner {stack.runner}, not for {runner}")
    return stack


def _output(name: str) -> bytes:
    command = ["pulumi", "stack", "output", "batch", "--json", "--stack", name]
    try:
        answer = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise BatchError(
            "there is no pulumi here to ask. Give --stack a JSON file: what"
            f" `{' '.join(command)}` prints elsewhere"
        ) from None
    if answer.returncode:
        said = answer.stderr.decode(errors="replace").strip() or json.dumps(None)
        raise BatchError(f"`{' '.join(command)}` failed: {said}. {WHAT_TO_DO}.")
    return answer.stdout
