from masks.results import drawn_regions


def result(kind: str, control: str, key: str = "a", **value: object) -> dict:
    return {"id": key, "type": kind, "from_name": control, "to_name": "image", "value": value}


def test_two_results_of_one_id_are_one_region_in_either_order() -> None:
    drawn, named = result("brush", "brush", rle=[1]), result("labels", "list", labels=["hat"])
    for results in ([drawn, named], [named, drawn]):
        (region,) = drawn_regions(results)
        assert (region.shape, region.from_name) == ("brush", "brush")
        assert (region.label, region.label_list) == ("hat", "list")
        assert region.result is drawn


def test_one_result_with_its_own_label_reads_alike() -> None:
    (region,) = drawn_regions([result("brushlabels", "tag", rle=[1], brushlabels=["hat"])])
    assert (region.shape, region.label, region.label_list) == ("brush", "hat", "tag")


def test_the_label_of_an_unfinished_region_is_in_both_results() -> None:
    point = result("keypoint", "point", x=1, y=2, labels=["hat"])
    named = result("labels", "list", x=1, y=2, labels=["hat"])
    (region,) = drawn_regions([point, named])
    assert (region.shape, region.label) == ("keypoint", "hat")
    assert region.label_list == "list"


def test_results_without_ids_are_regions_of_their_own() -> None:
    bare = {"type": "keypoint", "value": {"x": 1, "y": 2}}
    assert len(drawn_regions([bare, bare])) == 2


def test_choices_relations_and_lone_labels_are_no_regions() -> None:
    others = [result("choices", "c", "b", choices=["x"]), {"type": "relation", "from_id": "a"}]
    assert drawn_regions([*others, result("labels", "list", "d", labels=["hat"])]) == []


def test_which_image_of_a_list_is_kept() -> None:
    (region,) = drawn_regions([{**result("brush", "b", rle=[]), "item_index": 3}])
    assert region.item_index == 3
