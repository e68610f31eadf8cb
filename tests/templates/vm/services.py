"""A machine's services with a program in place of Docker's daemon."""

import hashlib
from pathlib import Path

from tests.templates.vm.conftest import VM, Machine
from tests.templates.vm.test_services import compose

NEW = "registry.example/frontend@sha256:" + "2" * 64

# `compose config` is the real one. The rest obeys files that a test writes: `gone` (references that
# no registry has), `sick` (a container does not become well), `refused` (what apply says at its
# end), `left` (the status that apply ends with, and what it says), `held` (apply does not end).
# `db` is the database, to which a frontend that starts appends the word in `migrates`; with `full`
# there is no room for a dump, with `broken` none goes back, with `well` the frontend is healthy.
# `calls` has what was asked, `runs` each apply's last word.
DOCKER = r"""cd "$(dirname "$0")/../docker"
case $1 in
  image) [[ $2 != inspect ]] || ! grep -qsF "$3" gone ;;
  compose)
    shift
    for word; do
      case $word in config | pull | up | ps | logs | run | exec | stop | rm) break ;; esac
    done
    [[ $word == config ]] || echo "$word" >>calls
    case $word in
      config) exec COMPOSE "$@" ;;
      pull) ! grep -s . gone | sed 's/$/: manifest unknown/' ;;
      up)
        [[ "${@: -1}" != postgres ]] || exit 0
        [[ ! -e migrates || "$*" != *' frontend '* ]] || cat migrates >>db
        [[ ! -e sick ]]
        ;;
      exec)
        case $* in
          *pg_dump*) [[ ! -e full ]] || { echo 'No space left on device' >&2 && exit 1; }
            cat db
            ;;
          *dropdb*) rm -f db ;;
          *pg_restore*) [[ ! -e broken ]] || { echo 'could not connect' >&2 && exit 1; }
            cat >db
            ;;
        esac
        ;;
      ps) [[ "${@: -1}" != frontend || ! -e well ]] || { echo healthy && exit; }
        [[ ! -e sick ]] || echo 'segmentation exited ' ;;
      logs) echo 'the weights do not fit' ;;
      run)
        echo "${@: -1}" >>runs
        echo "account anna@example.org with password number-$(wc -l <runs)"
        while [[ -e held ]]; do sleep 0.1; done
        [[ ! -e refused ]] || { cat refused && exit 1; }
        [[ ! -e left ]] || { cut -d ' ' -f 2- left && exit "$(cut -d ' ' -f 1 left)"; }
        ;;
    esac
    ;;
esac
"""


class Services:
    """A machine on which services.sh runs as the boot and the watch run it."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.metadata = machine, machine.metadata
        self.docker = machine.root / "docker"
        self.docker.mkdir()
        self.file("db").write_text("empty ")
        self.docker_does_first("")
        machine.program("iptables", "exit 0\n")
        machine.run("ensure_secrets")

    def docker_does_first(self, line: str) -> None:
        """Let the program that stands for Docker do this before anything else."""
        command = " ".join(compose())
        self.machine.program("docker", line + DOCKER.replace("COMPOSE", command))

    def does(self, command: str, status: int = 0, tries: int = 1) -> list[str]:
        """Run services.sh; return the phases that were told meanwhile."""
        self.file("calls").unlink(missing_ok=True)
        before = len(self.metadata.phases())
        self.machine.run(f'PULL_TRIES={tries} bash "{VM}/services.sh" {command}', status=status)
        return self.metadata.phases()[before:]

    def file(self, name: str) -> Path:
        return self.docker / name

    @property
    def calls(self) -> list[str]:
        file = self.file("calls")
        return file.read_text().split() if file.exists() else []

    @property
    def message(self) -> str:
        return self.metadata.message

    @property
    def running(self) -> list[str]:
        told = self.metadata.guest_attributes
        return [value for name, value in told if name == "atelier/running"]

    def name(self, image: str) -> str:
        """Name another frontend in the metadata; return the attribute's SHA-256."""
        known = self.metadata.attribute("atelier-images")
        assert known is not None
        lines = [line for line in known.splitlines() if not line.startswith("FRONTEND")]
        text = "\n".join([f"FRONTEND_IMAGE={image}", *lines, ""])
        self.metadata.set(atelier_images=text)
        return hashlib.sha256(text.encode()).hexdigest()
