"""The committed vectors: our functions, the generator and the independent reader agree on every one."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import crypto
from crypto import (
    Argon2Parameters,
    Context,
    CryptoError,
    Keyring,
    KeySlot,
    MacKey,
    PrivateIdentity,
    PublicIdentity,
)
from journal.audit.chain import (
    EPOCH,
    EventRecord,
    compute_chain_mac,
    compute_event_mac,
    compute_head,
    compute_verified_tag,
)

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "vectors"
FILES = sorted(FOLDER.glob("*.json"))
Input = dict[str, Any]


def raw(data: Input, name: str) -> bytes:
    return bytes.fromhex(data[name])


def place(data: Input) -> Context:
    return Context(data["purpose"], raw(data, "owner"), raw(data, "record"), data["revision"])


def public(data: Input, name: str) -> PublicIdentity:
    return PublicIdentity.decode(raw(data, name))


def keyring(data: Input) -> Keyring:
    return Keyring.from_account_key(raw(data, "account_key"))


def unlock(data: Input) -> bytes:
    salt, parameters, commitment, wrapped = (
        raw(data, name) for name in ("salt", "parameters", "commitment", "wrapped")
    )
    slot = KeySlot(data["kind"], salt, parameters, commitment, wrapped, data["epoch"])
    account = raw(data, "account")
    if data["as"] == "password":
        key = raw(data, "secret_key") if "secret_key" in data else None
        return crypto.unlock_with_password(slot, data["password"], account=account, secret_key=key)
    if data["as"] == "recovery":
        return crypto.unlock_with_recovery_key(slot, raw(data, "secret"), account=account)
    return crypto.unlock_with_passkey(slot, raw(data, "secret"), account=account)


def stretch(data: Input) -> bytes:
    parameters = Argon2Parameters.decode(raw(data, "parameters"))
    return crypto.stretch(data["password"], raw(data, "salt"), parameters)


def derive(data: Input) -> bytes:
    return crypto.derive_key(
        raw(data, "secret"), data["label"], raw(data, "salt"), context=raw(data, "context")
    )


def open_identity(data: Input) -> bytes:
    return crypto.open_identity(
        keyring(data), raw(data, "sealed"), public(data, "expected"), account=raw(data, "account")
    ).encode()


def verify(data: Input) -> bool:
    signer = public(data, "public")
    crypto.verify(signer, raw(data, "message"), raw(data, "signature"), purpose=data["purpose"])
    return True


def open_link_key(data: Input) -> bytes:
    return crypto.open_link_key(
        raw(data, "grant"),
        link=raw(data, "link"),
        patient=raw(data, "patient"),
        clinician=raw(data, "clinician"),
        private=PrivateIdentity.decode(raw(data, "private")),
        signed_by=public(data, "signed_by"),
    )


def open_sitter_note(data: Input) -> bytes:
    return crypto.open_sitter_note(
        crypto.sitter_note_key(raw(data, "secret")),
        raw(data, "sealed"),
        patient=raw(data, "patient"),
        link=raw(data, "link"),
        note=raw(data, "note"),
        private=PrivateIdentity.decode(raw(data, "private")),
    )


def verify_voucher(data: Input) -> bool:
    crypto.verify_voucher(
        raw(data, "secret"),
        raw(data, "voucher"),
        public(data, "identity"),
        account=raw(data, "account"),
        role=data["role"],
    )
    return True


def page_texts(data: Input) -> list[str]:
    text = crypto.PageText.decode(
        raw(data, "text"), fold=data["fold"], tag=raw(data, "tag"), count=data["count"]
    )
    begins = (0, *text.ends)
    return [text.texts[one:end].decode() for one, end in zip(begins, text.ends, strict=False)]


def key_log_leaf(data: Input) -> bytes:
    account = raw(data, "account")
    made = crypto.commit_identity(raw(data, "salt"), public(data, "identity"), account=account)
    return crypto.write_leaf(crypto.log_label(raw(data, "log_key"), account), made)


def key_log_head(data: Input) -> bytes:
    leaves, edge = raw(data, "leaves"), crypto.Frontier()
    for at in range(0, len(leaves), 64):
        leaf = crypto.write_leaf(leaves[at : at + 32], leaves[at + 32 : at + 64])
        edge.append(crypto.hash_leaf(leaf))
    return edge.head.root


def hashes(data: Input) -> list[bytes]:
    proof = raw(data, "proof")
    return [proof[at : at + 32] for at in range(0, len(proof), 32)]


def key_log_inclusion(data: Input) -> bytes:
    head = crypto.LogHead(data["size"], raw(data, "root"))
    crypto.verify_inclusion(crypto.hash_leaf(raw(data, "leaf")), data["number"], head, hashes(data))
    return head.root


def key_log_consistency(data: Input) -> bytes:
    old, new = (crypto.LogHead(data[f"{of}size"], raw(data, f"{of}root")) for of in ("old_", ""))
    crypto.verify_consistency(old, new, hashes(data))
    return new.root


def open_pin(data: Input) -> bytes:
    ids = {name: raw(data, name) for name in ("owner", "peer", "link")}
    return crypto.open_pin(keyring(data), raw(data, "sealed"), **ids).encode()


def fingerprint_code(data: Input) -> str:
    return crypto.fingerprint(raw(data, "account"), public(data, "identity"))


def safety_code(data: Input) -> str:
    return crypto.safety_code(raw(data, "a_id"), public(data, "a"), raw(data, "b_id"), public(data, "b"))


def server(data: Input) -> crypto.ServerKey:
    return crypto.ServerKey(raw(data, "server_key"))


def event(data: Input) -> EventRecord:
    names = ("actor", "patient", "recipient", "about", "id")
    who, whose, whom, about, own = [UUID(data[name]) if data[name] else None for name in names]
    at = EPOCH + timedelta(microseconds=data["at"])
    return EventRecord(at, who, whose, whom, about, data["action"], data["outcome"], own)


def audit_chain(data: Input) -> bytes:
    key, number = MacKey(raw(data, "chain_key")), data["sequence"]
    return compute_chain_mac(key, compute_head(key, number - 1, raw(data, "mac_before")), number, event(data))


def sum_records(data: Input) -> bytes:
    members = [(raw(one, "id"), one["revision"], raw(one, "sealed")) for one in data["records"]]
    return crypto.RecordState(raw(data, "key"), ()).hash_members(members).total.to_bytes(32, "big")


def read_record_state(data: Input) -> bytes:
    entries = crypto.RecordState.decode(raw(data, "state"), 3).sets[0]
    return entries.count.to_bytes(4, "big") + entries.total.to_bytes(32, "big")


OPERATIONS: dict[str, Callable[[Input], bytes | str | bool | list[str]]] = {
    "encode-context": lambda d: place(d).encode(),
    "remove-padding": lambda d: crypto.unpad(raw(d, "padded")),
    "open-record": lambda d: crypto.open_sealed(raw(d, "key"), raw(d, "sealed"), context=place(d)),
    "unwrap-key": lambda d: crypto.unwrap_key(raw(d, "key"), raw(d, "sealed"), context=place(d)),
    "derive-key": derive,
    "stretch": stretch,
    "unlock-slot": unlock,
    "read-secret-key": lambda d: crypto.parse_secret_key(d["text"]),
    "open-kept-secret-key": lambda d: server(d).open_secret_key(raw(d, "sealed"), account=raw(d, "account")),
    "read-recovery-key": lambda d: crypto.parse_recovery_key(d["text"]),
    "hash-recovery-code": lambda d: crypto.hash_recovery_code(
        crypto.parse_recovery_code(d["text"]), account=raw(d, "account")
    ),
    "read-public-identity": lambda d: public(d, "public").signing,
    "open-identity": open_identity,
    "verify-signature": verify,
    "open-link-key": open_link_key,
    "sitter-link-id": lambda d: crypto.sitter_link_id(raw(d, "secret")),
    "open-sitter-note": open_sitter_note,
    "key-log-leaf": key_log_leaf,
    "key-log-head": key_log_head,
    "key-log-inclusion": key_log_inclusion,
    "key-log-consistency": key_log_consistency,
    "open-seen-state": lambda d: crypto.open_seen_state(
        keyring(d), raw(d, "sealed"), account=raw(d, "account")
    ).encode(),
    "open-succession": lambda d: crypto.open_succession(
        raw(d, "statement"), account=raw(d, "account")
    ).after.encode(),
    "feed-id": lambda d: crypto.feed_id(raw(d, "secret")),
    "open-feed": lambda d: crypto.open_sealed(
        crypto.feed_key(raw(d, "secret")), raw(d, "sealed"), context=place(d)
    ),
    "feed-event": lambda d: crypto.feed_event_id(raw(d, "key"), raw(d, "session")),
    "feed-state": lambda d: crypto.feed_state(crypto.feed_key(raw(d, "secret")), raw(d, "shown")),
    "invitation-id": lambda d: crypto.invitation_id(raw(d, "secret")),
    "verify-voucher": verify_voucher,
    "open-pin": open_pin,
    "safety-code": safety_code,
    "fingerprint": fingerprint_code,
    "session-id": lambda d: crypto.session_id(raw(d, "token")),
    "unwrap-session": lambda d: crypto.unwrap_account_key(
        raw(d, "token"), raw(d, "wrapped"), account=raw(d, "account"), epoch=d["epoch"], waiting=d["waiting"]
    ),
    "open-server-record": lambda d: server(d).open(raw(d, "sealed"), place(d)),
    "blind-index": lambda d: server(d).blind_index(d["email"]),
    "transitional-index": lambda d: server(d).transitional_index(d["email"]),
    "spelling-index": lambda d: server(d).spelling_index(d["email"]),
    "server-mac": lambda d: server(d).mac(d["label"], raw(d, "message")),
    "audit-event": lambda d: compute_event_mac(MacKey(raw(d, "chain_key")), event(d)),
    "audit-chain": audit_chain,
    "audit-head": lambda d: compute_head(MacKey(raw(d, "chain_key")), d["sequence"], raw(d, "mac")),
    "audit-verified": lambda d: compute_verified_tag(
        MacKey(raw(d, "chain_key")), d["sequence"], raw(d, "mac")
    ),
    "sum-records": sum_records,
    "read-record-state": read_record_state,
    "read-record-root": lambda d: b"".join(one.tag for one in crypto.RecordRoot.decode(raw(d, "root")).pages),
    "read-page-text": page_texts,
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_vector(file: Path) -> None:
    """What a file says opens, opens to that; what it says is refused, is refused with that very error."""
    vector = json.loads(file.read_text("utf-8"))
    expected = vector["expect"]
    operation = OPERATIONS[vector["operation"]]
    if "refused" in expected:
        with pytest.raises(CryptoError) as caught:
            operation(vector["input"])
        assert type(caught.value).__name__ == expected["refused"]
    else:
        result = operation(vector["input"])
        shown = result.hex() if isinstance(result, bytes) else result
        assert [shown] == list(expected["opens"].values())


def test_every_operation_opens_and_is_refused() -> None:
    """No operation is shown only at its best, except those that cannot fail on bytes of any kind."""
    seen: dict[str, Counter[str]] = {name: Counter() for name in OPERATIONS}
    for file in FILES:
        vector = json.loads(file.read_text("utf-8"))
        seen[vector["operation"]].update(vector["expect"].keys())
    never_refused = {name for name, counts in seen.items() if not counts["refused"]}
    macs = {"server-mac", "audit-event", "audit-chain", "audit-head", "audit-verified"}
    indexes = {"blind-index", "spelling-index", "transitional-index"}
    assert never_refused == {"fingerprint", "safety-code", "session-id"} | indexes | macs
    assert all(counts["opens"] for counts in seen.values())


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT) if script == "generate.py" else ""}
    return subprocess.run(
        [sys.executable, str(FOLDER / script), *arguments],
        capture_output=True,
        check=False,
        cwd=FOLDER,
        env=environment,
        text=True,
    )


def test_generator_makes_the_committed_vectors() -> None:
    """The files are what the code makes today: the format has not moved without a new version."""
    done = run("generate.py", "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(FILES)} vectors" in done.stdout


def test_independent_reader_agrees() -> None:
    """A reader that follows the format page alone opens and refuses the same files."""
    done = run("independent_reader.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == f"{len(FILES)} vectors read, 0 wrong\n"


def test_independent_reader_imports_nothing_of_ours() -> None:
    """It stands on the standard library, `cryptography`, `argon2` and `idna` only."""
    tree = ast.parse((FOLDER / "independent_reader.py").read_text("utf-8"))
    names = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    tops = {name.split(".")[0] for name in names}
    assert tops - set(sys.stdlib_module_names) == {"cryptography", "argon2", "idna"}


def test_independent_reader_notices_a_wrong_vector(tmp_path: Path) -> None:
    """Its agreement means something: a promise that is not kept is named, and so is an empty folder."""
    script = tmp_path / "independent_reader.py"
    script.write_bytes((FOLDER / "independent_reader.py").read_bytes())

    def result() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(script)], capture_output=True, check=False, cwd=tmp_path, text=True
        )

    assert result().returncode == 1
    vector = json.loads((FOLDER / "record-opens.json").read_text("utf-8"))
    vector["expect"] = {"refused": "OpenError"}
    (tmp_path / "record-opens.json").write_text(json.dumps(vector), "utf-8")
    done = result()
    assert done.returncode == 1
    assert "record-opens.json: expected" in done.stdout
