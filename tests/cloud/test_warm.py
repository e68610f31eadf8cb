"""A forked process is what `python FILE` or `python -m MODULE` would have been."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cloud import warm

pytestmark = pytest.mark.integration


def start(program: Path, *words: str, **env: str) -> subprocess.Popen[str]:
    variables = warm.variables(os.environ["PATH"])
    return subprocess.Popen(
        [sys.executable, "-I", "-S", variables["CLOUD_DOUBLE_WARM_CLIENT"], program, *words],
        cwd=program.parent,
        env=os.environ | variables | env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return tmp_path / "program.py"


def test_it_has_its_own_words_folder_environment_and_streams(program: Path) -> None:
    program.write_text(
        "import os, sys\n"
        "print(sys.argv[1:], os.getcwd(), os.environ['GREETING'], sys.stdin.read(), __name__)\n"
        "print('aside', file=sys.stderr)\n"
    )
    said = start(program, "one", "two words", GREETING="hello").communicate("asked")
    assert said == (f"['one', 'two words'] {program.parent} hello asked __main__\n", "aside\n")


def test_its_imports_are_done_but_none_of_the_repository_s(program: Path) -> None:
    program.write_text(
        "import sys\n"
        "assert {'pulumi_gcp.compute', 'google.cloud.compute_v1'} <= set(sys.modules)\n"
        "ours = ('infra', 'laptop', 'masks', 'studio', 'tests', 'weights')\n"
        "print([name for name in sys.modules if name.split('.')[0] in ours])\n"
    )
    assert start(program).communicate() == ("[]\n", "")


def test_it_finds_modules_beside_it_and_those_of_pythonpath(program: Path) -> None:
    program.write_text("import beside, further\nprint(beside.WORD + further.WORD)\n")
    (program.parent / "beside.py").write_text("WORD = 'near'\n")
    elsewhere = program.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "further.py").write_text("WORD = ' and far'\n")
    assert start(program, PYTHONPATH=str(elsewhere)).communicate() == ("near and far\n", "")


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("pass", 0, ""),
        ("sys.exit(32)", 32, ""),
        ("sys.exit('no such stack')", 1, "no such stack"),
        ("raise RuntimeError('at its end')", 1, "RuntimeError: at its end"),
    ],
)
def test_it_ends_as_the_program_does(program: Path, line: str, status: int, said: str) -> None:
    program.write_text(f"import sys\n{line}\n")
    process = start(program)
    assert said in process.communicate()[1]
    assert process.returncode == status


def test_one_process_leaves_nothing_for_the_next(program: Path) -> None:
    program.write_text(
        "import os, pulumi\n"
        "print(os.environ.get('LEFT'), hasattr(pulumi, 'left'))\n"
        "os.environ['LEFT'] = 'yes'; pulumi.left = True\n"
    )
    for _ in range(2):
        assert start(program).communicate() == ("None False\n", "")


def test_a_signal_reaches_it(program: Path) -> None:
    program.write_text(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "print('up', flush=True)\n"
        "time.sleep(60)\n"
    )
    with start(program) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 7


def test_it_dies_with_the_one_who_stands_for_it(program: Path) -> None:
    program.write_text(
        "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n",
    )
    with start(program) as process:
        assert process.stdout is not None
        child = Path("/proc", process.stdout.readline().strip())
        assert child.exists()
        process.kill()
    until = time.monotonic() + 20
    while child.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not child.exists()
