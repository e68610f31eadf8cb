"""What is kept is made once by whoever comes first, and is whole whenever somebody is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cloud.checkout import ROOT
from tests.cloud.kept import KeptError, break_seal, kept, scratch, seal
from tests.cloud.lab.processes import wait_until, waits_for_lock

# Fills a folder in two steps; where `stop` is there, it waits between them to be told to go on.
MAKER = """
import sys, time
from pathlib import Path
from tests.cloud.kept import kept

folder, stop = Path(sys.argv[1]), len(sys.argv) > 2

def make(new):
    with (folder / "makers").open("a") as makers:
        makers.write("one\\n")
    (new / "first").write_text("first")
    while stop and not (folder / "go").exists():
        time.sleep(0.01)
    (new / "second").write_text("second")

print(kept(folder / "cache" / "entry", make))
"""
# Forks a maker that kills itself at the Nth line of kept.py, for each N until one comes to its end;
# after each of them somebody else wants the same.
MOMENTS = """
import os, shutil, signal, sys
from pathlib import Path
from tests.cloud import kept

place, damaged = Path(sys.argv[1]) / "entry", sys.argv[2] == "damaged"

def make(folder):
    (folder / "data").write_text("whole")

def stop_at(number):
    left = number
    def trace(frame, event, argument):
        nonlocal left
        if frame.f_code.co_filename != kept.__file__:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace
    return trace

number = 0
while True:
    number += 1
    shutil.rmtree(place.parent, ignore_errors=True)
    if damaged:
        kept.kept(place, make)
        (place / "data").write_text("")
    child = os.fork()
    if child == 0:
        sys.settrace(stop_at(number))
        kept.kept(place, make)
        os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    kept.kept(place, make)
    assert (place / "data").read_text() == "whole", number
    with kept.scratch(place.parent) as own:
        left = {file.name for file in place.parent.iterdir()} - {own.name}
    assert left == {"entry", ".entry.lock"}, (number, left)
    if ended == 0:
        print(number)
        break
    assert ended == -signal.SIGKILL
"""


def python(script: str, *words: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def entry(folder: Path) -> dict[str, str]:
    place = folder / "cache" / "entry"
    return {file.name: file.read_text() for file in place.glob("[!.]*")}


def makers(folder: Path) -> int:
    return len((folder / "makers").read_text().splitlines())


def is_half_made(folder: Path) -> bool:
    return any(folder.glob("cache/.atelier-*.part/new/first"))


def test_of_two_at_once_one_makes_it_and_the_other_waits(tmp_path: Path) -> None:
    with python(MAKER, tmp_path, "stop") as one:
        wait_until("a folder half made", 20, lambda: is_half_made(tmp_path))
        assert not entry(tmp_path)
        with python(MAKER, tmp_path) as other:
            wait_until("the other to wait", 20, lambda: waits_for_lock(other.pid))
            (tmp_path / "go").touch()
            said = {process.communicate()[0] for process in (one, other)}
    assert said == {f"{tmp_path}/cache/entry\n"}
    assert entry(tmp_path) == {"first": "first", "second": "second"}
    assert makers(tmp_path) == 1


def test_after_a_kill_half_way_the_next_makes_it_and_removes_the_half(tmp_path: Path) -> None:
    with python(MAKER, tmp_path, "stop") as one:
        wait_until("a folder half made", 20, lambda: is_half_made(tmp_path))
        one.send_signal(signal.SIGKILL)
    assert not entry(tmp_path)
    assert is_half_made(tmp_path)
    with python(MAKER, tmp_path) as other:
        other.communicate()
    assert entry(tmp_path) == {"first": "first", "second": "second"}
    assert not is_half_made(tmp_path)
    assert makers(tmp_path) == 2


@pytest.mark.parametrize("before", ["nothing", "damaged"])
def test_a_kill_does_no_harm_at_any_line(tmp_path: Path, before: str) -> None:
    with python(MOMENTS, tmp_path / "cache", before) as process:
        said = process.communicate()[0]
    assert process.returncode == 0
    assert int(said) > 50  # lines at which it was killed


def cut_short(place: Path) -> None:
    (place / "data").write_text("wh")


def overwrite(place: Path) -> None:
    (place / "data").write_text("WHOLE")
    os.utime(place / "data", (1, 1))


def take_away(place: Path) -> None:
    (place / "data").unlink()


def replace_by_folder(place: Path) -> None:
    take_away(place)
    (place / "data").mkdir()


def spoil_the_seal(place: Path) -> None:
    (place / ".kept.json").write_text('{"data": [')


DAMAGES = [cut_short, overwrite, take_away, replace_by_folder, break_seal, spoil_the_seal]


def make(folder: Path) -> None:
    (folder / "data").write_text("whole")


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_made_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    place = kept(tmp_path / "entry", make)
    damage(place)
    assert (kept(place, make) / "data").read_text() == "whole"
    assert [file.name for file in place.glob("[!.]*")] == ["data"]


def test_what_is_whole_stays_and_may_have_company(tmp_path: Path) -> None:
    place = kept(tmp_path / "entry", make)
    (place / "beside").touch()
    kept(place, lambda _: pytest.fail("it was made again"))
    assert (place / "beside").exists()


def test_what_is_whole_and_no_good_is_made_anew(tmp_path: Path) -> None:
    def is_good(folder: Path) -> bool:
        return (folder / "data").read_text() == "whole"

    place = kept(tmp_path / "entry", make)
    (place / "data").write_text("wrong")
    seal(place)
    assert (kept(place, make, is_good) / "data").read_text() == "whole"


def test_what_stays_no_good_is_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(KeptError, match="entry was created again and is still not good"):
        kept(tmp_path / "entry", make, lambda _: False)
    assert [file.name for file in tmp_path.iterdir()] == [".entry.lock"]


def test_a_maker_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    place = kept(tmp_path / "entry", make)
    break_seal(place)
    with pytest.raises(ZeroDivisionError):
        kept(place, lambda _: 1 / 0)
    assert (place / "data").exists()
    assert {file.name for file in tmp_path.iterdir()} == {".entry.lock", "entry"}


def test_the_folder_of_a_process_that_lives_is_not_removed(tmp_path: Path) -> None:
    with scratch(tmp_path) as one, scratch(tmp_path) as other:
        assert one.is_dir()
        assert other.is_dir()
    assert not list(tmp_path.iterdir())


def command(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.cloud.kept", "entry", *words]
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


def test_a_shell_script_has_the_same(tmp_path: Path) -> None:
    fill = ("sh", "-c", 'echo progress; echo whole >"$0/data"')
    first, second = command(tmp_path, *fill), command(tmp_path, *fill)
    assert first.stdout == second.stdout == f"{tmp_path}/atelier/entry\n"
    assert (first.stderr, second.stderr) == ("progress\n", "")
    assert (tmp_path / "atelier" / "entry" / "data").read_text() == "whole\n"


def test_a_shell_script_that_fails_gives_its_status(tmp_path: Path) -> None:
    done = command(tmp_path, "sh", "-c", "exit 3")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")
    assert not (tmp_path / "atelier" / "entry").exists()
