"""The catalogue's form, and how a model is chosen."""

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from weights.catalogue import KINDS, File, Model, catalogue, choose, find
from weights.errors import WeightsError
from weights.fetch import wanted

ROOT = Path(__file__).parents[2]
MODELS = [model for kind in KINDS for model in catalogue()[kind].values()]
DIGEST = "0123456789abcdef" * 4
OTHER = "f" * 64


def test_the_models_that_the_documentation_promises_are_there() -> None:
    assert set(catalogue()["interactive"]) >= {
        "demo",
        "sam-vit-b",
        "sam-vit-l",
        "sam-vit-h",
        "edgetam",
        "sam2.1-tiny",
        "sam2.1-small",
        "sam2.1-base-plus",
        "sam2.1-large",
    }
    segmentation = {"demo", "segformer-b2-clothes", "beit-base-ade20k"}
    assert set(catalogue()["segmentation"]) >= segmentation


def test_the_labels_of_each_model_are_those_of_its_labeling_config() -> None:
    for model in (model for model in MODELS if model.labeling_config):
        config = ElementTree.fromstring((ROOT / str(model.labeling_config)).read_text())
        offered = {label.attrib["value"] for label in config.iter("Label")}
        label_map = ROOT / f"backends/segmentation/label_maps/{model.label_map}.yaml"
        assert set(yaml.safe_load(label_map.read_text())["labels"].values()) == offered


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.kind}-{model.name}")
def test_each_entry_says_what_its_user_has_to_know(model: Model) -> None:
    assert "" not in (model.title, model.good_for, model.obliges)
    assert re.fullmatch(r"[A-Z][A-Za-z]*(-[0-9.]+)?|MIT", model.licence)
    assert 0 < (model.memory_gb or 0) < 64
    assert model.gpu in ("needed", "worth having", "not needed")
    assert bool(model.files) == (model.name != "demo")
    assert len({file.name for file in model.files}) == len(model.files)


@pytest.mark.parametrize(
    "file", [file for model in MODELS for file in model.files], ids=lambda file: file.url
)
def test_each_file_has_a_fixed_address_a_size_and_a_hash(file: File) -> None:
    assert re.fullmatch(f"https://.*/{re.escape(file.name)}", file.url)
    assert "/resolve/main/" not in file.url, "a branch moves: name a revision"
    assert (file.size or 0) > 100
    assert re.fullmatch("[0-9a-f]{64}", file.sha256)


def test_no_two_files_share_a_hash() -> None:
    digests = [file.sha256 for model in MODELS for file in model.files]
    assert len(set(digests)) == len(digests)


def test_one_file_by_its_address() -> None:
    model = find(f"https://example.org/own/best.pth#sha256={DIGEST.upper()}", "interactive")
    (file,) = model.files
    assert (model.name, model.licence, model.size) == ("best.pth", "unknown", None)
    assert (file.name, file.url, file.sha256) == (
        "best.pth",
        "https://example.org/own/best.pth",
        DIGEST,
    )


