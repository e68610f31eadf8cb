"""How many people label an image: of all images, or of a share that Label Studio chooses.

"Label All Tasks" gives a task to another person until it has that many annotations, and shows
nobody the annotations of others (projects/functions/next_task.py, tasks/serializers.py).
"""

from dataclasses import dataclass

from studio.part import Context, Step
from studio.project.project_file import Overlap, ProjectFile

OF_DATA = False


@dataclass(frozen=True)
class SetOverlap(Step):
    """Say how many annotations tasks shall have; Label Studio chooses the share at once."""

    overlap: Overlap

    def describe(self) -> str:
        several = self.overlap.annotations
        which = (
            "each image"
            if self.overlap.percent == 100
            else f"{self.overlap.percent} % of the images"
        )
        people = "one person" if several == 1 else f"{several} people"
        return f"have {which} labeled by {people}"

    def carry_out(self, context: Context) -> None:
        # Together: Label Studio compares both with what was there to see which tasks to change.
        fields = {
            "maximum_annotations": self.overlap.annotations,
            "overlap_cohort_percentage": self.overlap.percent,
        }
        context.studio.update_project(context.project_id, fields)


def look(context: Context) -> Overlap:
    """Return how many annotations tasks shall have now; a project that is to be made has one."""
    project = context.present.project
    if project is None or project.overlap == 1 or not project.overlap_percent:
        return Overlap(annotations=1)
    return Overlap(annotations=project.overlap, percent=project.overlap_percent)


def compare(project: ProjectFile, seen: Overlap) -> list[Step]:
    wanted = project.overlap
    if wanted is None or (wanted.annotations, wanted.percent) == (seen.annotations, seen.percent):
        return []
    return [SetOverlap(wanted)]
