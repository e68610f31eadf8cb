"""Dollars as the tables show them."""

from infra.operate.table.cost import Amount, Cost


def dollars(amount: float | None) -> str:
    """Return `$0.85`; a sum that is not known is a dash."""
    return "-" if amount is None else f"${amount:,.2f}"


def difference(amount: Amount) -> str:
    """Return the change with its sign, `+$0.10`; empty where there is nothing to compare."""
    if amount.before is None or amount.after is None:
        return ""
    # Of what is shown: two sums in cents must not differ by other cents than these.
    cents = round(round(amount.after, 2) - round(amount.before, 2), 2)
    if cents == 0:
        return "same"
    return f"{'+' if cents > 0 else '-'}${abs(cents):,.2f}"


def rows(cost: Cost) -> list[tuple[str, str, str, str]]:
    """Return the table's rows: what, before, after, difference."""
    before = "nothing" if cost.is_new else None
    after = "nothing" if cost.is_gone else None
    return [
        (
            amount.what,
            before or dollars(amount.before),
            after or dollars(amount.after),
            difference(amount),
        )
        for amount in cost.amounts
    ]


def footnote(cost: Cost) -> str:
    """Return what the sums rest on, and what is left when the stack is gone."""
    parts = [cost.basis, cost.unknown]
    if cost.is_gone:
        parts.append("Buckets and snapshots that are kept keep costing money for what they hold")
    return ". ".join(part.rstrip(".") for part in parts if part) + "."
