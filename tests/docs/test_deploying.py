"""The commands of docs/deploying.md and docs/pull-requests.md, run in order on the cloud double.

The engine is the real one. gcloud is a stand-in that keeps what it was asked (there is no account),
uploads become objects of the double's buckets, and the state lies in a folder. All else is run as
it is written.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cloud import checkout
from tests.cloud.workspace import ROOT, Stack
from tests.infra.engine.changes import GROUPS

PAGE = ROOT / "docs" / "deploying.md"
PULL_REQUESTS = ROOT / "docs" / "pull-requests.md"
PASSWORD = "nine people and 400 images"
STATE = "gs://my-project-pulumi"
GCLOUD = """#!/bin/bash
printf '%s\\n' "$*" >>"$ASKED"
case "$*" in
  "projects describe"*) echo 123456789012 ;;
  "storage cp --recursive photos gs://"*)
    bucket=${*: -1}; mkdir -p "$CLOUD_DOUBLE/buckets/${bucket#gs://}"
    cp photos/* "$CLOUD_DOUBLE/buckets/${bucket#gs://}/" ;;
esac
"""


def commands() -> str:
    """All command blocks of the pages, one after the other."""
    pages = PAGE.read_text() + PULL_REQUESTS.read_text()
    return "".join(re.findall(r"^```sh\n(.*?)^```$", pages, re.MULTILINE | re.DOTALL))


def test_the_page_says_of_each_setting_what_becomes_of_the_machine() -> None:
    rows = re.findall(r"^\| (`.+`) \| (\w+) \|", PAGE.read_text(), re.MULTILINE)
    told = {setting: becomes for row, becomes in rows for setting in re.findall(r"\w+", row)}
    words = {"replace": "replaced", "update": "updated", "untouched": "untouched"}
    # tests/infra/engine/test_changes.py shows that these are true.
    known = {change.setting: words[change.machine] for g in GROUPS.values() for change in g}
    assert told == known
    assert len(told) > 20


def test_the_account_of_pull_requests_changes_nothing_and_sees_no_metadata() -> None:
    section = PULL_REQUESTS.read_text()
    member = r"add-iam-policy-binding my-project --member \S*atelier-preview@.* --role (\S+)"
    assert re.findall(member, section) == ["projects/my-project/roles/atelierPreview"]
    state = r"buckets add-iam-policy-binding gs://my-project-pulumi .* --role (\S+)"
    # Only what changes a stack takes its lock (pulumi/pkg/backend/diy/backend.go).
    assert re.findall(state, section) == ["roles/storage.objectViewer"]
    (permissions,) = re.findall(r"iam roles create atelierPreview .*--permissions (\S+)", section)
    assert {name.split(".")[-1] for name in permissions.split(",")} == {"get", "list"}
    assert "compute.instances.get" not in permissions


@pytest.mark.integration
def test_every_command_of_the_pages_can_be_pasted(tmp_path: Path) -> None:
    script = commands()
    assert script.count(f"pulumi login {STATE}\n") == 1
    script = script.replace(f"pulumi login {STATE}\n", 'pulumi login "file://$STATE"\n')
    copied = checkout.copy(tmp_path / "checkout")
    (copied / "photos").mkdir()
    (copied / "photos" / "one.jpg").write_bytes(b"a photograph")
    home, tools, state = tmp_path / "home", tmp_path / "bin", tmp_path / "state"
    for folder in (home, tools, state):
        folder.mkdir()
    (tools / "gcloud").write_text(GCLOUD)
    (tools / "docker").write_text("#!/bin/sh\nexit 0\n")  # The double builds no image.
    for tool in tools.iterdir():
        tool.chmod(0o755)

    with Stack(tmp_path / "cloud", "another") as double:
        environ = os.environ | double.env
        for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE"):
            del environ[name]
        cache = environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        done = subprocess.run(
            ["bash", "-euxo", "pipefail", "-c", script],
            cwd=copied,
            env=environ
            | {
                "ASKED": str(tmp_path / "asked"),
                "HOME": str(home),
                "MAKEFLAGS": " -- BOOTSTRAP=true YES=1",  # Its environment is lent.
                "PATH": f"{tools}:{Path(sys.executable).parent}:{environ['PATH']}",
                "STATE": str(state),
                "XDG_CACHE_HOME": cache,
            },
            input=PASSWORD + "\n",
            capture_output=True,
            text=True,
        )
        left = set(double.cloud)

    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6000:]
    assert PASSWORD not in said
    for wanted in ("hour running", "sprint of 60 h", "month if forgotten", "https://"):
        assert wanted in said
    passphrase = home / ".atelier-passphrase"
    assert len(passphrase.read_text().strip()) == 32
    assert passphrase.stat().st_mode & 0o077 == 0
    # What `make destroy` leaves: the buckets with what is in them, and the disk's snapshot.
    kinds = {name.split(" ")[0] for name in left}
    assert {"storage.Bucket my-project-dev-source", "storage.Bucket my-project-dev-target"} <= left
    assert "compute.Snapshot" in kinds
    assert not kinds & {"compute.Instance", "compute.Disk", "compute.Address", "compute.Network"}
    photo = tmp_path / "cloud" / "cloud" / "buckets" / "my-project-dev-source" / "one.jpg"
    assert photo.read_bytes() == b"a photograph"
    asked = (tmp_path / "asked").read_text().splitlines()
    assert len([line for line in asked if line.startswith("iam workload-identity-pools")]) == 2
    assert any(line.endswith("attribute.repository/my-team/labeling") for line in asked)
