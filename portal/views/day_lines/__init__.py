"""Day lines: written in ten seconds, for today or an earlier day, with up to three lines of one's own."""

__all__ = ["day_lines"]
