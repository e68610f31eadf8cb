"""Start Label Studio: make the database and the first user, then become gunicorn."""

import os
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from backends.frontend.database import is_initialised, mark_initialised
from backends.frontend.editor.changes import changed, declared, pages_folder
from backends.frontend.empty_database import lay_empty_database
from backends.frontend.environment import label_studio_environment, with_first_user
from backends.frontend.first_start import DatabaseError, first_start
from backends.frontend.settings import Settings, SettingsError, read_settings

REPOSITORY = Path(__file__).resolve().parents[2]


class FrontendError(Exception):
    """Label Studio cannot be started here."""


def main() -> int:
    """Replace this process by the server; return an exit status only when it cannot start."""
    try:
        settings = read_settings(os.environ)
        package = label_studio_folder()
        environment = label_studio_environment(settings, os.environ)
        environment["PYTHONPATH"] = python_path(environment.get("PYTHONPATH", ""))
        initialise(settings, environment)
        say_what_is_not_changed(package)
        command = gunicorn_command(settings, package)
        sys.stdout.flush()
        os.execve(command[0], command, environment)
    except (SettingsError, DatabaseError, FrontendError) as error:
        print(f"backends.frontend: {error}", file=sys.stderr)
        return 1


def label_studio_folder() -> Path:
    """Return the folder of the installed Label Studio, whose modules expect to be top-level.

    Raises:
        FrontendError: this Python has no Label Studio.
    """
    spec = find_spec("label_studio")
    if spec is None or spec.origin is None:
        raise FrontendError(
            f"{sys.executable} has no label-studio; "
            "install backends/frontend/requirements.txt into an environment of its own"
        )
    return Path(spec.origin).parent


def python_path(inherited: str) -> str:
    """Return PYTHONPATH with this repository first.

    Label Studio's folder, which its modules need too, is not there: it holds a sitecustomize.py
    that every Python would run. Its own commands and gunicorn's --chdir put it on the path.
    """
    return os.pathsep.join([str(REPOSITORY), *filter(None, inherited.split(os.pathsep))])


def initialise(settings: Settings, environment: dict[str, str]) -> None:
    """Make the database and the first user, unless an earlier start did.

    Raises:
        DatabaseError: the database cannot be made or reached.
        FrontendError: the data directory cannot be written, or `label-studio init` failed.
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FrontendError(
            f"cannot make the data directory {settings.data_dir}: {error.strerror}; "
            "set LABEL_STUDIO_BASE_DATA_DIR to one that can be written"
        ) from None
    label_studio = version("label-studio")
    if is_initialised(settings, label_studio):
        return
    command = [sys.executable, "-m", "label_studio.server", "init", "-q"]
    with first_start(settings, environment):
        laid = settings.database == "sqlite" and lay_empty_database(settings.data_dir, label_studio)
        time = "some seconds" if laid else "about a minute the first time"
        print(f"Label Studio {label_studio}: preparing the database ({time})", flush=True)
        done = subprocess.run(command, env=with_first_user(environment, settings), check=False)
        if done.returncode != 0:
            raise FrontendError(
                f"label-studio init ended with status {done.returncode}; its reason is above. "
                f"The database is {settings.database}, the data directory {settings.data_dir}"
            )
    mark_initialised(settings, label_studio)


def say_what_is_not_changed(package: Path) -> None:
    """Print a sentence for each change to Label Studio's pages that does not fit what is installed.

    The server starts all the same: a slow editor is better than none. `studio status` says it too.
    """
    for problem in changed(declared(), pages_folder(package)).problems:
        print(
            f"backends.frontend: Label Studio's pages stay as installed in one place: {problem}",
            file=sys.stderr,
        )


def gunicorn_command(settings: Settings, package: Path) -> list[str]:
    """Return the server's command line; nothing secret is in it."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return [
        sys.executable,
        *("-m", "gunicorn", "core.wsgi:application"),
        *("--chdir", str(package)),
        *("--bind", f"{host}:{settings.port}"),
        *("--workers", str(settings.workers)),
        *("--threads", str(settings.threads)),
        *("--config", "python:backends.frontend.gunicorn_config"),
    ]


if __name__ == "__main__":
    sys.exit(main())
