"""What a preview means for a labeling team: a table for people, from the engine's event log.

`infra.operate` hands the log of its own preview over; `python -m infra.operate.table` runs one.
Nothing here imports the program.
"""
