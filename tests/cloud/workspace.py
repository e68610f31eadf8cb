"""One stack of a Pulumi project, taken through its life by the real engine against the double."""

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.cloud import engine, warm
from tests.cloud.compute_api import ComputeApi
from tests.cloud.gcp.state import Cloud, Data
from tests.cloud.rpc import package_folder
from tests.cloud.web import Web

ROOT = Path(__file__).resolve().parent.parent.parent
PLUGINS = Path(__file__).resolve().parent / "plugins"
PASSPHRASE = "of the cloud double"


@dataclasses.dataclass(frozen=True)
class Result:
    """What a command did; `seconds` is wall time."""

    command: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def said(self) -> str:
        """Both streams, one after the other."""
        return self.stdout + self.stderr

    def json(self) -> Any:
        """Return stdout as JSON."""
        return json.loads(self.stdout)


class CommandFailed(AssertionError):
    """A command ended otherwise than expected; the message holds what it said."""

    def __init__(self, result: Result) -> None:
        self.result = result
        command = " ".join(result.command)
        super().__init__(f"`{command}` ended with {result.returncode}:\n{result.said[-6000:]}")


def environment(folder: Path) -> dict[str, str]:
    """Return the variables that lead Pulumi to the engine, the doubles and a backend in `folder`.

    Raises:
        EngineError: when there is no engine and none can be built.
    """
    (folder / "backend").mkdir(parents=True, exist_ok=True)
    install_plugins(folder / "home")
    path = os.pathsep.join([str(engine.ensure()), os.environ.get("PATH", os.defpath)])
    return {
        "PATH": path,
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'backend'}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
        "PULUMI_PYTHON": sys.executable,
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        # Compiling what is imported takes longer than all else that an operation does.
        "PYTHONDONTWRITEBYTECODE": "",
        "CLOUD_DOUBLE": str(folder / "cloud"),
    }


def install_plugins(home: Path) -> None:
    """Put the provider doubles where `pulumi plugin install` would put the providers.

    On PATH they would serve as well, with a warning at each operation.
    """
    for package in ("pulumi_gcp", "pulumi_docker_build", "pulumi_command"):
        about = json.loads((package_folder(package) / "pulumi-plugin.json").read_text())
        program = f"pulumi-resource-{about['name']}"
        folder = home / "plugins" / f"resource-{about['name']}-v{about['version']}"
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / program).exists():
            (folder / program).unlink(missing_ok=True)
            (folder / program).symlink_to(PLUGINS / program)