def test_a_folder_by_its_address() -> None:
    model = find(
        f"gs://bucket/leaves/#config.json={DIGEST}&model.safetensors={OTHER}", "segmentation"
    )
    assert model.name == "leaves"
    assert [(file.name, file.url) for file in model.files] == [
        ("config.json", "gs://bucket/leaves/config.json"),
        ("model.safetensors", "gs://bucket/leaves/model.safetensors"),
    ]


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("sam-vit-x", "Did you mean sam-vit-"),
        ("segformer-b2-clothes", "there is no interactive model"),
        ("https://example.org/a.pth", "add #sha256=HASH"),
        ("https://example.org/a.pth#sha256=12", "is not a SHA-256"),
        (f"ftp://example.org/a.pth#sha256={DIGEST}", "is not an address of weights"),
        (f"https://example.org#sha256={DIGEST}", "is not an address of weights"),
        (f"https://example.org/m#../a={DIGEST}", "is not a file name"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(reference: str, told: str) -> None:
    with pytest.raises(WeightsError, match=re.escape(told)):
        find(reference, "interactive")


class TestChoose:
    """What MODELS= takes."""

    def test_a_set_is_one_word_for_a_model_of_each_kind(self) -> None:
        chosen = choose("photographs")
        assert {kind: model.name for kind, model in chosen.items()} == {
            "interactive": "sam-vit-b",
            "segmentation": "segformer-b2-clothes",
        }

    def test_two_names_in_any_order(self) -> None:
        assert choose("segformer-b2-clothes, sam2.1-tiny") == choose(
            "sam2.1-tiny,segformer-b2-clothes"
        )

    def test_one_name_says_nothing_about_the_other_kind(self) -> None:
        assert list(choose("sam-vit-l")) == ["interactive"]
        assert choose("") == {}

    def test_a_name_of_both_kinds_chooses_both(self) -> None:
        assert {kind: model.name for kind, model in choose("demo").items()} == {
            "interactive": "demo",
            "segmentation": "demo",
        }

    def test_an_address_of_one_file_clicks_and_one_of_a_folder_segments(self) -> None:
        one = f"https://example.org/own/best.pth#sha256={DIGEST}"
        folder = f"gs://bucket/leaves#config.json={DIGEST}&model.safetensors={OTHER}"
        chosen = choose(f"{folder},{one}")
        assert chosen["interactive"].name == "best.pth"
        assert chosen["segmentation"].name == "leaves"

    @pytest.mark.parametrize(
        ("references", "told"),
        [
            ("sam-vit-b,sam-vit-l", "sam-vit-b and sam-vit-l are both interactive models"),
            ("photograph", "there is no model 'photograph'. Did you mean photographs?"),
            ("photographs,segformer", "There are interactive: demo, sam-vit-b"),
            ("https://example.org/a.pth", "add #sha256=HASH"),
        ],
    )
    def test_what_cannot_be_chosen_is_refused_in_words(self, references: str, told: str) -> None:
        with pytest.raises(WeightsError, match=re.escape(told)):
            choose(references)


class TestSource:
    """How a model is handed to an image build."""

    def test_one_file(self) -> None:
        (file,) = find("sam-vit-b", "interactive").files
        assert find("sam-vit-b", "interactive").source == (file.url, file.sha256)

    @pytest.mark.parametrize(
        "model", [model for model in MODELS if model.files], ids=lambda model: model.name
    )
    def test_every_models_files_are_what_the_build_fetches(self, model: Model) -> None:
        assert [(file.name, file.url, file.sha256) for file in wanted(*model.source)] == [
            (file.name, file.url, file.sha256) for file in model.files
        ]

    def test_the_demos_need_none(self) -> None:
        assert find("demo", "segmentation").source == ("", "")

    def test_files_from_two_places_make_no_image(self) -> None:
        files = (File("a", "https://e.org/1/a", DIGEST), File("b", "https://e.org/2/b", OTHER))
        with pytest.raises(WeightsError, match="one folder"):
            _ = Model("two", "segmentation", "Two", files).source


class TestOwnCatalogue:
    """A team's own list, named by ATELIER_CATALOGUE."""

    @pytest.fixture
    def write(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
        def write(text: str) -> Path:
            path = tmp_path / f"{len(list(tmp_path.iterdir()))}.toml"
            path.write_text(text)
            monkeypatch.setenv("ATELIER_CATALOGUE", str(path))
            return path

        return write

    def test_its_models_are_added_and_one_of_the_same_name_takes_ours_place(
        self, write: Callable[[str], Path]
    ) -> None:
        entry = (
            '[[segmentation.{0}.files]]\nname = "model.safetensors"\n'
            f'url = "https://e.org/{{0}}/model.safetensors"\nsha256 = "{DIGEST.upper()}"\n'
        )
        write(
            '[sets]\nours = ["sam-vit-b", "leaves"]\n[segmentation.leaves]\ntitle = "Leaves"\n'
            + entry.format("leaves")
            + "[segmentation.segformer-b2-clothes]\n"
            + entry.format("segformer-b2-clothes")
        )
        assert {model.name for model in choose("ours").values()} == {"sam-vit-b", "leaves"}
        assert choose("photographs")["segmentation"].files[0].url.startswith("https://e.org/")
        leaves = find("leaves", "segmentation")
        assert (leaves.title, leaves.licence, leaves.files[0].sha256) == (
            *("Leaves", "unknown"),
            DIGEST,
        )

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("[interactive", "cannot be read"),
            ("[clicking.a]\n", "there is no section clicking"),
            ('[interactive.a]\nlicense = "MIT"\n', "a has the key license, which no model has"),
            (
                '[[interactive.a.files]]\nname = "a"\nurl = "https://e.org/a"\n',
                "a file of a has no sha256",
            ),
            (
                '[[interactive.a.files]]\nname = "a"\nurl = "https://e.org/a"\nsha256 = "12"\n',
                "is not a SHA-256",
            ),
            (
                f'[[interactive.a.files]]\nname = "a"\nurl = "e.org/a"\nsha256 = "{DIGEST}"\n',
                "is not an address of weights",
            ),
            (
                '[[interactive.a.files]]\nname = "../a"\nurl = "https://e.org/a"\n'
                f'sha256 = "{DIGEST}"\n',
                "is not a file name",
            ),
            (
                '[[interactive.a.files]]\nname = "a"\nurl = "https://e.org/a"\n'
                f'sha256 = "{DIGEST}"\nbytes = 3\n',
                "has not the form of a catalogue",
            ),
            ("interactive = 3\n", "has not the form of a catalogue"),
        ],
    )
    def test_a_mistake_in_it_is_told_with_the_file(
        self, write: Callable[[str], Path], text: str, told: str
    ) -> None:
        path = write(text)
        with pytest.raises(WeightsError, match=re.escape(str(path))) as raised:
            choose("photographs")
        assert told in str(raised.value)
