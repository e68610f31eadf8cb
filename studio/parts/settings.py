"""The project itself: its title, description, labeling config, and how predictions are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.label_studio.records import Project
from studio.part import Context, Step
from studio.project.project_file import ProjectFile

OF_DATA = False


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
    """Change some fields, all in one request."""

    fields: Mapping[str, Any]

    def describe(self) -> str:
        names = ", ".join(name.replace("_", " ") for name in self.fields)
        return f"change the project's {names}"

    def carry_out(self, context: Context) -> None:
        context.studio.update_project(context.project_id, self.fields)


def look(context: Context) -> Project | None:
    return context.present.project


def compare(project: ProjectFile, seen: Project | None) -> list[Step]:
    wanted = {
        "title": project.title,
        "description": project.description.strip(),
        "label_config": project.config_text,
        # Labelers start from the prediction. It is made once, by `apply`, not page by page.
        "show_collab_predictions": True,
        "evaluate_predictions_automatically": False,
    }
    if seen is None:
        return [CreateProject(wanted)]
    changed = {name: value for name, value in wanted.items() if getattr(seen, name) != value}
    return [ChangeProject(changed)] if changed else []
