"""Which project of Label Studio a project file is about."""

from studio.errors import StudioError
from studio.label_studio.client import Studio
from studio.label_studio.records import Project
from studio.project.load import Named


def find_project(studio: Studio, named: Named) -> Project | None:
    """Return the project that a file's tasks are in, else the one with its title; None if none is.

    Raises:
        StudioError: Label Studio does not answer, or several projects have the title.
    """
    projects = studio.projects()
    titled = [one for one in projects if one.title == named.title]
    if named.id:
        # As a rule the one with the title is it, and no other needs to be asked.
        for one in (*titled, *(one for one in projects if one.title != named.title)):
            if studio.project_file_of(one.id) == named.id:
                return one
    if len(titled) > 1:
        ids = ", ".join(str(one.id) for one in titled)
        raise StudioError(f"projects {ids} all have the title {named.title!r}; rename all but one")
    return titled[0] if titled else None


def get_project(studio: Studio, which: Named | int) -> Project:
    """Return the project of a file, or the one with a number.

    Raises:
        StudioError: as `find_project`, and there is none.
    """
    if isinstance(which, Named):
        if found := find_project(studio, which):
            return found
        raise StudioError(f"Label Studio has no project {which.title!r}; `apply` creates it")
    projects = studio.projects()
    for one in projects:
        if one.id == which:
            return one
    names = ", ".join(f"{one.id} ({one.title})" for one in projects) or "none"
    raise StudioError(f"Label Studio has no project {which}; it has {names}")
