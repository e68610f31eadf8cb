"""What `pulumi preview --json` says, typed: steps, diagnostics, duration.

The format is `PreviewDigest` of the engine's repository (sdk/go/common/display/digest.go). Of each
state only what the table needs is kept; unknown fields are ignored, so that a newer engine's digest
is read too.
"""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from infra.operate.table.errors import PlanError

_NANOSECONDS = 1e9
DELETED_LAST = "delete-replaced"
_PARTS_OF_A_REPLACEMENT = frozenset({"create-replacement", DELETED_LAST})


class Record(BaseModel):
    """A part of the engine's JSON: frozen, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)


class State(Record):
    """A resource as the state has it or will have it. Secrets are `[secret]` already."""

    type: str = ""
    custom: bool = False
    inputs: dict[str, object] = {}
    outputs: dict[str, object] = {}
    retain_on_delete: bool = Field(default=False, validation_alias="retainOnDelete")


class PropertyDiff(Record):
    """How a property differs: `add`, `delete`, `update`; `-replace` follows if it forces one."""

    kind: str
    input_diff: bool = Field(default=False, validation_alias="inputDiff")


class Step(Record):
    """What the engine would do to one resource.

    Attributes:
        is_deleted_already: It is replaced, and an earlier update that failed has deleted it.
    """

    op: str
    urn: str
    old: State | None = Field(default=None, validation_alias="oldState")
    new: State | None = Field(default=None, validation_alias="newState")
    diff_reasons: tuple[str, ...] = Field(default=(), validation_alias="diffReasons")
    replace_reasons: tuple[str, ...] = Field(default=(), validation_alias="replaceReasons")
    detailed_diff: dict[str, PropertyDiff] | None = Field(
        default=None, validation_alias="detailedDiff"
    )
    is_deleted_already: bool = False

    @property
    def type(self) -> str:
        """The resource's type token, of either state."""
        return next((state.type for state in (self.new, self.old) if state), "")

    @property
    def custom(self) -> bool:
        """Whether a provider manages it: not a component, not the stack."""
        return any(state.custom for state in (self.new, self.old) if state)

    @property
    def name(self) -> str:
        """The name that the program gives it, without what all names of a stack begin with."""
        stack, project, *_, name = self.urn.removeprefix("urn:pulumi:").split("::")
        return name.removeprefix(f"{project}-{stack}").removeprefix("-")


class Diagnostic(Record):
    """A message of the program, a provider or the engine."""

    message: str
    severity: str = "info"
    urn: str = ""


class Preview(Record):
    """What a preview found.

    Attributes:
        seconds: How long it took.
    """

    steps: tuple[Step, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    duration: int = 0

    @property
    def seconds(self) -> float:
        """How long the engine took, in seconds."""
        return self.duration / _NANOSECONDS

    @property
    def stack(self) -> str:
        """The stack's name; empty where there is not one step."""
        return next((step.urn.split("::")[0].split(":")[-1] for step in self.steps), "")

    @property
    def errors(self) -> tuple[str, ...]:
        """The messages of severity error, each once."""
        texts = (
            found.message.removeprefix("error: ").strip()
            for found in self.diagnostics
            if found.severity == "error"
        )
        return tuple(dict.fromkeys(text for text in texts if text))


def read_preview(text: str) -> Preview:
    """Return the preview in the output of `pulumi preview --json`.

    Raises:
        PlanError: It is not that.
    """
    begin = text.find("{")
    if begin < 0:
        said = text.strip() or "nothing"
        raise PlanError(
            f"This is not the output of `pulumi preview --json`: {said[:200]}. Run that"
            " command, look at what it says on standard error, and hand its output over."
        )
    try:
        found = Preview.model_validate_json(text[begin:])
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "its beginning"
        raise PlanError(
            f"This is not the output of `pulumi preview --json`: at {where}: {first['msg']}."
            " Hand over that command's whole output, and nothing else."
        ) from None
    return found.model_copy(update={"steps": whole(found.steps)})


def whole(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return one step for each resource: the parts of a replacement are told by its own step.

    The engine marks every replacement that deletes first as pending, the ones that an update left
    half done too. What tells them apart is that these have nothing to delete; it shows only where
    the parts are there (in events, and in JSON with `--show-replacement-steps`).
    """
    found: dict[str, Step] = {}
    parts: dict[str, dict[str, Step]] = {}
    for step in steps:
        if step.op in _PARTS_OF_A_REPLACEMENT:
            parts.setdefault(step.urn, {})[step.op] = step
        else:
            found[step.urn] = step
    replaced = {urn for urn, step in found.items() if step.op == "replace"}
    # What an update that failed has replaced and not deleted yet is deleted now.
    left_over = [
        of_one[DELETED_LAST]
        for urn, of_one in parts.items()
        if DELETED_LAST in of_one and urn not in replaced
    ]
    return (
        *(
            step.model_copy(update={"is_deleted_already": True})
            if urn in replaced and parts.get(urn, {}).keys() == {"create-replacement"}
            else step
            for urn, step in found.items()
        ),
        *left_over,
    )
