"""The tables of what the real engine said, recorded by `tests.infra.operate.table.record`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.operate.table.changes import Action
from infra.operate.table.errors import PlanError
from infra.operate.table.kinds import WORDS
from infra.operate.table.markdown import render
from infra.operate.table.plan import Plan, make
from infra.operate.table.preview import read_preview
from infra.operate.table.service import IN_PLACE
from tests.infra.operate.table.record import RECORDED, ROOT, TABLES, text_of

RENEW = "python -m tests.infra.operate.table.record --tables"
NAMES = sorted(path.stem for path in RECORDED.glob("*.json"))
FLAGS = {"enable-guest-attributes", "enable-oslogin", "block-project-ssh-keys"}


def recorded(name: str) -> dict[str, Any]:
    return json.loads((RECORDED / f"{name}.json").read_text())


def plan(preview: dict[str, Any]) -> Plan:
    return make(read_preview(json.dumps(preview)))


def remarks(name: str) -> list[tuple[str, str]]:
    return [(remark.severity, remark.text) for remark in plan(recorded(name)).remarks]


def step_of(preview: dict[str, Any], kind: str) -> dict[str, Any]:
    parts = ("create-replacement", "delete-replaced")
    found = (step for step in preview["steps"] if step["op"] not in parts)
    return next(step for step in found if f"{kind}::" in step["urn"])


@pytest.mark.parametrize("name", NAMES)
def test_the_table_in_a_pipe_is_the_kept_one(name: str) -> None:
    assert text_of(plan(recorded(name))) == (TABLES / f"{name}.txt").read_text(), RENEW


@pytest.mark.parametrize("name", NAMES)
def test_the_table_in_a_pull_request_is_the_kept_one(name: str) -> None:
    assert render(plan(recorded(name))) == (TABLES / f"{name}.md").read_text(), RENEW


def test_every_resource_of_the_program_has_a_name_for_people() -> None:
    types = {step["newState"]["type"] for step in recorded("new")["steps"]}
    resources = {kind for kind in types if not kind.startswith(("atelier:", "pulumi:"))}
    assert resources
    assert resources <= set(WORDS)


def test_every_attribute_of_the_machine_has_its_effect_told() -> None:
    machine = step_of(recorded("images"), "Instance")
    attributes = set(machine["newState"]["inputs"]["metadata"]) - FLAGS
    assert attributes
    assert attributes <= set(IN_PLACE)


def test_a_new_image_leaves_the_machine_running() -> None:
    made = plan(recorded("images"))
    assert [group.action for group in made.groups] == [Action.CHANGE]
    assert remarks("images")[0][0] == "good"
    assert "containers whose image changed" in remarks("images")[0][1]


def test_a_zone_change_says_what_forces_it_and_what_stays() -> None:
    table = text_of(plan(recorded("zone")))
    assert "zone: us-central1-a => us-central1-b" in table
    assert "What stays: static address, service account key, buckets." in table
    assert "The data disk moves" in table


def test_what_an_update_that_failed_left_undone_is_not_called_a_loss() -> None:
    said = remarks("after_a_stockout")
    assert said[0] == (
        "warning",
        "There is no machine: an update that failed has deleted it, and its replacement is made"
        " now. Labelers can log in when that has booted.",
    )
    assert "data disk" in said[1][1]
    assert not any("disk is" in text for _, text in said)


def test_a_bucket_that_would_be_deleted_with_its_content_is_warned_of() -> None:
    kept, lost = remarks("destroy"), remarks("destroy_everything")
    assert [s for s, text in kept if text.startswith("Bucket")] == ["good", "good"]
    assert [s for s, text in lost if text.startswith("Bucket")] == ["warning", "warning"]
    assert ("warning", "The data disk is deleted WITHOUT a snapshot: its data is lost.") in lost


def with_jobs(op: str, state: str, **inputs: str) -> list[tuple[str, str]]:
    """What is told when the component of the jobs is made, changed or deleted."""
    preview = recorded("nothing")
    urn = "urn:pulumi:dev::atelier::atelier:gcp:Batch::atelier-dev"
    kept = {"type": "atelier:gcp:Batch", "custom": False, "inputs": inputs}
    # Something else has to change: nothing is told where nothing does.
    bucket = {
        "op": op,
        "urn": "urn:pulumi:dev::atelier::atelier:gcp:Batch$gcp:storage/bucket:Bucket"
        "::atelier-dev-staging",
        state: {"type": "gcp:storage/bucket:Bucket", "custom": True, "inputs": {"name": "p-stag"}},
    }
    preview["steps"] += [{"op": op, "urn": urn, state: kept}, bucket]
    return [(remark.severity, remark.text) for remark in plan(preview).remarks]


def test_jobs_that_become_possible_are_told_with_what_they_cost_until_one_runs() -> None:
    said = with_jobs("create", "newState", runner="cloudrun", region="us-central1")
    assert (
        "good",
        "Jobs over the archive can be started on Cloud Run in us-central1. None is, and nothing of"
        " it is billed while none runs.",
    ) in said


def test_the_staging_bucket_goes_without_a_warning() -> None:
    said = with_jobs("delete", "oldState", runner="cloudrun", region="us-central1")
    assert "warning" not in {severity for severity, _ in said}
    assert ("good", "Bucket p-stag goes with what jobs over the archive left in it.") in said
    assert any("can no longer be started" in text for _, text in said)


def test_the_cost_before_and_after_is_that_of_the_two_machines() -> None:
    table = text_of(plan(recorded("spot")))
    step = step_of(recorded("spot"), "Guardrails")
    before = step["oldState"]["inputs"]["cost"]["month_forgotten_usd"]
    after = step["newState"]["inputs"]["cost"]["month_forgotten_usd"]
    assert before > after
    assert f"${before:.2f} => ${after:.2f}" in table
    assert f"-${before - after:.2f}" in table


def test_a_price_that_is_not_known_is_a_dash_and_not_nothing() -> None:
    preview = recorded("machine_type")
    step_of(preview, "Guardrails")["newState"]["inputs"]["cost"]["hour_usd"] = None
    assert "$0.72 => -\n" in text_of(plan(preview))


def test_no_value_of_the_metadata_is_shown_whatever_the_engine_masked() -> None:
    preview = recorded("images")
    step = step_of(preview, "Instance")
    for state in ("oldState", "newState"):
        metadata = step[state]["inputs"]["metadata"]
        step[state]["inputs"]["metadata"] = {key: "hunter2-" + key for key in metadata}
    step["detailedDiff"] = {
        f'metadata["{key}"]': {"kind": "update", "inputDiff": True} for key in metadata
    } | {"metadata": {"kind": "update", "inputDiff": True}}
    for shown in (text_of(plan(preview)), render(plan(preview))):
        assert "hunter2" not in shown
        assert "metadata: atelier-secrets" in shown


@pytest.mark.parametrize("key", ["adminPassword", "privateKey", "token", "clientSecret"])
def test_no_value_of_a_secret_sounding_property_is_shown(key: str) -> None:
    preview = recorded("machine_type")
    step = step_of(preview, "Instance")
    step["oldState"]["inputs"][key], step["newState"]["inputs"][key] = "hunter1", "hunter2"
    step["detailedDiff"] = {key: {"kind": "update", "inputDiff": True}}
    shown = text_of(plan(preview))
    assert "hunter" not in shown
    assert key in shown


def test_a_fork_cannot_put_markup_or_mentions_into_the_comment() -> None:
    preview = recorded("zone")
    step = step_of(preview, "Instance")
    step["newState"]["inputs"]["zone"] = "`<img src=x>|@everyone [x](http://evil)`\n\n# big"
    step["urn"] = step["urn"] + "`@someone`|<script>"
    lines = render(plan(preview)).splitlines()
    row = next(line for line in lines if "everyone" in line)
    outside = "".join(row.split("`")[::2])
    for markup in ("<img", "@", "http", "<script>", "# big"):
        assert markup not in outside
    assert "# big" not in lines


def test_a_failed_preview_promises_nothing() -> None:
    made = plan(recorded("failed"))
    assert made.remarks == ()
    assert "incomplete" in made.summary
    assert "adminEmail" in made.errors[0]


@pytest.mark.parametrize("text", ["", "error: no stack", "{}]", '{"steps": 3}', '{"steps": [{}]}'])
def test_what_is_no_preview_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(PlanError, match="pulumi preview --json"):
        read_preview(text)


def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.operate.table", *arguments],
        input=text,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(("name", "status"), [("zone", 0), ("failed", 1)])
def test_the_exit_status_tells_whether_the_preview_failed(name: str, status: int) -> None:
    text = (RECORDED / f"{name}.json").read_text()
    done = run(text=text)
    assert (done.returncode, done.stderr) == (status, "")
    assert done.stdout == (TABLES / f"{name}.txt").read_text()
    assert run(str(RECORDED / f"{name}.json")).stdout == done.stdout


def test_what_cannot_be_read_ends_with_2_and_a_sentence() -> None:
    done = run(text="error: no stack named 'dev' found")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("plan: ")
    assert "Traceback" not in done.stderr


def test_the_table_needs_no_pulumi() -> None:
    code = (
        "import sys, infra.operate.table.cli; "
        "sys.exit(any(m.split('.')[0] in ('pulumi', 'pulumi_gcp') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_no_recording_holds_a_path_of_the_machine_or_a_key() -> None:
    for path in (*RECORDED.iterdir(), *TABLES.iterdir()):
        text = path.read_text()
        assert str(Path.home()) + "/" not in text
        assert "PRIVATE KEY" not in text
        assert "/tmp/" not in text
