"""Copies of a safety plan that a browser keeps: which there are, and when one has ended; keeps no word of a plan."""

__all__ = ["copies"]