class Stack:
    """A stack and its own config file; `close` it, or use it as a context.

    Two stacks in one folder share the backend and the cloud.

    Args:
        folder: where the backend, Pulumi's home, the cloud and the config files are kept.
        name: the stack's name.
        project: the folder of Pulumi.yaml; the repository's own where nothing is said. Its
            committed stack files are neither read nor written.
        forked: whether Python programs begin with their imports done (see `tests.cloud.warm`),
            which saves a third of an operation's time.
    """

    def __init__(
        self, folder: Path, name: str = "dev", project: Path = ROOT, forked: bool = True
    ) -> None:
        self.folder, self.name, self.project = folder, name, project
        settings = folder / "config"  # A project of the same name: `stack init` writes beside it.
        self.config_file = settings / f"Pulumi.{name}.yaml"
        self.state_of_cloud = Cloud(folder / "cloud")
        self.env = environment(folder)
        if forked:
            self.env |= warm.variables(self.env["PATH"])
        self.seconds: list[tuple[str, float]] = []
        self.api = ComputeApi(self.state_of_cloud)
        self.env["GOOGLE_COMPUTE_CUSTOM_ENDPOINT"] = self.api.url
        self.env["GOOGLE_STORAGE_CUSTOM_ENDPOINT"] = f"{self.api.url}/storage/v1/"
        self.env["GOOGLE_BILLING_CUSTOM_ENDPOINT"] = f"{self.api.url}/billing/v1/"
        self.web = Web(self.state_of_cloud, folder)
        self.env |= self.web.env
        settings.mkdir(exist_ok=True)
        declared = yaml.safe_load((project / "Pulumi.yaml").read_text())
        (settings / "Pulumi.yaml").write_text(f"name: {declared['name']}\nruntime: python\n")
        if not any(folder.glob(f"backend/.pulumi/stacks/*/{name}.json")):
            self.config_file.unlink(missing_ok=True)
            self.pulumi("stack", "init", name, "--no-select", "--cwd", str(settings))

    def __enter__(self) -> "Stack":
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def close(self) -> None:
        """End the compute API double and the web; the state in the folder stays."""
        self.api.close()
        self.web.close()

    def pulumi(
        self, *arguments: str, check: bool = True, env: Mapping[str, str] | None = None
    ) -> Result:
        """Run the CLI in the project's folder.

        Raises:
            CommandFailed: when it fails, unless `check` is false.
        """
        return self.run("pulumi", "--non-interactive", *arguments, check=check, env=env)

    def run(
        self, *command: str, check: bool = True, env: Mapping[str, str] | None = None
    ) -> Result:
        """Run any command in the project's folder, with the double's environment.

        Raises:
            CommandFailed: when it fails, unless `check` is false.
        """
        started = time.monotonic()
        done = subprocess.run(
            command,
            cwd=self.project,
            env=os.environ | self.env | dict(env or {}),
            capture_output=True,
            text=True,
        )
        seconds = time.monotonic() - started
        self.seconds.append((" ".join(command[:2]), seconds))
        result = Result(command, done.returncode, done.stdout, done.stderr, seconds)
        if check and result.returncode:
            raise CommandFailed(result)
        return result

    def config(self, secrets: Mapping[str, str] | None = None, **values: object) -> None:
        """Set config keys as `pulumi config set` does; None removes one.

        A key is written with its namespace as `gcp__project`, and without one, in the project's
        own, as it is. Lists and objects are set as such. `secrets` are encrypted.
        """
        content = yaml.safe_load(self.config_file.read_text()) or {}
        has = content.setdefault("config", {})
        for key, value in values.items():
            name = self.key(key)
            has.pop(name, None)
            if isinstance(value, bool):
                has[name] = str(value).lower()
            elif value is not None:
                structure = isinstance(value, list | dict)
                has[name] = value if structure else str(value)
        self.config_file.write_text(yaml.safe_dump(content))
        for key, value in (secrets or {}).items():
            words = ("--stack", self.name, "--cwd", str(self.config_file.parent))
            self.pulumi("config", "set", "--secret", *words, "--", self.key(key), value)

    def key(self, name: str) -> str:
        """Return a config key with its namespace."""
        declared = yaml.safe_load((self.project / "Pulumi.yaml").read_text())
        return name.replace("__", ":") if "__" in name else f"{declared['name']}:{name}"

    def operate(self, verb: str, *arguments: str, check: bool = True) -> Result:
        """Run preview, up, refresh, destroy: an operation that knows the stack and its config."""
        scope = ["--stack", self.name, "--config-file", str(self.config_file)]
        return self.pulumi(verb, *scope, *arguments, check=check)

    def preview(self, *arguments: str, json: bool = False, check: bool = True) -> Result:
        """Run `pulumi preview`; with `json` its result's `json()` is the plan."""
        return self.operate("preview", *(["--json"] if json else []), *arguments, check=check)

    def up(self, *arguments: str, check: bool = True) -> Result:
        """Run `pulumi up` without its own preview."""
        return self.operate("up", "--yes", "--skip-preview", *arguments, check=check)

    def refresh(self, *arguments: str, check: bool = True) -> Result:
        return self.operate("refresh", "--yes", "--skip-preview", *arguments, check=check)

    def destroy(self, *arguments: str, check: bool = True) -> Result:
        return self.operate("destroy", "--yes", "--skip-preview", *arguments, check=check)

    def outputs(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """Return the stack's outputs."""
        shown = ["--show-secrets"] if show_secrets else []
        return self.pulumi("stack", "output", "--json", "--stack", self.name, *shown).json()

    def state(self) -> dict[str, Any]:
        """Return the state as `pulumi stack export` gives it: secrets are encrypted."""
        return self.pulumi("stack", "export", "--stack", self.name).json()

    def resources(self) -> list[dict[str, Any]]:
        """Return the resources in the state."""
        return self.state()["deployment"].get("resources") or []

    @property
    def cloud(self) -> dict[str, Data]:
        """What exists in the cloud: {"compute.Disk ID": {inputs, outputs, seed}}."""
        return self.state_of_cloud.read()["resources"]

    def faults(self, *faults: Mapping[str, object]) -> None:
        """Put these faults in place of the former ones (see `tests.cloud.gcp.faults`)."""
        with self.state_of_cloud.open() as data:
            data["faults"] = {}
        (self.folder / "cloud" / "faults.json").write_text(json.dumps(faults))

    def put_object(self, bucket: str, name: str, content: bytes = b"") -> None:
        """Put an object into a bucket, which need not exist."""
        file = self.folder / "cloud" / "buckets" / bucket / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
