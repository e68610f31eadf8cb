"""The plan in a terminal, or plain in a pipe."""

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infra.operate.table.changes import Action
from infra.operate.table.models import Model
from infra.operate.table.money import footnote, rows
from infra.operate.table.plan import Group, Plan
from infra.operate.table.preview import name_of
from infra.operate.table.violations import Violation

_COLOURS = {
    Action.ADD: "green",
    Action.ADOPT: "green",
    Action.CHANGE: "yellow",
    Action.REPLACE: "magenta",
    Action.DELETE: "red",
    Action.LET_GO: "cyan",
}
_MARKS = {"good": ("=", "green"), "note": ("i", "cyan"), "warning": ("!", "bold red")}


def show(plan: Plan, console: Console) -> None:
    """Print what changes, what labelers notice of it, which models serve, and what it costs."""
    with console.capture() as captured:
        _print(plan, console)
    # Columns are filled up with spaces, which a file or a pipe need not keep.
    lines = captured.get().splitlines()
    console.file.write("\n".join(line.rstrip() for line in lines) + "\n")


def _print(plan: Plan, console: Console) -> None:
    stack = f"Stack {escape(plan.stack)}: " if plan.stack else ""
    console.print(f"[bold]{stack}{plan.summary}[/]", highlight=False)
    for group in plan.groups:
        _group(group, console)
    if plan.violations:
        _violations(plan.violations, console)
    if plan.policy_note:
        console.print(Text(f"\n{plan.policy_note}"))
    if plan.remarks:
        console.print("\n[bold]In service meanwhile[/]")
        table = _grid()
        for remark in plan.remarks:
            mark, colour = _MARKS[remark.severity]
            table.add_row(Text(mark, colour), Text(remark.text))
        console.print(Padding(table, (0, 0, 0, 2)))
    if plan.models:
        _models(plan.models, console)
    if plan.cost:
        console.print("\n[bold]Cost in US dollars[/]")
        table = _grid()
        for what, before, after, difference in rows(plan.cost):
            table.add_row(what, f"{before} => {after}", Text(difference, "bold"))
        console.print(Padding(table, (0, 0, 0, 2)))
        console.print(Padding(Text(footnote(plan.cost), "dim"), (0, 0, 0, 2)))
    for error in plan.errors:
        console.print(Text(f"\nThe preview failed: {error}", "red"))


def _violations(violations: tuple[Violation, ...], console: Console) -> None:
    console.print("\n[bold red]Against a policy[/]")
    table = _grid()
    for found in violations:
        mark, colour = ("x", "bold red") if found.is_mandatory else ("!", "yellow")
        where = f"{found.what} {name_of(found.urn)}".rstrip()
        table.add_row(Text(mark, colour), Text(found.policy), Text(where), Text(found.text))
    console.print(Padding(table, (0, 0, 0, 2)))


def _models(models: tuple[Model, ...], console: Console) -> None:
    console.print("\n[bold]Models[/]")
    table, notes = _grid(), _grid()
    for model in models:
        table.add_row(*map(Text, (model.does, model.words, model.size, model.licence)))
        for severity, text in model.notes:
            mark, colour = _MARKS[severity]
            notes.add_row(Text(mark, colour), Text(text))
    console.print(Padding(table, (0, 0, 0, 2)))
    if notes.row_count:
        console.print(Padding(notes, (0, 0, 0, 2)))


def _group(group: Group, console: Console) -> None:
    console.print(f"\n[bold {_COLOURS[group.action]}]{group.title}[/] ({group.count})")
    table = _grid()
    for row in group.rows:
        table.add_row(Text(row.what), Text(row.names), Text("\n".join(row.why)))
    console.print(Padding(table, (0, 0, 0, 2)))


def _grid() -> Table:
    return Table(box=None, show_header=False, padding=(0, 2, 0, 0))
