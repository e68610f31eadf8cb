"""The tables of what the real engine said, recorded by `tests.infra.operate.table.record`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.operate import policies
from infra.operate.table.changes import Action
from infra.operate.table.kinds import WORDS
from infra.operate.table.markdown import render
from infra.operate.table.service import IN_PLACE
from infra.settings.facts import KEY_ATTRIBUTE
from tests.infra.operate.table.record import RECORDED, ROOT, TABLES, made_of, text_of

RENEW = "python -m tests.infra.operate.table.record --tables"
NAMES = sorted(path.stem for path in RECORDED.glob("*.json"))
FLAGS = {"enable-guest-attributes", "enable-oslogin", "block-project-ssh-keys"}


def recorded(name: str) -> list[dict[str, Any]]:
    return json.loads((RECORDED / f"{name}.json").read_text())


def remarks(name: str) -> list[tuple[str, str]]:
    return [(remark.severity, remark.text) for remark in made_of(recorded(name)).remarks]


def steps(preview: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [about["metadata"] for event in preview for about in event.values()]


def step_of(preview: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    parts = ("create-replacement", "delete-replaced")
    found = (step for step in steps(preview) if step["op"] not in parts)
    return next(step for step in found if f"{kind}::" in step["urn"])


@pytest.mark.parametrize("name", NAMES)
def test_the_table_in_a_pipe_is_the_kept_one(name: str) -> None:
    assert text_of(made_of(recorded(name))) == (TABLES / f"{name}.txt").read_text(), RENEW


@pytest.mark.parametrize("name", NAMES)
def test_the_table_in_a_pull_request_is_the_kept_one(name: str) -> None:
    assert render(made_of(recorded(name))) == (TABLES / f"{name}.md").read_text(), RENEW


def test_every_resource_of_the_program_has_a_name_for_people() -> None:
    types = {step["type"] for step in steps(recorded("new"))}
    resources = {kind for kind in types if not kind.startswith(("atelier:", "pulumi:"))}
    assert resources
    assert resources <= set(WORDS)


def test_every_attribute_of_the_machine_has_its_effect_told() -> None:
    machine = step_of(recorded("images"), "Instance")
    attributes = set(machine["new"]["inputs"]["metadata"]) - FLAGS
    assert attributes
    assert attributes <= set(IN_PLACE)


def test_a_new_image_leaves_the_machine_running() -> None:
    made = made_of(recorded("images"))
    assert [group.action for group in made.groups] == [Action.CHANGE]
    assert remarks("images")[0][0] == "good"
    assert "containers whose image changed" in remarks("images")[0][1]


def test_a_zone_change_says_what_forces_it_and_what_stays() -> None:
    table = text_of(made_of(recorded("zone")))
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
    urn = "urn:pulumi:dev::atelier::atelier:gcp:Batch"
    jobs = {"type": "atelier:gcp:Batch", "custom": False, "inputs": inputs}
    # Something else has to change: nothing is told where nothing does.
    bucket = {"type": "gcp:storage/bucket:Bucket", "custom": True, "inputs": {"name": "p-stag"}}
    steps = [
        {"op": op, "urn": f"{urn}::atelier-dev", "type": jobs["type"], state: jobs},
        {"op": op, "urn": f"{urn}$gcp:storage/bucket:Bucket::atelier-dev-staging",
         "type": bucket["type"], state: bucket},
    ]  # fmt: skip
    events = [{"resOutputsEvent": {"metadata": step, "planning": True}} for step in steps]
    return [(one.severity, one.text) for one in made_of(recorded("nothing") + events).remarks]


def test_jobs_that_become_possible_are_told_with_what_they_cost_until_one_runs() -> None:
    said = with_jobs("create", "new", runner="cloudrun", region="us-central1")
    assert (
        "good",
        "Jobs over the archive can be started on Cloud Run in us-central1. None is, and nothing of"
        " it is billed while none runs.",
    ) in said


def test_the_staging_bucket_goes_without_a_warning() -> None:
    said = with_jobs("delete", "old", runner="cloudrun", region="us-central1")
    assert "warning" not in {severity for severity, _ in said}
    assert ("good", "Bucket p-stag goes with what jobs over the archive left in it.") in said
    assert any("can no longer be started" in text for _, text in said)


def test_the_cost_before_and_after_is_that_of_the_two_machines() -> None:
    table = text_of(made_of(recorded("spot")))
    step = step_of(recorded("spot"), "Guardrails")
    before = step["old"]["inputs"]["cost"]["month_forgotten_usd"]
    after = step["new"]["inputs"]["cost"]["month_forgotten_usd"]
    assert before > after
    assert f"${before:.2f} => ${after:.2f}" in table
    assert f"-${before - after:.2f}" in table


def test_a_price_that_is_not_known_is_a_dash_and_not_nothing() -> None:
    preview = recorded("machine_type")
    step_of(preview, "Guardrails")["new"]["inputs"]["cost"]["hour_usd"] = None
    assert "$0.72 => -\n" in text_of(made_of(preview))


def test_no_value_of_the_metadata_is_shown_whatever_the_engine_masked() -> None:
    preview = recorded("images")
    step = step_of(preview, "Instance")
    for state in ("old", "new"):
        metadata = step[state]["inputs"]["metadata"]
        step[state]["inputs"]["metadata"] = {key: "hunter2-" + key for key in metadata}
    step["detailedDiff"] = {
        f'metadata["{key}"]': {"diffKind": "update", "inputDiff": True} for key in metadata
    } | {"metadata": {"diffKind": "update", "inputDiff": True}}
    for shown in (text_of(made_of(preview)), render(made_of(preview))):
        assert "hunter2" not in shown
        assert f"metadata: {KEY_ATTRIBUTE}" in shown


@pytest.mark.parametrize("key", ["adminPassword", "privateKey", "token", "clientSecret"])
def test_no_value_of_a_secret_sounding_property_is_shown(key: str) -> None:
    preview = recorded("machine_type")
    step = step_of(preview, "Instance")
    step["old"]["inputs"][key], step["new"]["inputs"][key] = "hunter1", "hunter2"
    step["detailedDiff"] = {key: {"diffKind": "update", "inputDiff": True}}
    shown = text_of(made_of(preview))
    assert "hunter" not in shown
    assert key in shown


def test_a_fork_cannot_put_markup_or_mentions_into_the_comment() -> None:
    preview = recorded("zone")
    step = step_of(preview, "Instance")
    step["new"]["inputs"]["zone"] = "`<img src=x>|@everyone [x](http://evil)`\n\n# big"
    step["urn"] = step["urn"] + "`@someone`|<script>"
    lines = render(made_of(preview)).splitlines()
    row = next(line for line in lines if "everyone" in line)
    outside = "".join(row.split("`")[::2])
    for markup in ("<img", "@", "http", "<script>", "# big"):
        assert markup not in outside
    assert "# big" not in lines


def test_a_failed_preview_promises_nothing() -> None:
    made = made_of(recorded("failed"))
    assert made.remarks == ()
    assert "incomplete" in made.summary
    assert "adminEmail" in made.errors[0]


# Stands where pulumi stands: what the engine logged is the recording.
PULUMI = """\
import json, sys
from pathlib import Path
recording = Path({recording!r})
if not recording.exists():
    sys.exit("error: no stack named 'dev' found")
