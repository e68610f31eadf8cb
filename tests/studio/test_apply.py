"""`studio apply` against a real Label Studio: project, images, facts, predictions."""

from collections.abc import Callable

import pytest

from tests.studio.conftest import Workplace

pytestmark = pytest.mark.integration

CATALOGUE = """\
id,name,theme,type
a,Anna,Space,coat
a,Anna,Space,hat
b,Bea,,dress
z,Zoe,Sea,scarf
"""


def with_catalogue(workplace: Workplace) -> Workplace:
    workplace.write_catalogue(CATALOGUE)
    workplace.content["catalogue"] = {
        "file": "catalogue.csv",
        "key": "id",
        "columns": {"Name": "name", "Theme": "theme", "Typology": "type"},
    }
    return workplace


def test_a_second_run_changes_nothing(with_backends: Workplace) -> None:
    first = with_backends.apply()
    assert "import 3 images" in first
    assert "retrieving predictions: 3" in first
    before = with_backends.tasks()
    assert with_backends.apply().strip().endswith("nothing to change")
    assert with_backends.tasks() == before


def test_data_only_imports_new_images_and_leaves_what_people_set(
    with_backends: Workplace,
) -> None:
    with_backends.apply()
    number = with_backends.project()["id"]
    set_by_a_lead = {"description": "Only coats this week"}
    with_backends.label_studio.request("PATCH", f"/api/projects/{number}/", json=set_by_a_lead)
    with_backends.add_images("d.png")
    output = with_backends.apply("--data-only")
    assert "import 1 image" in output
    assert "change the project" not in output
    assert with_backends.project()["description"] == "Only coats this week"
    assert "nothing to change" in with_backends.apply("--data-only")
    assert "change the project's description" in with_backends.apply()


def test_a_dry_run_changes_nothing(with_backends: Workplace) -> None:
    output = with_backends.apply("--dry-run")
    assert "would do:" in output
    assert "import 3 images" in output
    with pytest.raises(ValueError, match="not enough values"):
        with_backends.project()


def test_facts_are_in_the_tasks_and_headers_without_a_row_are_empty(workplace: Workplace) -> None:
    output = with_catalogue(workplace).apply()
    facts = {
        source: {name: text for name, text in task["data"].items() if name != "image"}
        for source, task in workplace.tasks().items()
    }
    empty = {"Typology_sub": ""}
    assert facts == {
        "a.png": {"source": "a.png", "Name": "Anna", "Theme": "Space", "Typology": "coat, hat"}
        | empty,
        "b.png": {"source": "b.png", "Name": "Bea", "Theme": "", "Typology": "dress"} | empty,
        "c.png": {"source": "c.png", "Name": "", "Theme": "", "Typology": ""} | empty,
    }
    assert "rows without an image" in output
    assert "images without a row" in output


def test_an_uploaded_image_can_be_seen(workplace: Workplace) -> None:
    workplace.add_images("été & hiver.png")
    workplace.apply()
    path = workplace.tasks()["été & hiver.png"]["data"]["image"]
    expected = (workplace.images / "été & hiver.png").read_bytes()
    assert workplace.label_studio.get(path).content == expected


def test_a_changed_catalogue_changes_the_facts_and_keeps_the_annotations(
    workplace: Workplace, annotate: Callable[[int], None]
) -> None:
    with_catalogue(workplace).apply()
    annotate(workplace.tasks()["b.png"]["id"])
    workplace.write_catalogue(CATALOGUE.replace("Bea,,", "Bea,Night,"))
    assert "change the facts of 1 task" in workplace.apply()
    task = workplace.tasks()["b.png"]
    assert task["data"]["Theme"] == "Night"
    assert task["total_annotations"] == 1
    assert "nothing to change" in workplace.apply()


