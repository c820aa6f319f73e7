"""Printed pages, by one engine: what a document holds, and how it becomes a tagged PDF in memory."""

__all__ = ["document", "encoding", "typesetting"]
