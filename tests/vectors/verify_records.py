"""Verify an archive or its folder as docs/export-format.md says: verify_records.py FILE [FINGERPRINT]"""

import json
import re
import sys
import zlib
from hashlib import sha256, sha512
from pathlib import Path
from uuid import UUID
from zipfile import BadZipFile, ZipFile

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MANIFEST, SIGNATURE = "manifest.json", "signature.json"
NAME = re.compile(r"([a-z]+/)?[A-Za-z0-9-]{1,100}\.(css|csv|html|json|pdf|txt)")
KEYS = ["format", "version", "algorithm", "purpose", "account_id", "public_identity", "signature"]
FIXED = ["hearthside-signature", 1, "Ed25519", "records"]


def join(*values):
    return b"".join(len(one).to_bytes(4, "big") + one for one in values)


def read_zip(path):
    data, at, last = path.read_bytes(), 0, ""
    if data[-71:] != b"sha256:" + sha256(data[:-71]).hexdigest().encode():
        raise BadZipFile
    with ZipFile(path) as packed:
        for one in packed.infolist():
            if one.header_offset != at or one.filename <= last or one.flag_bits or one.extra:
                raise BadZipFile
            at, last = at + 30 + len(one.filename) + one.compress_size, one.filename
            yield one.filename, packed.read(one)
        if at != packed.start_dir:
            raise BadZipFile


def read_folder(path):
    for one in path.rglob("*"):
        plain = one.is_file() and not one.is_symlink()
        if plain or one.is_symlink() or not one.is_dir():
            yield str(one.relative_to(path)), one.read_bytes() if plain else None


def read_signature(raw, manifest):
    *_, account, public, signature = json.loads(raw).values()
    account, public, signature = UUID(account), bytes.fromhex(public), bytes.fromhex(signature)
    values = [*FIXED, str(account), public.hex(), signature.hex()]
    if json.dumps(dict(zip(KEYS, values, strict=True)), indent=2) != raw.decode():
        raise ValueError
    signed = join(b"hearthside/v1/signature", b"records", join(account.bytes, public, manifest))
    Ed25519PublicKey.from_public_bytes(public[1217:]).verify(signature, signed)
    h = sha512(join(b"hearthside/v1/fingerprint", account.bytes, public)).digest()
    groups = [int.from_bytes(h[at : at + 5], "big") % 100_000 for at in range(0, 30, 5)]
    return str(account), " ".join(f"{group:05d}" for group in groups)


def compare(files, listed):
    told = {one["name"]: (one["size"], one["sha256"]) for one in listed}
    yield from (("added", name) for name in files.keys() - told.keys() - {MANIFEST, SIGNATURE})
    for name, one in told.items():
        body = files.get(name)
        if name not in files or not NAME.fullmatch(name):
            yield "missing", name
        elif body is None or (len(body), sha256(body).hexdigest()) != one:
            yield "differs", name


def verify(path, expected=""):
    """Return what is wrong with which file, as pairs of words, and the fingerprint of who signed."""
    try:
        files = dict(read_folder(path) if path.is_dir() else read_zip(path))
    except (ValueError, BadZipFile, zlib.error):
        return {("archive", "")}, ""
    found, account, fingerprint = set(), None, ""
    try:
        account, fingerprint = read_signature(files[SIGNATURE] or b"", files.get(MANIFEST) or b"")
    except KeyError:
        found.add(("unsigned", SIGNATURE))
    except (ValueError, TypeError, AttributeError, InvalidSignature):
        found.add(("signature", SIGNATURE))
    try:
        manifest = json.loads(files[MANIFEST] or b"")
        found |= set(compare(files, manifest["files"]))
    except (ValueError, KeyError, TypeError):
        return found | {("differs" if MANIFEST in files else "missing", MANIFEST)}, fingerprint
    if account and manifest.get("account_id", account) != account:
        found.add(("account", SIGNATURE))
    if account and expected and "".join(expected.split()) != fingerprint.replace(" ", ""):
        found.add(("key", SIGNATURE))
    return found, fingerprint


if __name__ == "__main__":
    problems, signer = verify(Path(sys.argv[1]), *sys.argv[2:])
    sys.stdout.write("\n".join(" ".join(one) for one in sorted(problems)) or f"whole {signer}")
    sys.exit(1 if problems else 0)
