"""What goes wrong ends a command with a sentence; what nobody foresaw keeps its traceback."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from studio.command_line import plain_errors
from studio.errors import StudioError

ROOT = Path(__file__).parents[2]
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
DENIED = PermissionError(errno.EACCES, "Permission denied", "/share/set")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (StudioError("no such project"), "studio: no such project\n"),
        (DENIED, "studio: /share/set: Permission denied\n"),
        (FULL, "studio: No space left on device\n"),
    ],
)
def test_what_the_system_refuses_is_said(
    error: Exception, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, plain_errors():
        raise error
    assert ended.value.code == 1
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("error", [BrokenPipeError(errno.EPIPE, "Broken pipe"), ValueError()])
def test_what_is_not_ours_goes_on(error: Exception) -> None:
    with pytest.raises(type(error)), plain_errors():
        raise error


def test_a_library_s_own_error_keeps_its_traceback() -> None:
    with pytest.raises(requests.ConnectionError), plain_errors():
        raise requests.ConnectionError("nobody there")


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", b"caf\\udce9 \xc3\xa9\n"), ("ascii", b"caf\\udce9 \\xe9\n")],
)
def test_a_name_that_the_output_cannot_show_is_shown_with_codes(
    encoding: str, shown: bytes
) -> None:
    """A folder that was unpacked from an old archive, say."""
    code = (
        "from studio.command_line import plain_errors\n"
        "with plain_errors(): print('caf\\udce9 \\xe9')"
    )
    environment = {**os.environ, "PYTHONIOENCODING": f"{encoding}:strict", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert (done.returncode, done.stdout) == (0, shown), done.stderr
