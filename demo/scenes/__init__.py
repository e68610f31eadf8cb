"""Garment scenes drawn from a seed, with the exact mask of every garment."""

from demo.scenes.scene import CLASSES, Garment, Scene, draw

__all__ = ["CLASSES", "Garment", "Scene", "draw"]
