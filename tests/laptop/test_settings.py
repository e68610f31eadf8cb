"""What the demo takes from the environment, and what it refuses."""

import re
import tomllib
from pathlib import Path

import pytest

from laptop.credentials import Credentials
from laptop.processes.services import apply_environ, make_services
from laptop.settings import (
    DEMO_PROJECT,
    DEMO_SAM_CHECKPOINT,
    DEMO_SEGMENTATION_MODEL,
    LABEL_MAPS,
    ROOT,
    LaptopError,
    LaptopSettings,
    load_settings,
    require_weights,
)

ADDRESSES = {
    "frontend": "http://127.0.0.1:1",
    "segmentation": "http://127.0.0.1:2",
    "segment_anything_model": "http://127.0.0.1:3",
}


def test_without_an_environment_the_demo_weights_are_served_on_port_8080() -> None:
    settings = load_settings({})
    assert settings.port == 8080
    assert settings.sam_checkpoint == DEMO_SAM_CHECKPOINT
    assert settings.segmentation_model == str(DEMO_SEGMENTATION_MODEL)


def test_an_empty_variable_counts_as_not_given() -> None:
    settings = load_settings({"SAM_CHECKPOINT": "", "SEGMENTATION_MODEL": ""})
    assert settings == load_settings({})


def test_the_backends_own_settings_are_taken_from_the_environment_and_ports_are_not() -> None:
    chosen = {"IMAGE_HOSTS": "images.example.org", "MAX_BODY_MB": "64", "SEGMENTATION_BATCH": "8"}
    environ = load_settings({**chosen, "PORT": "1", "BASIC_AUTH_PASS": "x"}).environ
    assert chosen.items() <= environ.items()
    assert not {"PORT", "BASIC_AUTH_PASS"} & environ.keys()


def test_a_checkpoint_that_is_no_file_is_refused_by_its_name(tmp_path: Path) -> None:
    missing = tmp_path / "sam_vit_b.pth"
    with pytest.raises(LaptopError, match=r"sam_vit_b\.pth does not exist.*MODELS=photographs"):
        require_weights(load_settings({"SAM_CHECKPOINT": str(missing)}))


@pytest.mark.parametrize("model", ["./models/clothes", "/models/clothes", "clothes", "~/a/b"])
def test_a_model_that_is_neither_a_folder_nor_a_hub_name_is_refused(
    tmp_path: Path, model: str
) -> None:
    checkpoint = tmp_path / "sam.pth"
    checkpoint.touch()
    environ = {"SAM_CHECKPOINT": str(checkpoint), "SEGMENTATION_MODEL": model}
    with pytest.raises(LaptopError, match=r"SEGMENTATION_MODEL: .* is not a folder"):
        require_weights(load_settings(environ))


class TestModels:
    """MODELS= and what the services are started with for it."""

    def test_a_set_is_served_from_the_cache_under_the_models_names(self, tmp_path: Path) -> None:
        settings = load_settings({"MODELS": "photographs", "XDG_CACHE_HOME": str(tmp_path)})
        assert settings.served == {
            "interactive": "sam-vit-b",
            "segmentation": "segformer-b2-clothes",
        }
        assert settings.sam_checkpoint.is_relative_to(tmp_path)
        assert settings.sam_checkpoint.name == "sam_vit_b_01ec64.pth"
        assert Path(settings.segmentation_model).name == "segformer-b2-clothes"
        assert label_map_of(settings) == str(LABEL_MAPS / "segformer_b2_clothes.yaml")

    def test_an_own_label_map_comes_before_the_models(self) -> None:
        environ = {"MODELS": "segformer-b2-clothes", "SEGMENTATION_LABEL_MAP": "/own.yaml"}
        assert label_map_of(load_settings(environ)) == "/own.yaml"
        assert label_map_of(load_settings({})) is None

    def test_one_name_leaves_the_other_model_the_demos(self) -> None:
        settings = load_settings({"MODELS": "sam2.1-tiny"})
        assert settings.served == {"interactive": "sam2.1-tiny", "segmentation": "demo"}
        assert settings.segmentation_model == str(DEMO_SEGMENTATION_MODEL)
        assert load_settings({"MODELS": "demo"}).sam_checkpoint == DEMO_SAM_CHECKPOINT

    def test_own_files_are_known_by_their_names(self, tmp_path: Path) -> None:
        environ = {"SAM_CHECKPOINT": "~/w/mine.pth", "SEGMENTATION_MODEL": "me/leaves"}
        assert load_settings(environ).served == {
            "interactive": "mine.pth",
            "segmentation": "leaves",
        }

    @pytest.mark.parametrize(
        ("environ", "told"),
        [
            ({"MODELS": "photograph"}, "there is no model 'photograph'. Did you mean photographs?"),
            ({"MODELS": "sam-vit-b", "SAM_CHECKPOINT": "a.pth"}, "Omit one"),
            ({"MODELS": "photographs", "SEGMENTATION_MODEL": "a/b"}, "Omit one"),
            ({"WEIGHTS_MIRROR": "mirror"}, "WEIGHTS_MIRROR"),
        ],
    )
    def test_what_cannot_be_chosen_is_refused(self, environ: dict[str, str], told: str) -> None:
        with pytest.raises(LaptopError) as raised:
            load_settings(environ)
        assert told in str(raised.value)


