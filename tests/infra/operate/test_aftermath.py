"""What is said of an operation that failed, from the engine's events."""

import json

import pytest

from infra.operate.aftermath import failures, left_standing, old_zone, warnings
from infra.operate.explanation import Failure
from infra.operate.pulumi import Outcome
from infra.operate.table.errors import PlanError
from infra.operate.table.events import Event, read_events
from infra.operate.table.preview import preview_of
from infra.settings.facts import WARNING

TYPES = {
    "machine": "gcp:compute/instance:Instance",
    "disk": "gcp:compute/disk:Disk",
    "bucket": "gcp:storage/bucket:Bucket",
    "key": "gcp:serviceaccount/key:Key",
}


def event(
    which: str, op: str, kind: str, old: str | None = None, new: str | None = None
) -> dict[str, object]:
    def state(zone: str | None) -> dict[str, object] | None:
        return {"type": TYPES[kind], "custom": True, "inputs": {"zone": zone}} if zone else None

    urn = f"urn:pulumi:dev::atelier::{TYPES[kind]}::atelier-dev-{kind}"
    metadata = {"op": op, "urn": urn, "type": TYPES[kind], "old": state(old), "new": state(new)}
    return {which: {"metadata": metadata}}


def events(*found: dict[str, object]) -> tuple[Event, ...]:
    return read_events(json.dumps(each) + "\n" for each in found)


MOVE = (
    event("resOutputsEvent", "same", "bucket", "-", "-"),
    event("resOutputsEvent", "same", "key", "-", "-"),
    event("resOutputsEvent", "create-replacement", "disk", "a", "b"),
    event("resOutputsEvent", "replace", "disk", "a", "b"),
    event("resOutputsEvent", "delete-replaced", "machine", "a"),
    event("resOutputsEvent", "replace", "machine", "a", "b"),
    event("resOpFailedEvent", "create-replacement", "machine", "a", "b"),
)


def test_after_a_stockout_data_and_key_are_standing_and_the_machine_is_not() -> None:
    assert left_standing(events(*MOVE)) == (
        "Left standing: data disk, buckets, service account key."
        " There is no machine: no one can log in until an update succeeds."
    )
    assert old_zone(events(*MOVE)) == "a"


@pytest.mark.parametrize(
    ("is_there", "said"),
    [
        (False, "There is no machine: no one can log in until an update succeeds."),
        (True, "The machine is there all the same"),
        (None, "Whether there is a machine, Google does not tell at the moment"),
    ],
)
def test_that_there_is_no_machine_is_googles_word(is_there: bool | None, said: str) -> None:
    assert said in left_standing(events(*MOVE), is_there=lambda: is_there)


def test_a_first_update_that_fails_early_tells_only_what_is_there() -> None:
    made = event("resOutputsEvent", "create", "key", None, "-")
    failed = event("resOpFailedEvent", "create", "bucket", None, "-")
    assert left_standing(events(made, failed)) == "Left standing: service account key."


def test_a_machine_that_could_not_be_changed_is_standing() -> None:
    failed = event("resOpFailedEvent", "update", "machine", "a", "a")
    assert left_standing(events(failed)) == "Left standing: machine."
    assert old_zone(events(failed)) == ""


def test_a_disk_whose_replacement_is_there_is_not_missed_when_it_goes() -> None:
    gone = event("resOutputsEvent", "delete-replaced", "disk", "a")
    assert "data disk" in left_standing(events(*MOVE, gone))


def test_a_machine_that_was_gone_before_a_destroy_is_not_standing() -> None:
    forgotten = event("resOutputsEvent", "remove-pending-replace", "machine", "a")
    failed = event("resOpFailedEvent", "delete", "disk", "a")
    said = left_standing(events(forgotten, failed), destroying=True)
    assert said == "Left standing: data disk."


def test_what_a_preview_would_do_has_not_been_done() -> None:
    planned = event("resOutputsEvent", "create", "key", None, "-")
    planned["resOutputsEvent"]["planning"] = True  # pyright: ignore[reportIndexIssue]
    assert left_standing(events(planned)) == ""


def error(message: str, urn: str = "") -> dict[str, object]:
    return {"diagnosticEvent": {"message": message, "severity": "error", "urn": urn}}


def test_each_failure_is_told_once_with_its_resource() -> None:
    said = error("1 error\n\t* quota  gone\n", "urn:pulumi:dev::atelier::t::atelier-dev")
    outcome = Outcome(255, events(said, said, error("update failed\n")), "")
    assert failures(outcome) == (Failure("1 error * quota gone", "atelier-dev"),)


def test_the_colours_of_a_terminal_are_no_part_of_what_is_said() -> None:
    # As the engine writes them in its event log.
    failed = error("<{%reset%}>update failed<{%reset%}>\n")
    quota = error("<{%reset%}>no <{%fg 1%}>quota<{%reset%}>\n")
    told = error(f"<{{%reset%}}>{WARNING}no budget<{{%reset%}}>\n")
    told["diagnosticEvent"]["severity"] = "info"  # pyright: ignore[reportIndexIssue]
    found = events(failed, quota, told)
    assert failures(Outcome(255, found, "")) == (Failure("no quota"),)
    assert warnings(found) == ("no budget",)


def test_what_never_began_is_explained_from_standard_error() -> None:
    outcome = Outcome(255, (), "error: no stack named 'dev' found\n")
    assert failures(outcome) == (Failure("error: no stack named 'dev' found"),)


def test_a_secret_in_an_event_is_read_as_a_fixed_word() -> None:
    # As the engine writes a secret in its event log.
    secret = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "ciphertext": "v1:hunter2",
    }
    found = event("resourcePreEvent", "update", "machine", "a", "b")
    text = json.dumps(found).replace('"zone": "b"', f'"zone": {json.dumps(secret)}')
    (step,) = preview_of(read_events([text + "\n"])).steps
    assert step.new is not None
    assert step.new.inputs == {"zone": "[secret]"}


def test_a_log_that_was_cut_off_is_read_up_to_there() -> None:
    lines = [json.dumps(error("one")) + "\n", '{"diagnosticEvent": {"mess']
    assert len(read_events(lines)) == 1


def test_a_log_of_another_format_is_refused() -> None:
    with pytest.raises(PlanError, match="Line 1 of the engine's event log"):
        read_events(["something else\n"])
