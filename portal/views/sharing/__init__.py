"""What a patient shares, with whom, who took over, what was disclosed, and what came back."""

__all__ = [
    "attention",
    "clinician_names",
    "disclosures",
    "handovers",
    "picture",
    "returned_shares",
    "shared_view",
    "shares",
    "sharing_log",
    "standing",
    "team",
]
