"""Runs Python programs for a Pulumi engine that was built from its Go module.

The official host (pulumi-language-python) is not part of that module. This one serves the calls
that preview, up, refresh, destroy, install and about make, and runs policy packs; it generates no
code. Protocol: pulumi's proto/pulumi/language.proto. The file imports nothing of the
project's, because `engine` copies it beside the engine.
"""

import importlib.metadata
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import IO, Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    plugin_pb2,
)

ERROR_WAS_SHOWN = 32  # exit status of pulumi-language-python-exec after an error for the user


def interpreter(info: language_pb2.ProgramInfo) -> str:
    """Return the Python of the project's `virtualenv` option, or the one that runs this host."""
    virtualenv = options(info).get("virtualenv")
    python = Path(info.root_directory, virtualenv or "", "bin", "python")
    return str(python) if virtualenv and python.exists() else sys.executable


def python(info: language_pb2.ProgramInfo) -> list[str]:
    """Return the words before a program's own: its Python, or what forks it with imports done."""
    found = interpreter(info)
    client = Path(os.environ.get("CLOUD_DOUBLE_WARM_CLIENT", ""))
    if client.name and Path(found).samefile(sys.executable):
        return [found, "-I", "-S", "-E", str(client)]
    return [found, "-u"]


def options(info: language_pb2.ProgramInfo) -> dict[str, Any]:
    """Return the runtime options of Pulumi.yaml."""
    return dict(info.options.items()) if info.HasField("options") else {}


def output_of(
    command: list[str], folder: str, env: dict[str, str], context: grpc.ServicerContext
) -> Iterator[tuple[str, Any]]:
    """Yield ("stdout" or "stderr", bytes) as they are written, then ("exit", status).

    The command is ended with the call.
    """
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    context.add_callback(lambda: process.terminate() if process.poll() is None else None)
    written: queue.Queue[tuple[str, bytes] | None] = queue.Queue()

    def forward(name: str, stream: IO[bytes]) -> None:
        while data := os.read(stream.fileno(), 65536):
            written.put((name, data))
        written.put(None)

    for name in ("stdout", "stderr"):
        stream = getattr(process, name)
        threading.Thread(target=forward, args=(name, stream), daemon=True).start()
    for _ in ("stdout", "stderr"):
        yield from iter(written.get, None)
    yield "exit", process.wait()


class PythonHost(language_pb2_grpc.LanguageRuntimeServicer):
    """`engine`: the address that the engine listens on."""

    def __init__(self, engine: str) -> None:
        self.engine = engine

    def Handshake(self, request: Any, context: Any) -> language_pb2.LanguageHandshakeResponse:
        self.engine = request.engine_address or self.engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version="0.0.0")

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPackagesResponse()

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def About(self, request: Any, context: Any) -> language_pb2.AboutResponse:
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def Run(self, request: Any, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        executor = shutil.which("pulumi-language-python-exec")
        if executor is None:
            return language_pb2.RunResponse(error="pulumi-language-python-exec is not on PATH")
        command = [*python(request.info), executor]
        command += ["--monitor", request.monitor_address, "--engine", self.engine]
        command += ["--project", request.project, "--stack", request.stack, "--pwd", request.pwd]
        command += ["--dry_run", str(request.dryRun).lower(), "--parallel", str(request.parallel)]
        command += ["--organization", request.organization]
        command += ["--root_directory", request.info.root_directory]
        command += [request.info.entry_point or request.program or ".", *request.args]
        env = os.environ | {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        log = engine_pb2_grpc.EngineStub(grpc.insecure_channel(self.engine))
        rest = {"stdout": b"", "stderr": b""}

        def say(lines: list[bytes]) -> None:
            for line in lines:
                message = line.decode(errors="replace")
                log.Log(engine_pb2.LogRequest(severity=engine_pb2.INFO, message=message))

        status = 0
        for name, value in output_of(command, request.pwd, env, context):
            if name == "exit":
                status = value
            else:
                *lines, rest[name] = (rest[name] + value).split(b"\n")
                say(lines)
        say([line for line in rest.values() if line])
        if status == ERROR_WAS_SHOWN:
            return language_pb2.RunResponse(bail=True)
        error = f"Program exited with non-zero exit code: {status}" if status else ""
        return language_pb2.RunResponse(error=error)

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Run a policy pack, whose first line of output is the port that it listens on.

        As the official host does (RunPlugin in sdk/python/cmd/pulumi-language-python/main.go): its
        folder's __main__.py, by the Python of its own `virtualenv` option.
        """
        command = [interpreter(request.info), request.info.program_directory, *request.args]
        env = dict(variable.split("=", 1) for variable in request.env)
        for name, value in output_of(command, request.pwd, env, context):
            word = "exitcode" if name == "exit" else name
            yield language_pb2.RunPluginResponse(**{word: value})

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Install requirements.txt with pip into the project's virtual environment.

        As the official host does (sdk/python/toolchain/pip.go): `venv` runs over an environment
        that is there, and so gives it pip where it has none.
        """
        virtualenv = options(request.info).get("virtualenv") or "venv"
        folder = Path(request.info.root_directory, virtualenv)
        steps = [[sys.executable, "-m", "venv", str(folder)]]
        if Path(request.directory, "requirements.txt").exists():
            python = str(folder / "bin" / "python")
            steps.append([python, "-m", "pip", "install", "-r", "requirements.txt"])
        for command in steps:
            for name, value in output_of(command, request.directory, dict(os.environ), context):
                if name != "exit":
                    yield language_pb2.InstallDependenciesResponse(**{name: value})
                elif value:
                    message = f"{' '.join(command)} exited with {value}"
                    context.abort(grpc.StatusCode.UNKNOWN, message)

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=found.name, version=found.version)
                for found in importlib.metadata.distributions()
            ]
        )

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()


def serve(add: Callable[[grpc.Server], None]) -> None:
    """Serve on a free loopback port, say which on the first line of output, until interrupted."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=32))
    add(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    signal.signal(signal.SIGINT, lambda *_: server.stop(grace=None))
    print(port, flush=True)
    server.wait_for_termination()


def main() -> None:
    addresses = [word for word in sys.argv[1:] if not word.startswith("-")]
    host = PythonHost(addresses[-1] if addresses else "")
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server))


if __name__ == "__main__":
    main()
