"""The plan as Markdown, for a pull request's comment and a job's summary.

What a program puts into names and values may come from anybody's fork, so all of it goes through
`code` or `plain`: nothing in it becomes markup, a link or a mention.
"""

import re

from infra.operate.table.changes import Action
from infra.operate.table.money import footnote, rows
from infra.operate.table.plan import Plan
from infra.operate.table.preview import name_of

_MARKS = {"good": "✅", "note": "ℹ️", "warning": "⚠️"}  # noqa: RUF001 (it is the sign)
# Whether the preview fails for it.
_AGAINST = {True: "⛔", False: "⚠️"}
_ICONS = {
    Action.ADD: "🟢",
    Action.ADOPT: "🟢",
    Action.CHANGE: "🟡",
    Action.REPLACE: "🟣",
    Action.DELETE: "🔴",
    Action.LET_GO: "🔵",
}


def render(plan: Plan) -> str:
    """Return the plan as Markdown."""
    lines = [marker(plan.stack), f"### Preview of stack {code(plan.stack)}: {plan.summary}", ""]
    if plan.groups:
        lines += ["| | what | name | why |", "|---|---|---|---|"]
        for group in plan.groups:
            for row in group.rows:
                why = "<br>".join(code(clause) for clause in row.why)
                title = f"{_ICONS[group.action]} {group.title}"
                lines.append(f"| {title} | {plain(row.what)} | {code(row.names)} | {why} |")
        lines.append("")
    if plan.violations:
        lines += ["| against a policy | what | name | what to do |", "|---|---|---|---|"]
        for found in plan.violations:
            title = f"{_AGAINST[found.is_mandatory]} {code(found.policy)}"
            shown = (plain(found.what), code(name_of(found.urn)), plain(found.text))
            lines.append(f"| {title} | {' | '.join(shown)} |")
        lines.append("")
    if plan.policy_note:
        lines += [plain(plan.policy_note), ""]
    if plan.remarks:
        lines += ["**In service meanwhile**", ""]
        lines += [f"- {_MARKS[remark.severity]} {plain(remark.text)}" for remark in plan.remarks]
        lines.append("")
    if plan.models:
        lines += ["| model | | size | licence |", "|---|---|---:|---|"]
        for model in plan.models:
            shown = (plain(model.does), code(model.words), plain(model.size), plain(model.licence))
            lines.append(f"| {' | '.join(shown)} |")
        lines.append("")
        notes = [note for model in plan.models for note in model.notes]
        if notes:
            lines += [*(f"- {_MARKS[severity]} {plain(text)}" for severity, text in notes), ""]
    if plan.cost:
        lines += ["| US dollars | before | after | |", "|---|---:|---:|---:|"]
        lines += [f"| {' | '.join(map(plain, row))} |" for row in rows(plan.cost)]
        lines += ["", plain(footnote(plan.cost)), ""]
    for error in plan.errors:
        lines += ["**The preview failed**", "", *_quoted(error), ""]
    return "\n".join(lines)


def marker(stack: str) -> str:
    """Return the invisible line by which a comment is found again."""
    return f"<!-- atelier-preview {re.sub(r'[^A-Za-z0-9_.-]', '', stack)} -->"


def code(text: str) -> str:
    """Return text as a code span in a table's cell."""
    cleaned = " ".join(text.split()).replace("`", "'").replace("|", "\\|")
    return f"`{cleaned}`" if cleaned else ""


def plain(text: str) -> str:
    """Return text in which nothing is markup, a link or a mention."""
    escaped = re.sub(r"([\\`*_{}\[\]<>|#~])", r"\\\1", " ".join(text.split()))
    # A zero-width space keeps @name from notifying anybody and http:// from becoming a link.
    return re.sub(r"@|://", lambda found: f"{found[0][0]}\u200b{found[0][1:]}", escaped)


def _quoted(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]
