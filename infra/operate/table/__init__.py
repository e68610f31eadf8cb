"""What a preview means for a labeling team: a table for people, from what the engine says.

`python -m infra.operate.table` reads `pulumi preview --json`; `infra.operate` hands over the
engine's event log. Nothing here imports pulumi or the program, so that the table is there in a
fraction of a second.
"""
