"""Label Studio, through its API: calls and records, no decisions."""
