"""Whatever a smart tool draws gets a mask, in the words of the control that holds it."""

from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from demo.scenes import draw
from demo.training.data import HELD_OUT_SEED
from masks.regions import mask_of
from masks.results import drawn_regions
from masks.rle import encode_mask
from masks.shapes import covered
from tests.backends.files import Files
from tests.backends.segment_anything_model.conftest import photo
from tests.backends.segment_anything_model.test_backend import client_for

DEMO = Path(__file__).parents[3] / "backends/segment_anything_model/demo/sam_small.safetensors"
HEIGHT, WIDTH = 120, 160
STROKE = np.zeros((HEIGHT, WIDTH), np.bool_)
STROKE[40:60, 40:110] = True
# What the editor sends of each tool, but for the label.
DRAWN = {
    "KeyPoint": {"x": 45, "y": 45, "width": 0.4},
    "Rectangle": {"x": 20, "y": 20, "width": 55, "height": 50, "rotation": 10},
    "Ellipse": {"x": 45, "y": 45, "radiusX": 26, "radiusY": 24, "rotation": 0},
    "Polygon": {"points": [[20, 20], [75, 25], [60, 70], [25, 60]], "closed": True},
    "Brush": {"format": "rle", "rle": encode_mask(STROKE)},
}
HOLDERS = ("Brush", "BrushLabels", "Bitmask", "BitmaskLabels", "Polygon", "PolygonLabels")


def config(tool: str, holder: str, of_the_tool: bool) -> str:
    """A smart tool with labels of its own or with those of a list, and a control for masks.

    Each has its own alias for the same label.
    """

    def labels(prefix: str) -> str:
        return f'<Label value="hat" alias="{prefix}-1"/><Label value="shoe" alias="{prefix}-2"/>'

    smart = tool + "Labels" * of_the_tool
    inside = labels("ask") if of_the_tool else ""
    held = labels("hold") if holder.endswith("Labels") else ""
    return f"""<View><Image name="image" value="$photo"/>
      <Labels name="list" toName="image">{labels("list")}</Labels>
      <{smart} name="tool" toName="image" smart="true" smartOnly="true">{inside}</{smart}>
      <{holder} name="masks" toName="image">{held}</{holder}></View>"""


def drawn_with(tool: str, of_the_tool: bool) -> list[dict]:
    """The results of one region that was drawn with the label 'shoe'."""
    kind = tool.lower()
    common = {"id": "p", "from_name": "tool", "to_name": "image", "is_positive": True}
    if of_the_tool:
        value = {**DRAWN[tool], f"{kind}labels": ["ask-2"]}
        return [{**common, "type": f"{kind}labels", "value": value}]
    value = {**DRAWN[tool], "labels": ["list-2"]}
    named = {**common, "type": "labels", "from_name": "list", "value": value}
    return [{**common, "type": kind, "value": value}, named]


def asked(client: FlaskClient, url: str, text: str, *prompts: dict) -> list[dict]:
    body = {
        "tasks": [{"id": 7, "data": {"photo": url}}],
        "label_config": text,
        "params": {"context": {"result": list(prompts)}},
    }
    assert client.post("/setup", json={"schema": text}).status_code == 200
    answer = client.post("/predict", json=body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()["results"][0]["result"]


@pytest.mark.parametrize("tool", DRAWN)
@pytest.mark.parametrize("of_the_tool", [True, False], ids=["own labels", "one list"])
def test_every_tool_gets_a_mask_with_its_label_from_every_control(
    files: Files, checkpoint: Path, tool: str, of_the_tool: bool
) -> None:
    client = client_for(files, checkpoint)
    url = files.put("a.png", photo(2, HEIGHT, WIDTH))
    for holder in HOLDERS:
        results = asked(
            client, url, config(tool, holder, of_the_tool), *drawn_with(tool, of_the_tool)
        )
        regions = drawn_regions(results)
        assert regions, holder
        kind = holder.removesuffix("Labels").lower()
        assert {one.shape for one in regions} == {kind}
        assert {one.from_name for one in regions} == {"masks"}
        # A control with labels has the label itself; a plain one has that of the list, as a second
        # result of the same id.
        owner, label = ("masks", "hold-2") if holder.endswith("Labels") else ("list", "list-2")
        assert {(one.label_list, one.label) for one in regions} == {(owner, label)}
        assert len(results) == len(regions) * (1 if holder.endswith("Labels") else 2)
        assert all(covered(one, HEIGHT, WIDTH).any() for one in regions)


def test_a_box_around_a_close_up_is_answered_with_what_fills_it(files: Files) -> None:
    """The model in the repository, as the demo runs it. The box as drawn gets nothing from it."""
    client = client_for(files, DEMO, SAM_REFINE="auto")
    text = config("Rectangle", "Brush", True)
    found = []
    for number in range(4):
        scene = draw(HELD_OUT_SEED + 700 + number)
        garment = max(scene.garments, key=lambda one: (scene.instances == one.number).sum())
        truth = scene.instances == garment.number
        rows, columns = np.flatnonzero(truth.any(1)), np.flatnonzero(truth.any(0))
        close_up = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        url = files.put(f"{number}.png", scene.image[close_up])
        for box in ((0, 0, 100, 100), (0.5, 0.5, 99, 99), (2, 2, 96, 96)):
            place = dict(zip(("x", "y", "width", "height"), box, strict=True))
            value = {**place, "rotation": 0, "rectanglelabels": ["ask-1"]}
            prompt = {
                "id": "p",
                "from_name": "tool",
                "to_name": "image",
                "type": "rectanglelabels",
                "value": value,
            }
            drawn, _ = asked(client, url, text, prompt)
            mask = mask_of(drawn, *truth[close_up].shape)
            found.append((mask & truth[close_up]).sum() / (mask | truth[close_up]).sum())
    print(f"IoU of a box around everything: {[round(one, 2) for one in found]}")
    assert min(found) > 0.5
    assert np.mean(found) > 0.8
