"""The attributes that are files, and Google's limits."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.gpu_zones import GPU_ZONES
from infra.machines import GPU_OF
from infra.render.metadata import (
    MAX_TOTAL_BYTES,
    MAX_VALUE_BYTES,
    RESERVE_BYTES,
    ROOT,
    VM,
    LimitError,
    ProjectFileError,
    check_limits,
    static,
)
from tests.infra.render.scenarios import load, render

FLAGS = {
    "enable-guest-attributes": "TRUE",
    "enable-oslogin": "TRUE",
    "block-project-ssh-keys": "TRUE",
}


def test_files_are_handed_over_as_they_are() -> None:
    assert static(load({})) == {
        "startup-script": (VM / "startup.sh").read_text(encoding="utf-8"),
        "atelier-compose": (VM / "compose.yml").read_text(encoding="utf-8"),
        "atelier-compose-gpu": (VM / "compose.gpu.yml").read_text(encoding="utf-8"),
        "atelier-project": (ROOT / "templates/projects/garments.yaml").read_text(encoding="utf-8"),
        "atelier-labeling-config": (ROOT / "templates/labeling/garments.xml").read_text(
            encoding="utf-8"
        ),
        **FLAGS,
    }


def test_a_machine_without_a_gpu_gets_no_gpu_overlay() -> None:
    assert static(load({})).keys() - static(load({"preset": "cpu"})).keys() == {
        "atelier-compose-gpu"
    }


@pytest.mark.parametrize(
    ("project", "message"),
    [
        (None, "projectFile: .*own.yaml cannot be read"),
        ("title: [", "is not YAML"),
        ("- a list", "names no labeling config: write labeling_config:"),
        ("labeling_config: 7", "names no labeling config"),
        ("labeling_config: none.xml", "labeling_config of .*own.yaml: .*none.xml cannot be read"),
    ],
)
def test_an_unusable_project_file_is_refused(
    tmp_path: Path, project: str | None, message: str
) -> None:
    if project is not None:
        (tmp_path / "own.yaml").write_text(project)
    with pytest.raises(ProjectFileError, match=message):
        static(load({}).model_copy(update={"project_file": "own.yaml"}), root=tmp_path)


def test_a_labeling_config_is_found_beside_its_project_file(tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects/own.yaml").write_text("labeling_config: ../own.xml")
    (tmp_path / "own.xml").write_text("<View/>")
    own = load({}).model_copy(update={"project_file": "projects/own.yaml"})
    assert static(own, root=tmp_path)["atelier-labeling-config"] == "<View/>"


GOOD = st.fixed_dictionaries(
    {
        "preset": st.sampled_from(tuple(GPU_OF)),
        "spot": st.booleans(),
        "auth": st.sampled_from(["key", "keyless"]),
        "mediaAccess": st.sampled_from(["presigned", "proxy"]),
        "adminEmail": st.sampled_from(["a@b.org", "first.last+tag_%x@sub.example.com"]),
        "adminPassword": st.text(
            st.characters(categories=["L", "N", "P", "S"]), min_size=8, max_size=100
        ).map(lambda text: f"x7{text}"),
        "access": st.sampled_from(
            [
                {"tls": "off", "access": "iap"},
                {"tls": "off"},
                {"tls": "address", "acmeEmail": "it@example.org"},
                {"tls": "domain", "domain": "a" * 60 + ".example.org"},
            ]
        ),
        "corsOrigins": st.lists(
            st.sampled_from([f"https://{number}.example.org" for number in range(9)]), unique=True
        ),
    }
)


@settings(max_examples=60, deadline=None)
@given(GOOD, st.data())
def test_every_good_stack_renders_metadata_within_the_limits(
    raw: dict[str, object], data: st.DataObject
) -> None:
    access = raw.pop("access")
    assert isinstance(access, dict)
    gpu = GPU_OF[raw["preset"]] or "T4"  # pyright: ignore[reportArgumentType]
    stack = load({**raw, **access, "zone": data.draw(st.sampled_from(GPU_ZONES[gpu]))})
    texts = render(stack)
    late = {
        "atelier-env": texts["env"],
        "atelier-images": texts["images"],
        "atelier-secrets": texts["secrets"],
        "atelier-caddyfile": texts["Caddyfile"],
        # A key file of Google's is 2.4 kB of JSON; this is twice that in base64.
        "GOOGLE_APPLICATION_CREDENTIALS_BASE64": "A" * 6400,
    }
    assert sum(len(key) + len(value.encode()) for key, value in late.items()) < RESERVE_BYTES
    check_limits(static(stack))
    check_limits({**static(stack), **late}, reserve_bytes=0)


def test_the_largest_metadata_that_google_takes_is_taken() -> None:
    check_limits({"a" * 127: "x" * MAX_VALUE_BYTES}, reserve_bytes=0)
    rest = MAX_TOTAL_BYTES - MAX_VALUE_BYTES - RESERVE_BYTES - 2
    check_limits({"a": "x" * MAX_VALUE_BYTES, "b": "x" * rest})


def test_every_fault_of_the_metadata_is_reported_at_once() -> None:
    known = {"no spaces": "", "k" * 128: "", "umlaut": "ü" * (MAX_VALUE_BYTES // 2 + 1)}
    known |= dict.fromkeys(("b", "c"), "x" * MAX_VALUE_BYTES)
    with pytest.raises(LimitError) as refused:
        check_limits(known)
    message = str(refused.value)
    assert "the key 'no spaces' may hold" in message
    assert message.count("may hold letters") == 2
    assert f"umlaut has {MAX_VALUE_BYTES + 2} bytes of {MAX_VALUE_BYTES}" in message
    assert f"bytes of {MAX_TOTAL_BYTES}, {RESERVE_BYTES} of them kept" in message
    assert "x" * 100 not in message


def test_one_byte_too_many_in_all_is_refused() -> None:
    rest = MAX_TOTAL_BYTES - MAX_VALUE_BYTES - RESERVE_BYTES - 2
    with pytest.raises(LimitError, match="all together have 524289 bytes"):
        check_limits({"a": "x" * MAX_VALUE_BYTES, "b": "x" * (rest + 1)})
