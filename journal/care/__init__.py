"""Who cares for whom: keeps invitations, care links with their keys and pins, handovers and shared copies."""

__all__ = [
    "documents",
    "invitations",
    "key_attestation",
    "lifecycle",
    "link_keys",
    "link_renewal",
    "links",
    "notice_release",
    "past_care",
    "past_upgrade",
    "peer_keys",
    "share_list",
]
