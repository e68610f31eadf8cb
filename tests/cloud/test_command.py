"""A command is run when its resource is made, changed and deleted, and never in a preview."""

from pathlib import Path
from typing import Any

import pytest

from tests.cloud.asking import Answered, Asking
from tests.cloud.command import Command
from tests.cloud.rpc import UNKNOWN

LOCAL = "command:local:Command"


@pytest.fixture
def commands() -> Asking:
    return Asking(Command("127.0.0.1:1"))  # Nobody listens: these tests show nothing.


def quiet(**more: Any) -> dict[str, Any]:
    return {"logging": "none", **more}


def test_what_it_prints_is_its_output(commands: Asking) -> None:
    identity, state = commands.create(
        LOCAL, **quiet(create='echo "$WHO"; echo oh >&2', environment={"WHO": "you"})
    )
    assert (state["stdout"], state["stderr"]) == ("you", "oh")
    assert identity.startswith("it")


def test_a_preview_runs_nothing(commands: Asking, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    _, state = commands.create(LOCAL, preview=True, **quiet(create=f"touch {touched}"))
    assert state["stdout"] == UNKNOWN
    assert not touched.exists()


def test_its_own_folder_and_stdin_are_used(commands: Asking, tmp_path: Path) -> None:
    _, state = commands.create(LOCAL, **quiet(create="pwd; cat", dir=str(tmp_path), stdin="in"))
    assert state["stdout"] == f"{tmp_path}\nin"


def test_an_update_runs_again_and_knows_what_was_printed_before(commands: Asking) -> None:
    old = quiet(create="echo one")
    _, state = commands.create(LOCAL, **old)
    new = quiet(create='echo "$PULUMI_COMMAND_STDOUT and two"')
    assert commands.update(LOCAL, "it", state, **new)["stdout"] == "one and two"


def test_a_changed_trigger_replaces_and_anything_else_updates(commands: Asking) -> None:
    old = quiet(create="true", triggers=["a"])
    assert list(commands.diff(LOCAL, old, {**old, "triggers": ["b"]}).replaces) == ["triggers"]
    answer = commands.diff(LOCAL, old, {**old, "create": "false"})
    assert (list(answer.diffs), list(answer.replaces)) == (["create"], [])


def test_a_failure_says_what_was_printed(commands: Asking) -> None:
    with pytest.raises(Answered, match=r'exit status 3: running "echo no; exit 3":\nno'):
        commands.create(LOCAL, **quiet(create="echo no; exit 3"))


def test_a_deletion_runs_its_command(commands: Asking, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    commands.delete(LOCAL, "it", **quiet(create="true", delete=f"touch {gone}"))
    assert gone.exists()