log = Path(sys.argv[sys.argv.index("--event-log") + 1])
log.write_text("".join(json.dumps(event) + "\\n" for event in json.loads(recording.read_text())))
print("Previewing update (dev)")
sys.exit({status})
"""


def run(
    folder: Path, name: str, *options: str, status: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run the table's command with a pulumi that says what was recorded, and ends so."""
    pulumi = folder / "pulumi"
    script = PULUMI.format(recording=f"{RECORDED}/{name}.json", status=status)
    pulumi.write_text(f"#!{sys.executable}\n{script}")
    pulumi.chmod(0o755)
    return subprocess.run(
        [sys.executable, "-m", "infra.operate.table", "--stack", "dev", *options],
        cwd=ROOT,
        env=os.environ | {"PATH": str(folder)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(("name", "of_pulumi", "status"), [("zone", 0, 0), ("failed", 255, 1)])
def test_the_exit_status_tells_whether_the_preview_failed(
    name: str, of_pulumi: int, status: int, tmp_path: Path
) -> None:
    done = run(tmp_path, name, status=of_pulumi)
    assert (done.returncode, done.stderr) == (status, "")
    # `make check` needs no environment of the policies, and makes none.
    said = done.stdout.replace(f"\n{policies.NO_ENVIRONMENT}\n", "")
    assert (said != done.stdout) == (not policies.PYTHON.exists())
    assert said == (TABLES / f"{name}.txt").read_text()


def test_what_the_engine_complains_of_after_a_preview_that_succeeded_makes_it_no_failure(
    tmp_path: Path,
) -> None:
    done = run(tmp_path, "failed", status=0)
    assert done.returncode == 0
    assert "failed" not in done.stdout


def test_a_preview_that_never_began_ends_with_2_and_a_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "never_recorded", "--markdown")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("plan: ")
    assert "no stack named 'dev' found" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_recording_holds_a_path_of_the_machine_or_a_key() -> None:
    for path in (*RECORDED.iterdir(), *TABLES.iterdir()):
        text = path.read_text()
        assert str(Path.home()) + "/" not in text
        assert "PRIVATE KEY" not in text
        assert "/tmp/" not in text
