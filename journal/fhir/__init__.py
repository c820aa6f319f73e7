"""Records for systems of clinics: FHIR R4 resources and tables of numbers, built of records; keeps nothing."""

__all__ = ["bundle", "chart", "exports", "numbers"]
