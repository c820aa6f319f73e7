"""A patient's evaluation: filled in, finished as a version, and printed. A clinician's page of it is at their desk."""

__all__ = ["filling", "overview"]
