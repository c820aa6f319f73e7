"""Who cares for whom: keeps invitations, care links with their keys and pins, handovers and shared copies."""

__all__ = [
    "documents",
    "invitations",
    "key_attestation",
    "lasting",
    "lifecycle",
    "link_keys",
    "links",
    "notice_release",
    "past_care",
    "past_upgrade",
    "share_list",
]
