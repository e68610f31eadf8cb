"""What holds for all tests, in both environments."""

import re
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# {a tier's -m: the files that have nothing for it}
NOTHING_FOR = {
    "not integration and not browser and not vm and not waits": re.compile(
        r"^pytestmark = pytest\.mark\.(integration|browser|vm|waits)\b", re.MULTILINE
    ),
    "integration or browser": re.compile(r"\A(?!.*\bmark\.(integration|browser)\b)", re.DOTALL),
}
# The cases of such a folder share servers that take long to start.
SHARE_A_SERVER = ("tests/studio/",)

# How fast a machine is, and what else it does, decides over no case. Nor does chance: the same
# commit passes or fails for everybody. Examples that are the same every day find little after the
# first: there are few of them, and `make properties` is where many and new ones are looked for.
settings.register_profile(
    "atelier",
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
settings.register_profile(
    "explore",
    settings.get_profile("atelier"),
    max_examples=150,
    derandomize=False,
    database=None,
    print_blob=True,
)
settings.load_profile("atelier")

# A run in a script's background begins deaf to Ctrl-C, and so would every command that a case
# starts and then interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)  # Only the operator environment has xdist.
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep in one process what shares a server, beside the files of `--dist loadfile`."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class ByServer(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return next((folder for folder in SHARE_A_SERVER if file.startswith(folder)), file)

    return ByServer(config, log)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what has nothing for the tier: importing it takes longer than running much of it.

    A file that is named on the command line is collected all the same.
    """
    nothing = NOTHING_FOR.get(config.getoption("markexpr") or "")
    if nothing is None or collection_path.suffix != ".py":
        return None
    return bool(nothing.search(collection_path.read_text())) or None
