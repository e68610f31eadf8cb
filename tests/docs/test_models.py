"""docs/models.md says of each model what the catalogue says."""

import re
import tomllib
from pathlib import Path

import pytest

from weights.access import Access
from weights.catalogue import KINDS, Model, catalogue, choose
from weights.file import megabytes

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/models.md").read_text()
MODELS = [model for kind in KINDS for model in catalogue()[kind].values()]


def row(model: Model) -> str:
    """A model's line of the table."""
    size = megabytes(model.size) if model.size else "none"
    cells = (f"`{model.name}`", model.kind, size, f"{model.memory_gb:g}", model.gpu, model.licence)
    return "| " + " | ".join((*cells, model.good_for)) + " |"


def licences() -> list[str]:
    """A line for each obligation, with the models that have it."""
    by_words: dict[tuple[str, str], list[str]] = {}
    for model in MODELS:
        names = by_words.setdefault((model.licence, model.obliges), [])
        names += [f"`{model.name}`"] * (f"`{model.name}`" not in names)
    return [f"- {', '.join(names)}: {of}; {asks}." for (of, asks), names in by_words.items()]


def test_the_table_is_the_catalogue() -> None:
    table = PAGE.partition("## The list")[2].partition("\n\n*Memory*")[0]
    assert table.splitlines()[4:] == [row(model) for model in MODELS]


def test_every_licence_is_there_with_what_it_asks() -> None:
    listed = PAGE.partition("## Licences")[2].partition("## Your own weights")[0]
    assert [line for line in listed.splitlines() if line.startswith("- ")] == licences()


def test_every_name_on_the_page_is_one_of_the_catalogue() -> None:
    names = set(re.findall(r"`((?:sam|segformer)[a-z0-9.-]*-[a-z0-9.-]+)`", PAGE))
    assert len(names) >= 8
    assert names <= {model.name for model in MODELS}
    for models in re.findall(r"make demo MODELS=([a-z0-9.,-]+)", PAGE):
        if models != "forest":
            choose(models)


def test_the_own_list_of_the_page_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    own = tmp_path / "own.toml"
    own.write_text(text)
    monkeypatch.setenv("ATELIER_CATALOGUE", str(own))
    assert {model.name for model in choose("forest").values()} == set(
        tomllib.loads(text)["sets"]["forest"]
    )


def test_the_mirror_maps_as_the_page_says() -> None:
    cells = dict(re.findall(r"^\| (address|`WEIGHTS_MIRROR`|asked for) \| `(.+)` \|$", PAGE, re.M))
    assert cells["address"] == choose("sam-vit-b")["interactive"].files[0].url
    mirrored = Access(mirror=cells["`WEIGHTS_MIRROR`"]).address(cells["address"])
    assert mirrored == cells["asked for"]


def test_the_readmes_second_thing_is_ones_own_photographs_with_what_is_fetched_for_them() -> None:
    readme = (ROOT / "README.md").read_text()
    first, heading, rest = readme.partition("\n## ")
    assert re.search(r"^    make demo +#", first, re.MULTILINE)
    assert heading
    title, _, text = rest.partition("\n## ")[0].partition("\n")
    assert title == "Your own photographs"
    (said,) = re.findall(r"^    make demo MODELS=(\S+) IMAGES=\S+ +# fetches (\d+) MB", text, re.M)
    models, size = choose(said[0]).values(), int(said[1])
    assert round(sum(model.size or 0 for model in models) / 10**6) == size
    assert "(docs/models.md)" in text
