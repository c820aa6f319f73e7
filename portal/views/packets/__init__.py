"""Packets of records: what is chosen, the preview of exactly that, and the file that is made of it."""

__all__ = ["choosing", "filing", "making", "packet_list", "packets", "pages"]
