"""Interactive Segment Anything: a click or a box becomes a mask (port 9090)."""
