"""Jinja pages; a package so that an installed wheel finds them from any folder."""
