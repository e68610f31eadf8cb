"""Records what the real engine says of this program: `python -m tests.infra.operate.table.record`.

Run it with the operator's environment after the program's resources changed; it takes two to five
minutes, and `git diff tests/infra/operate/table` then shows what became of the tables. With
`--tables` only these are written anew, from the recordings that are there.

Each recording is the engine's event log of a preview against the cloud double, as a list. Left out
is what no table reads: other events, times, dependencies, the state of what stays the same (but for
the cost), and the text of long values.
"""

import io
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from infra.operate.table.cli import PLAIN_WIDTH
from infra.operate.table.events import SHOWS_EVENT_LOG, read_events
from infra.operate.table.markdown import render
from infra.operate.table.plan import Plan, make
from infra.operate.table.preview import preview_of
from infra.operate.table.terminal import show
from tests.cloud.workspace import ROOT, Stack

RECORDED = Path(__file__).parent / "recorded"
TABLES = Path(__file__).parent / "tables"
PASSWORD = "of-the-recordings-only"
DIGESTS = "sha256:" + "a" * 64, "sha256:" + "b" * 64
IMAGES = ("frontend", "segmentation", "segment_anything_model")
REGISTRY = "us-central1-docker.pkg.dev/demo-project/atelier"
KEPT_OF_A_STEP = ("op", "urn", "type", "diffs", "keys", "detailedDiff")
KEPT_OF_A_STATE = ("type", "custom", "inputs", "retainOnDelete")
SHOWN_CHARACTERS = 200


def main() -> None:
    """Take one stack through its life, and keep a preview of each change."""
    with TemporaryDirectory() as folder, Stack(Path(folder)) as stack:
        stack.config(gcp__project="demo-project", secrets={"adminPassword": PASSWORD})
        record(stack, "new")
        stack.up()
        stack.config(interactiveModel="sam2.1-tiny", segmentationModel="demo")
        record(stack, "models")
        stack.config(interactiveModel=None, segmentationModel=None)
        stack.config(images="prebuilt", prebuilt=references(DIGESTS[0]))
        stack.up()
        record(stack, "nothing")
        stack.config(prebuilt=references(DIGESTS[1]))
        record(stack, "images")
        stack.config(prebuilt=references(DIGESTS[0]), workHours="07:00-22:00")
        record(stack, "schedule")
        stack.config(workHours=None, keyVersion=2)
        record(stack, "key")
        stack.config(keyVersion=None, preset="l4-large")
        record(stack, "machine_type")
        stack.config(preset=None, spot=True)
        record(stack, "spot")
        stack.config(spot=None, zone="us-central1-b")
        record(stack, "zone")
        stack.faults(
            {
                "type": "compute.Instance",
                "operation": "create",
                "where": {"zone": "us-central1-b"},
                "code": "ZONE_RESOURCE_POOL_EXHAUSTED",
            }
        )
        stack.up(check=False)
        stack.faults()
        record(stack, "after_a_stockout")
        stack.up()
        stack.config(zone="us-central1-b")
        record(stack, "destroy", "destroy", "--preview-only")
        stack.config(keepData=False)
        stack.up()
        record(stack, "destroy_everything", "destroy", "--preview-only")
        stack.config(zone="us-central1-b", adminEmail="nobody")
        record(stack, "failed")


def write_tables() -> None:
    """Write the table of each recording: as text, and one of them as Markdown."""
    for recording in sorted(RECORDED.glob("*.json")):
        made = made_of(json.loads(recording.read_text()))
        (TABLES / f"{recording.stem}.txt").write_text(text_of(made))
        (TABLES / f"{recording.stem}.md").write_text(render(made))


def made_of(events: list[dict[str, Any]]) -> Plan:
    """Return the plan that a preview's events give."""
    return make(preview_of(read_events(json.dumps(event) + "\n" for event in events)))


def text_of(made: Plan) -> str:
    """Return the plan as a pipe gets it."""
    written = io.StringIO()
    show(made, Console(file=written, width=PLAIN_WIDTH))
    return written.getvalue()


def references(digest: str) -> dict[str, str]:
    return {name: f"{REGISTRY}/{name.replace('_', '-')}@{digest}" for name in IMAGES}


def record(stack: Stack, name: str, verb: str = "preview", *options: str) -> None:
    trimmed = trim(logged(stack, verb, *options))
    text = json.dumps(trimmed, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    refuse(text)
    (RECORDED / f"{name}.json").write_text(text)
    print(f"{name}: {len(trimmed)} events", flush=True)


def logged(stack: Stack, verb: str = "preview", *options: str) -> list[dict[str, Any]]:
    """Return the engine's events of an operation, which may fail."""
    log = stack.folder / "events.json"
    log.unlink(missing_ok=True)
    scope = ("--stack", stack.name, "--config-file", str(stack.config_file))
    stack.pulumi(verb, *scope, "--event-log", str(log), *options, check=False, env=SHOWS_EVENT_LOG)
    return [json.loads(line) for line in log.read_text().splitlines()]


def trim(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what a table reads, in an order that is the same in every run."""
    steps: dict[tuple[str, str], dict[str, Any]] = {}
    errors: list[dict[str, Any]] = []
    for event in events:
        for which in ("resourcePreEvent", "resOutputsEvent"):
            if which in event:
                step = event[which]["metadata"]
                kept = {"metadata": trim_step(step), "planning": True}
                steps[step["urn"], step["op"]] = {which: kept}
        said = event.get("diagnosticEvent") or {}
        if said.get("severity") == "error":
            message = said["message"].replace(str(ROOT), ".")
            errors.append({"diagnosticEvent": {"message": message, "severity": "error"}})
    return [*(steps[key] for key in sorted(steps)), *errors]


def trim_step(step: dict[str, Any]) -> dict[str, Any]:
    kept = {key: step[key] for key in KEPT_OF_A_STEP if step.get(key)}
    is_kept = step["op"] != "same" or "::atelier:" in step["urn"] or "$atelier:" in step["urn"]
    diffs = (step.get("detailedDiff") or {}).values()
    compares_outputs = any(not diff.get("inputDiff") for diff in diffs)
    for which in ("old", "new"):
        state = step.get(which)
        if state:
            keys = [*KEPT_OF_A_STATE, *(["outputs"] if compares_outputs else [])]
            if not is_kept:
                keys = [key for key in keys if key != "inputs"]
            kept[which] = {key: shorten(state[key]) for key in keys if state.get(key)}
    return kept


def shorten(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shorten(below) for key, below in value.items()}
    if isinstance(value, list):
        return [shorten(below) for below in value]
    if isinstance(value, str):
        value = value.replace(str(ROOT), ".")
        many = len(value)
        return value if many <= SHOWN_CHARACTERS else f"{value[:40]}… ({many} characters)"
    return value


def refuse(text: str) -> None:
    """End with an error rather than keep a secret, or a path of this machine."""
    for word in (PASSWORD, "PRIVATE KEY", str(ROOT), str(Path.home()) + "/"):
        if word in text:
            sys.exit(f"the recording holds {word!r}, which must not be kept")


if __name__ == "__main__":
    if sys.argv[1:] != ["--tables"]:
        main()
    write_tables()
