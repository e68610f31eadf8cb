"""The command line: plain messages and no traceback."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from studio.cli import studio
from tests.label_studio import ROOT, free_port

ENVIRONMENT = {"LABEL_STUDIO_URL": f"http://127.0.0.1:{free_port()}", "LABEL_STUDIO_API_KEY": "t"}


@pytest.fixture
def project_file(tmp_path: Path) -> Path:
    config = ROOT / "templates" / "labeling" / "garments.xml"
    path = tmp_path / "project.yaml"
    path.write_text(
        f"title: Coats\nlabeling_config: {config}\nsource:\n  list: ['gs://bucket/a.jpg']\n"
    )
    return path


def test_nobody_at_the_address_is_said_in_a_sentence(project_file: Path) -> None:
    result = CliRunner().invoke(studio, ["apply", str(project_file)], env=ENVIRONMENT)
    assert result.exit_code == 1
    assert f"nobody answers at {ENVIRONMENT['LABEL_STUDIO_URL']} (" in result.output
    assert "Connection refused" in result.output


def test_a_missing_connection_is_said(tmp_path: Path) -> None:
    state = str(tmp_path)  # No demo runs there.
    empty = {"LABEL_STUDIO_URL": "", "LABEL_STUDIO_API_KEY": "", "ATELIER_STATE": state}
    result = CliRunner().invoke(studio, ["status"], env=empty)
    assert result.exit_code == 1
    assert "set LABEL_STUDIO_URL or give --url" in result.output


def test_a_wrong_project_file_is_said_before_anybody_is_called(tmp_path: Path) -> None:
    path = tmp_path / "project.yaml"
    path.write_text("titel: Coats\n")
    result = CliRunner().invoke(studio, ["apply", str(path)], env=ENVIRONMENT)
    assert result.exit_code == 1
    assert "did you mean title?" in result.output


def test_help_names_all_commands() -> None:
    result = CliRunner().invoke(studio, ["--help"])
    assert [
        name
        for name in ("apply", "new", "precompute", "prelabel", "status")
        if name not in result.output
    ] == []


def test_help_needs_no_sdk() -> None:
    """Importing it takes seconds."""
    code = "import sys, studio.cli; sys.exit('label_studio_sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_ctrl_c_ends_quietly(project_file: Path) -> None:
    """A Label Studio that never answers is waited for; Ctrl-C ends the wait."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        environment = {
            **os.environ,
            "LABEL_STUDIO_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "LABEL_STUDIO_API_KEY": "t",
        }
        with subprocess.Popen(
            [sys.executable, "-m", "studio", "apply", str(project_file)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as command:
            # Only now is it past its imports, in which a library may take the signal for itself.
            connection, _ = silent.accept()
            with connection:
                command.send_signal(signal.SIGINT)
                output, _ = command.communicate(timeout=60)
    assert command.returncode == 130
    assert "interrupted; the next run goes on from here" in output
    assert "Traceback" not in output
