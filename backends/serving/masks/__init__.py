"""Masks and the three ways in which Label Studio writes them: brush RLE, bitmask PNG, polygons."""