def label_map_of(settings: LaptopSettings) -> str | None:
    services = make_services(settings, ADDRESSES, Credentials())
    (segmentation,) = (one for one in services if one.name == "segmentation")
    return segmentation.command.environ.get("SEGMENTATION_LABEL_MAP")


def test_a_hub_may_be_asked_only_for_a_hub_name(tmp_path: Path) -> None:
    def offline(model: str) -> set[str | None]:
        settings = load_settings({"SEGMENTATION_MODEL": model})
        services = make_services(settings, ADDRESSES, Credentials())
        return {service.command.environ.get("HF_HUB_OFFLINE") for service in services}

    assert offline(str(tmp_path)) == {"1"}
    assert offline("mattmdjaga/segformer_b2_clothes@c4d76e5") == {None}


def test_the_callers_own_variables_do_not_reach_the_services() -> None:
    foreign = {
        "PORT": "1",
        "LABEL_STUDIO_HOST": "x",
        "DJANGO_DB": "y",
        "AWS_SECRET_ACCESS_KEY": "z",
    }
    settings = load_settings({**foreign, "LANG": "C.UTF-8"})
    for service in make_services(settings, ADDRESSES, Credentials()):
        environ = service.command.environ
        assert environ["LANG"] == "C.UTF-8"
        assert not {"DJANGO_DB", "AWS_SECRET_ACCESS_KEY"} & environ.keys()
        assert environ["HOST"] == "127.0.0.1"
        assert environ["PORT"] in {"1", "2", "3"}
        assert environ.get("LABEL_STUDIO_HOST", ADDRESSES["frontend"]) == ADDRESSES["frontend"]


def test_every_setting_that_may_be_chosen_of_the_backends_reaches_them() -> None:
    chosen = tomllib.loads((ROOT / "backends/settings.toml").read_text())["settings"]
    settings = load_settings({**dict.fromkeys(chosen, "1"), "SEGMENTATION_LABEL_MAP": "a.yaml"})
    for service in make_services(settings, ADDRESSES, Credentials()):
        for name, setting in chosen.items():
            if service.name in setting["services"]:
                assert service.command.environ[name] == "1"


def test_no_secret_is_on_a_command_line_or_in_what_a_service_prints_as() -> None:
    credentials = Credentials()
    settings = load_settings({})
    shown = repr(make_services(settings, ADDRESSES, credentials))
    secrets = [value for name, value in credentials.revealed().items() if name != "user"]
    assert not [secret for secret in secrets if secret in shown]
    given = apply_environ(settings, ADDRESSES, credentials)
    assert given["LABEL_STUDIO_API_KEY"] == credentials.revealed()["token"]


def test_apply_is_given_all_that_the_demos_project_file_refers_to() -> None:
    lines = [line.partition("#")[0] for line in DEMO_PROJECT.read_text().splitlines()]
    named = set(re.findall(r"\$\{(\w+)", "\n".join(lines)))
    assert {"IMAGES", "SEGMENTATION_URL", "SEGMENT_ANYTHING_MODEL_PASSWORD"} <= named
    assert named <= apply_environ(load_settings({}), ADDRESSES, Credentials()).keys()
