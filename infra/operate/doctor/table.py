"""The findings as a table for the terminal: one line each, the remedies beneath."""

from collections.abc import Iterator, Mapping, Sequence

from infra.operate.doctor.finding import Finding

_WORDS = {"ok": "ok", "warning": "warning", "error": "ERROR"}


def lines(found: Mapping[str, Sequence[Finding]], *, briefly: bool = False) -> Iterator[str]:
    """Yield the table's lines; briefly one for all that is well."""
    if briefly:
        well = [name for name, them in found.items() if all(it.severity == "ok" for it in them)]
        yield f"  {'ok':<8} {', '.join(well)}"
        found = {name: them for name, them in found.items() if name not in well}
        if not found:
            return
    width = max(len(name) for name in found)
    for name, findings in found.items():
        for finding in findings:
            word = _WORDS[finding.severity]
            yield f"  {word:<8} {name:<{width}}  {finding.message}"
            for line in finding.remedy:
                yield f"  {'':<8} {'':<{width}}      {line}"


def errors(found: Mapping[str, Sequence[Finding]]) -> int:
    """Return how many findings would fail an update."""
    return sum(item.severity == "error" for findings in found.values() for item in findings)
