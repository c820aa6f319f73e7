"""Import records from a file: choose it, see what is in it, import it, and remove it again."""

__all__ = ["imports"]
