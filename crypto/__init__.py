"""
Bytes in, bytes out: everything Hearthside seals, opens, derives, signs and compares.

Synchronous; no input or output, no settings, nothing of the layers above. docs/crypto-format.md
describes every byte.
"""

from __future__ import annotations

from crypto.addresses import (
    LONGEST_ADDRESS,
    ascii_domain,
    normal_address,
    readable_domain,
    split_address,
    transitional_address,
)
from crypto.bounded import has_mark_flood, normalize, take_apart
from crypto.codes import (
    format_recovery_code,
    hash_recovery_code,
    new_recovery_code,
    parse_recovery_code,
)
from crypto.context import NO_RECORD, Context, join_fields
from crypto.derive import derive_key
from crypto.envelope import Sealer, open_sealed, seal, unwrap_key, wrap_key
from crypto.errors import CryptoError, FormatError, KeySizeError, OpenError
from crypto.feeds import feed_event_id, feed_id, feed_key, feed_state, new_feed_secret
from crypto.handovers import Handover, consent, suggest, verify_consent, verify_suggestion
from crypto.identity import PrivateIdentity, open_former_identity, open_identity, seal_identity
from crypto.key_log import commit_identity, log_label, write_leaf
from crypto.keyring import FallbackSealer, Keyring, new_account_key
from crypto.links import GrantedKey, grant_link_key, new_link_key, open_link_key
from crypto.merkle import (
    EMPTY_HEAD,
    Frontier,
    LogHead,
    find_row,
    hash_leaf,
    list_consistency,
    list_inclusion,
    list_peaks,
    list_places,
    prove,
    read_head,
    verify_consistency,
    verify_inclusion,
)
from crypto.padding import pad, unpad
from crypto.page_text import PageText
from crypto.password import CEILING, FLOOR, STANDARD, Argon2Parameters, stretch
from crypto.pins import (
    check_pin,
    fingerprint,
    invitation_id,
    is_doubted,
    is_pinned,
    new_invitation_secret,
    open_pin,
    pin,
    pin_in_doubt,
    safety_code,
    verify_voucher,
    vouch,
)
from crypto.public_identity import PublicIdentity, verify
from crypto.record_root import PageMark, RecordRoot, bloom_bits
from crypto.record_state import RecordSet, RecordState
from crypto.recovery import format_recovery_key, is_last_group, new_recovery_key, parse_recovery_key
from crypto.secret_keys import (
    SECRET_KEY_MARK,
    format_secret_key,
    is_last_group_of_secret_key,
    new_secret_key,
    parse_secret_key,
)
from crypto.seen import SEEN_SIZE, SeenState, open_seen_state
from crypto.server import KEPT_SECRET_KEY_SIZE, MacKey, ServerKey
from crypto.sitters import (
    new_sitter_secret,
    open_sitter_note,
    seal_sitter_note,
    sitter_copy_sealer,
    sitter_link_id,
    sitter_note_key,
)
from crypto.slots import (
    KeySlot,
    decoy_recovery_slot,
    decoy_slot,
    passkey_slot,
    password_slot,
    recovery_slot,
    unlock_with_passkey,
    unlock_with_password,
    unlock_with_recovery_key,
)
from crypto.succession import Succession, follow, open_succession, succeed, trace_back
from crypto.symbols import plain_digits
from crypto.websession import (
    SessionToken,
    new_session_token,
    session_id,
    unwrap_account_key,
    wrap_account_key,
)

__all__ = [
    "CEILING",
    "EMPTY_HEAD",
    "FLOOR",
    "KEPT_SECRET_KEY_SIZE",
    "LONGEST_ADDRESS",
    "NO_RECORD",
    "SECRET_KEY_MARK",
    "SEEN_SIZE",
    "STANDARD",
    "Argon2Parameters",
    "Context",
    "CryptoError",
    "FallbackSealer",
    "FormatError",
    "Frontier",
    "GrantedKey",
    "Handover",
    "KeySizeError",
    "KeySlot",
    "Keyring",
    "LogHead",
    "MacKey",
    "OpenError",
    "PageMark",
    "PageText",
    "PrivateIdentity",
    "PublicIdentity",
    "RecordRoot",
    "RecordSet",
    "RecordState",
    "Sealer",
    "SeenState",
    "ServerKey",
    "SessionToken",
    "Succession",
    "ascii_domain",
    "bloom_bits",
    "check_pin",
    "commit_identity",
    "consent",
    "decoy_recovery_slot",
    "decoy_slot",
    "derive_key",
    "feed_event_id",
    "feed_id",
    "feed_key",
    "feed_state",
    "find_row",
    "fingerprint",
    "follow",
    "format_recovery_code",
    "format_recovery_key",
    "format_secret_key",
    "grant_link_key",
    "has_mark_flood",
    "hash_leaf",
    "hash_recovery_code",
    "invitation_id",
    "is_doubted",
    "is_last_group",
    "is_last_group_of_secret_key",
    "is_pinned",
    "join_fields",
    "list_consistency",
    "list_inclusion",
    "list_peaks",
    "list_places",
    "log_label",
    "new_account_key",
    "new_feed_secret",
    "new_invitation_secret",
    "new_link_key",
    "new_recovery_code",
    "new_recovery_key",
    "new_secret_key",
    "new_session_token",
    "new_sitter_secret",
    "normal_address",
    "normalize",
    "open_former_identity",
    "open_identity",
    "open_link_key",
    "open_pin",
    "open_sealed",
    "open_seen_state",
    "open_sitter_note",
    "open_succession",
    "pad",
    "parse_recovery_code",
    "parse_recovery_key",
    "parse_secret_key",
    "passkey_slot",
    "password_slot",
    "pin",
    "pin_in_doubt",
    "plain_digits",
    "prove",
    "read_head",
    "readable_domain",
    "recovery_slot",
    "safety_code",
    "seal",
    "seal_identity",
    "seal_sitter_note",
    "session_id",
    "sitter_copy_sealer",
    "sitter_link_id",
    "sitter_note_key",
    "split_address",
    "stretch",
    "succeed",
    "suggest",
    "take_apart",
    "trace_back",
    "transitional_address",
    "unlock_with_passkey",
    "unlock_with_password",
    "unlock_with_recovery_key",
    "unpad",
    "unwrap_account_key",
    "unwrap_key",
    "verify",
    "verify_consent",
    "verify_consistency",
    "verify_inclusion",
    "verify_suggestion",
    "verify_voucher",
    "vouch",
    "wrap_account_key",
    "wrap_key",
    "write_leaf",
]
