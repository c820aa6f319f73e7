"""Everything that somebody takes away, packed into one sealed file; keeps nothing."""

__all__ = ["archive", "collection", "disclosures", "schema"]