def test_a_grown_folder_adds_only_what_is_new(
    with_backends: Workplace, annotate: Callable[[int], None]
) -> None:
    with_backends.apply()
    before = with_backends.tasks()
    annotate(before["a.png"]["id"])
    with_backends.add_images("d.png", "m.png")
    (with_backends.images / "c.png").unlink()
    output = with_backends.apply()
    assert "import 2 images" in output
    assert "no longer in the source" in output
    after = with_backends.tasks()
    assert set(after) == {"a.png", "b.png", "c.png", "d.png", "m.png"}
    assert {name: after[name]["id"] for name in before} == {
        name: task["id"] for name, task in before.items()
    }
    assert after["a.png"]["total_annotations"] == 1
    assert after["d.png"]["predictions_model_versions"] == "foreign-1"

    # The title is changed by a lead, one image is renamed, one moved, and two get other contents.
    number = with_backends.project()["id"]
    with_backends.label_studio.request(
        "PATCH", f"/api/projects/{number}/", json={"title": f"{with_backends.title} 2"[:50]}
    )
    images = with_backends.images
    (images / "d.png").rename(images / "e.png")
    (images / "deep").mkdir()
    (images / "m.png").rename(images / "deep" / "m.png")
    for name in ("a.png", "b.png"):
        (images / name).write_bytes((images / name).read_bytes() + b"a better scan")
    output = with_backends.apply()
    assert "follow 2 images to another name or place" in output
    assert "take the new content of 1 image: b.png" in output
    assert "annotations; these were made on the earlier content" in output
    assert with_backends.project()["id"] == number
    last = with_backends.tasks()
    assert last["e.png"]["id"] == after["d.png"]["id"]
    assert last["deep/m.png"]["id"] == after["m.png"]["id"]
    assert len(last) == len(after), "and nothing was imported again"
    assert last["a.png"]["data"] == after["a.png"]["data"]
    shown = with_backends.label_studio.get(last["b.png"]["data"]["image"]).content
    assert shown == (images / "b.png").read_bytes()
    assert len(last["b.png"]["predictions"]) == 1
    assert last["b.png"]["predictions"][0]["id"] != after["b.png"]["predictions"][0]["id"]
    assert "nothing to change" in with_backends.apply()


def test_addresses_stay_as_they_are(workplace: Workplace) -> None:
    addresses = ["gs://bucket/one.jpg", "https://images.example.org/two.png?size=2"]
    workplace.content["source"] = {"list": [*addresses, "gs://bucket/one.jpg", "nonsense"]}
    output = workplace.apply()
    assert {task["data"]["image"] for task in workplace.tasks().values()} == set(addresses)
    assert "the same image more than once" in output
    assert "nothing to change" in workplace.apply()


def test_predictions_are_stored_as_the_first_backend_made_them(with_backends: Workplace) -> None:
    with_backends.apply()
    for task in with_backends.tasks().values():
        (prediction,) = task["predictions"]
        assert prediction["model_version"] == "foreign-1"
        assert prediction["score"] == 0.75
        assert prediction["result"][1]["value"]["labels"] == ["dress"]
    again = with_backends.run("prelabel")
    assert (again.exit_code, again.output) == (0, "every task has its pre-label\n")


def test_a_task_that_cannot_be_answered_now_is_named_and_asked_for_again(
    with_backends: Workplace,
) -> None:
    with_backends.add_images("unavailable.png", "ready.png")
    first = with_backends.run("apply")
    assert first.exit_code == 3
    reason = "its server does not answer: 1 task (unavailable.png)"
    assert f"cannot be pre-labelled now: {reason}" in first.output
    assert "1 task could not be pre-labelled now; run it again" in first.output
    assert "\ndone: " not in first.output
    predictions = {name: task["predictions"] for name, task in with_backends.tasks().items()}
    assert predictions["unavailable.png"] == []
    assert len(predictions["ready.png"]) == 1
    assert "retrieve predictions of 1 task" in with_backends.apply("--dry-run")
    assert with_backends.run("status").exit_code == 3

    # `prelabel` is that part of `apply` alone: what has its prediction is not asked for again.
    alone = with_backends.run("prelabel")
    assert alone.exit_code == 3
    assert "retrieve predictions of 1 task\n" in alone.output
    assert f"cannot be pre-labelled now: {reason}" in alone.output
    assert "1 task could not be pre-labelled now; run it again" in alone.output
    after = {name: task["predictions"] for name, task in with_backends.tasks().items()}
    assert after == predictions


