"""Files are uploaded in portions that Label Studio takes."""

from pathlib import Path

from studio.label_studio.importing import MAX_BYTES, MAX_FILES, MAX_TASKS, NewTask, portions


def tasks_of(folder: Path, *sizes: int) -> list[NewTask]:
    tasks = []
    for number, size in enumerate(sizes):
        path = folder / f"{number:03}.jpg"
        with path.open("wb") as file:
            file.truncate(size)
        tasks.append(NewTask(path, {}))
    return tasks


def test_a_portion_has_so_many_files_at_most(tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path, *[1] * (2 * MAX_FILES + 1))
    made = list(portions(tasks))
    assert [len(portion) for portion in made] == [MAX_FILES, MAX_FILES, 1]
    assert [task for portion in made for task in portion] == tasks


def test_a_portion_has_so_many_bytes_at_most_but_a_big_file_goes_alone(tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path, MAX_BYTES // 2, MAX_BYTES // 2, 1, 2 * MAX_BYTES, 1)
    assert [len(portion) for portion in portions(tasks)] == [2, 1, 1, 1]


def test_addresses_weigh_little(tmp_path: Path) -> None:
    tasks = [NewTask(None, {"image": f"gs://b/{number}.jpg"}) for number in range(MAX_TASKS)]
    assert list(portions(tasks)) == [tasks]
    (file,) = tasks_of(tmp_path, 1)
    assert list(portions([*tasks, file])) == [tasks, [file]]
    assert list(portions([])) == []
