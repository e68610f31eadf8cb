"""The project itself: its title, description, labeling config, and how predictions are shown."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.label_studio.records import Project
from studio.part import Context, Remark, Step
from studio.project.labeling_config import masks_go_elsewhere, missing
from studio.project.project_file import ProjectFile

OF_DATA = False


@dataclass(frozen=True)
class Seen:
    """What is there.

    Attributes:
        in_use: the controls that annotations and drafts were made with -> their labels.
    """

    project: Project | None = None
    in_use: Mapping[str, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class CreateProject(Step):
    """Create the project; every later step needs its id."""

    fields: Mapping[str, Any]

    def describe(self) -> str:
        return f"create project {self.fields['title']!r}"

    def carry_out(self, context: Context) -> None:
        context.project_id = context.studio.create_project(self.fields)


@dataclass(frozen=True)
class ChangeProject(Step):
    """Change some fields, all in one request.

    Attributes:
        with_new_predictions: whether the predictions that are there are for the old labeling
            config; the new one would show none of them.
    """

    fields: Mapping[str, Any]
    with_new_predictions: bool = False

    @property
    def may_change_model(self) -> bool:
        return self.with_new_predictions

    def describe(self) -> str:
        names = ", ".join(name.replace("_", " ") for name in self.fields)
        anew = "; predictions are made anew" if self.with_new_predictions else ""
        return f"change the project's {names}{anew}"

    def carry_out(self, context: Context) -> None:
        context.studio.update_project(context.project_id, self.fields)
        if self.with_new_predictions:
            context.studio.delete_predictions(context.project_id)
            # With them Label Studio forgets whose predictions it shows.
            project = context.present.project
            if project is not None and project.model_version:
                shown = {"model_version": project.model_version}
                context.studio.update_project(context.project_id, shown)


def look(context: Context) -> Seen:
    project = context.present.project
    if project is None or project.label_config == context.project.config_text:
        return Seen(project)
    return Seen(project, context.studio.labels_in_use(project.id))


def compare(project: ProjectFile, seen: Seen) -> list[Step | Remark]:
    wanted = {
        "title": project.title,
        "description": project.description.strip(),
        "label_config": project.config_text,
        # Labelers start from the prediction. It is made once, by `apply`, not page by page.
        "show_collab_predictions": True,
        "evaluate_predictions_automatically": False,
    }
    present = seen.project
    if present is None:
        return [CreateProject(wanted)]
    changed = {name: value for name, value in wanted.items() if getattr(present, name) != value}
    found: list[Step | Remark] = []
    if "label_config" in changed:
        lacking = missing(project.config_text, seen.in_use)
        if lacking:
            del changed["label_config"]
            found.append(Remark(_kept(lacking)))
    anew = "label_config" in changed and masks_go_elsewhere(
        present.label_config, project.config_text
    )
    if changed:
        found.append(ChangeProject(changed, anew))
    return found


def _kept(lacking: list[str]) -> str:
    return (
        "the project keeps its labeling config: there are annotations or drafts of "
        f"{', '.join(lacking)}, which the file's config lacks. For the new config, copy the file "
        "and give the copy another title: that makes a project of its own"
    )
