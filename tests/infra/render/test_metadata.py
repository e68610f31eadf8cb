"""The attributes that are files, and Google's limits."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.render.metadata import (
    MAX_TOTAL_BYTES,
    MAX_VALUE_BYTES,
    RESERVE_BYTES,
    VM,
    LimitError,
    ProjectFileError,
    check_limits,
    static,
)
from infra.settings.facts import REPOSITORY
from infra.settings.fields import Settings
from infra.settings.gpu_zones import GPU_ZONES
from infra.settings.machines import GPU_OF
from tests.infra.render.scenarios import load, render

FLAGS = {
    "enable-guest-attributes": "TRUE",
    "enable-oslogin": "TRUE",
    "block-project-ssh-keys": "TRUE",
}


FILES = {
    "startup-script": "startup.sh",
    "atelier-services": "services.sh",
    "atelier-database": "database.sh",
    "atelier-watch": "watch.sh",
    "atelier-backup": "backup.sh",
    "atelier-idle": "idle.sh",
    "atelier-compose": "compose.yml",
    "atelier-compose-tls": "compose.tls.yml",
    "atelier-compose-gpu": "compose.gpu.yml",
}
# What the machine component joins to the files, and what `render` calls it.
LATE = {
    "atelier-env": "env",
    "atelier-images": "images",
    "atelier-caddyfile": "Caddyfile",
    "GOOGLE_APPLICATION_CREDENTIALS_BASE64": "",
}
ASKED = re.compile(r"\b(?:required_)?attribute ([A-Za-z][\w-]+) \"")


def test_files_are_handed_over_as_they_are() -> None:
    assert static(load({})) == {
        **{key: (VM / name).read_text(encoding="utf-8") for key, name in FILES.items()},
        "atelier-project": (REPOSITORY / "templates/projects/garments-bucket.yaml").read_text(
            encoding="utf-8"
        ),
        "atelier-labeling-config": (REPOSITORY / "templates/labeling/garments.xml").read_text(
            encoding="utf-8"
        ),
        **FLAGS,
    }


def test_every_file_of_the_machine_is_handed_over() -> None:
    assert sorted(path.name for path in VM.iterdir()) == sorted(FILES.values())


def test_the_machines_scripts_ask_for_what_is_rendered_and_nothing_else() -> None:
    scripts = "".join(path.read_text(encoding="utf-8") for path in VM.glob("*.sh"))
    rendered = {key for key in static(load({})) if key not in FLAGS} | set(LATE)
    assert set(ASKED.findall(scripts)) == rendered


@pytest.mark.parametrize(
    ("raw", "missing"),
    [
        ({"preset": "cpu"}, "atelier-compose-gpu"),
        ({"tls": "off", "allowedRanges": ["10.0.0.0/8"]}, "atelier-compose-tls"),
        ({"tls": "off", "access": "iap"}, "atelier-compose-tls"),
    ],
)
def test_an_overlay_is_handed_over_only_where_it_applies(
    raw: dict[str, object], missing: str
) -> None:
    assert static(load({})).keys() - static(load(raw)).keys() == {missing}


@pytest.mark.parametrize(
    ("project", "message"),
    [
        (None, "projectFile: .*own.yaml cannot be read"),
        ("title: [", "is not YAML"),
        ("- a list", "names no labeling config: write labeling_config:"),
        ("labeling_config: 7", "names no labeling config"),
        ("labeling_config: ../../own.xml", "a path in the project file's folder"),
        ("labeling_config: /own.xml", "a path in the project file's folder"),
        ("{labeling_config: own.xml}", "write it on a line of its own"),
        ("labeling_config:\n  own.xml", "write it on a line of its own"),
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


@pytest.mark.parametrize("line", ["../own.xml", "'../own.xml' # ours", '"../own.xml"'])
def test_a_labeling_config_is_found_beside_its_project_file(tmp_path: Path, line: str) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects/own.yaml").write_text(f"title: Own\nlabeling_config: {line}\n")
    (tmp_path / "own.xml").write_text("<View/>")
    own = load({}).model_copy(update={"project_file": "projects/own.yaml"})
    assert static(own, root=tmp_path)["atelier-labeling-config"] == "<View/>"


ACCESS: list[dict[str, object]] = [
    {"tls": "off", "access": "iap"},
    {"tls": "off", "allowedRanges": ["10.0.0.0/8"]},
    {"tls": "address", "acmeEmail": "it@example.org"},
    {"tls": "domain", "domain": "a" * 60 + ".example.org"},
]
PRINTABLE = st.characters(categories=["L", "N", "P", "S"])


@st.composite
def good_stacks(draw: st.DrawFn) -> Settings:
    preset = draw(st.sampled_from(tuple(GPU_OF)))
    origins = [f"https://{number}.example.org" for number in range(9)]
    raw = {
        "preset": preset,
        "zone": draw(st.sampled_from(GPU_ZONES[GPU_OF[preset] or "T4"])),
        "spot": draw(st.booleans()),
        "auth": draw(st.sampled_from(["key", "keyless"])),
        "mediaAccess": draw(st.sampled_from(["presigned", "proxy"])),
        "adminEmail": draw(st.sampled_from(["a@b.org", "first.last+tag_%x@sub.example.com"])),
        "adminPassword": "x7" + draw(st.text(PRINTABLE, min_size=8, max_size=100)),
        "corsOrigins": draw(st.lists(st.sampled_from(origins), unique=True)),
    }
    return load(raw, **draw(st.sampled_from(ACCESS)))


@given(good_stacks())
def test_every_good_stack_renders_metadata_within_the_limits(stack: Settings) -> None:
    texts = render(stack)
    # A key file of Google's is 2.4 kB of JSON; this is twice that in base64.
    late = {key: texts[name] if name else "A" * 6400 for key, name in LATE.items()}
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