def test_an_image_that_cannot_be_used_is_named_and_not_asked_for_again(
    with_backends: Workplace,
) -> None:
    with_backends.add_images("damaged.png", "blank.png")
    first = with_backends.run("apply")
    assert first.exit_code == 4
    reason = "cannot be pre-labelled: is damaged; or incomplete: 1 task (damaged.png)"
    assert reason in first.output
    (refused,) = with_backends.tasks()["damaged.png"]["predictions"]
    assert refused["result"] == []
    assert refused["model_version"] == "foreign-1 cannot: is damaged; or incomplete"
    (nothing,) = with_backends.tasks()["blank.png"]["predictions"]
    assert nothing["result"] == []
    assert nothing["model_version"] == "foreign-1"

    second = with_backends.run("apply")
    assert second.exit_code == 4
    assert "nothing to change" in second.output
    assert reason in second.output
    shown = with_backends.run("status", COLUMNS="200")
    assert shown.exit_code == 4
    assert "tasks that cannot be pre-labelled: is damaged; or incomplete" in shown.output

    # Whoever mended a setting asks again; what is still so is not stored a second time.
    assert with_backends.run("apply", "--again").exit_code == 4
    assert len(with_backends.tasks()["damaged.png"]["predictions"]) == 1


OLD = """<View><Image name="image" value="$image"/>
  <BrushLabels name="tag" toName="image"><Label value="dress"/><Label value="hat"/></BrushLabels>
</View>"""


def test_a_project_whose_annotations_need_its_config_keeps_it(
    workplace: Workplace, annotate: Callable[[int], None]
) -> None:
    workplace.apply()
    annotate(workplace.tasks()["a.png"]["id"])
    before = workplace.project()["label_config"]
    (workplace.folder / "config.xml").write_text(OLD)
    for _ in range(2):
        output = workplace.apply()
        assert "the project keeps its labeling config: there are annotations or drafts of" in output
        assert "brush, garment, which the file's config lacks" in output
        assert "nothing to change" in output
    assert workplace.project()["label_config"] == before


def test_predictions_that_a_new_config_does_not_show_are_made_anew(
    with_backends: Workplace,
) -> None:
    new = (with_backends.folder / "config.xml").read_text()
    (with_backends.folder / "config.xml").write_text(OLD)
    with_backends.apply()
    before = {task["predictions"][0]["id"] for task in with_backends.tasks().values()}
    (with_backends.folder / "config.xml").write_text(new)
    output = with_backends.apply()
    assert "change the project's label config; predictions are made anew" in output
    after = [task["predictions"] for task in with_backends.tasks().values()]
    assert [len(predictions) for predictions in after] == [1, 1, 1]
    assert not before & {predictions[0]["id"] for predictions in after}
    assert "nothing to change" in with_backends.apply()


def test_a_config_without_a_label_that_is_in_use_is_not_taken_and_apply_says_so(
    workplace: Workplace, annotate: Callable[[int], None]
) -> None:
    workplace.apply()
    annotate(workplace.tasks()["a.png"]["id"])
    config = workplace.folder / "config.xml"
    config.write_text(config.read_text().replace('value="dress"', 'value="gown"'))
    result = workplace.run("apply")
    assert result.exit_code == 0
    assert "which the file's config lacks" in result.output
    assert "dress" in result.output
    assert 'value="gown"' not in workplace.project()["label_config"]


def test_tasks_of_others_are_left_alone(workplace: Workplace) -> None:
    workplace.apply()
    number = workplace.project()["id"]
    workplace.label_studio.request(
        "POST", f"/api/projects/{number}/import", json=[{"data": {"image": "gs://other/x.png"}}]
    )
    output = workplace.apply()
    assert "1 task left alone that this tool did not import" in output
    assert "nothing to change" in output


# The SDK's own, where it exchanges the token.
@pytest.mark.filterwarnings("ignore:The .parse_obj. method is deprecated")
def test_a_personal_access_token_does_all_that_a_legacy_one_does(with_backends: Workplace) -> None:
    server = with_backends.label_studio
    token = server.request("POST", "/api/token/", json={}).json()["token"]
    try:
        output = with_backends.apply(LABEL_STUDIO_API_KEY=token)
        assert "import 3 images" in output
        assert [len(task["predictions"]) for task in with_backends.tasks().values()] == [1, 1, 1]
        assert token not in output
        assert with_backends.run("status", LABEL_STUDIO_API_KEY=token).exit_code == 0
    finally:
        server.request("POST", "/api/token/blacklist/", json={"refresh": token})
    refused = with_backends.run("apply", LABEL_STUDIO_API_KEY=token)
    assert refused.exit_code == 1
    assert "does not accept the token" in refused.output
    assert token not in refused.output
