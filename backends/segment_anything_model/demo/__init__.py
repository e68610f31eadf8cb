"""A small Segment Anything for demonstrations and tests, and GrabCut, which sharpens its masks."""
