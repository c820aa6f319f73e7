"""A patient's own writing: saved, listed, searched and taken away; its rows are kept by the vault."""

__all__ = ["acceptance", "belonging", "entries", "listing", "page_search", "removal", "revisions"]
