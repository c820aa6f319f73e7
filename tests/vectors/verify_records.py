"""Verify an archive or its folder as docs/export-format.md says: verify_records.py FILE [FINGERPRINT]"""

import json
import re
import struct
import sys
import zlib
from contextlib import suppress
from hashlib import sha256, sha512
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MANIFEST, SIGNATURE = "manifest.json", "signature.json"
KINDS = [("hearthside-records", 1), ("hearthside-packet", 1)]
NAME = re.compile(r"([a-z]+/)?[A-Za-z0-9-]{1,100}\.(css|csv|html|json|pdf|txt)")
FIXED = {"format": "hearthside-signature", "version": 1, "algorithm": "Ed25519", "purpose": "records"}


def join(*values):
    return b"".join(len(one).to_bytes(4, "big") + one for one in values)


def read_files(path):
    """Return the files, None for what cannot be read, and whether the hash of a zip file written as ours are fits."""
    if path.is_dir():
        found = [one for one in path.rglob("*") if one.is_symlink() or not one.is_dir()]
        read = [one.read_bytes() if one.is_file() and not one.is_symlink() else None for one in found]
        return dict(zip([one.relative_to(path).as_posix() for one in found], read, strict=True)), True
    data, files, directory, at, last = path.read_bytes(), {}, b"", 0, ""
    while data[at : at + 10] == b"PK\3\4\x14\0\0\0\x08\0":
        crc, packed, size, length, extra = struct.unpack_from("<14x3I2H", data, at)
        told, name = data[at + 4 : at + 30], data[at + 30 : at + 30 + length].decode("ascii")
        if extra or name <= last or not NAME.fullmatch(name):
            raise ValueError
        directory += struct.pack("<6s26s8xHI", b"PK\1\2\x14\3", told, 0o100600, at) + name.encode()
        at, last, body, unpacking = at + 30 + length + packed, name, b"", zlib.decompressobj(-15)
        with suppress(zlib.error):
            body = unpacking.decompress(data[at - packed : at], size + 1)
        came = (unpacking.eof, unpacking.unused_data, len(body), zlib.crc32(body))
        files[name] = body if came == (True, b"", size, crc) else None
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(files), len(files), len(directory), at, 71)
    if data[at:-71] != directory + end:
        raise ValueError
    return files, data[-71:] == b"sha256:" + sha256(data[:-71]).hexdigest().encode()


def read_signature(raw, manifest):
    *_, account, public, signature = json.loads(raw).values()
    account, public, signature = UUID(account), bytes.fromhex(public), bytes.fromhex(signature)
    told = {"account_id": str(account), "public_identity": public.hex(), "signature": signature.hex()}
    if json.dumps(FIXED | told, indent=2) != raw.decode():
        raise ValueError
    signed = join(b"hearthside/v1/signature", b"records", join(account.bytes, public, manifest))
    Ed25519PublicKey.from_public_bytes(public[1217:]).verify(signature, signed)
    h = sha512(join(b"hearthside/v1/fingerprint", account.bytes, public)).digest()
    return str(account), " ".join(f"{int.from_bytes(h[at : at + 5]) % 100_000:05d}" for at in range(0, 30, 5))


def compare(files, told, listed):
    hashes = {one["name"]: (one["size"], one["sha256"]) for one in listed}
    if (told["format"], told["schema_version"]) not in KINDS or len({*map(str.lower, hashes)}) != len(listed):
        raise ValueError
    yield from (("added", name) for name in files.keys() - hashes.keys() - {MANIFEST, SIGNATURE})
    yield from (("missing", name) for name in hashes if name not in files or not NAME.fullmatch(name))
    for name in files.keys() & hashes.keys():
        if files[name] is None or (len(files[name]), sha256(files[name]).hexdigest()) != hashes[name]:
            yield "differs", name


def verify(path, expected=""):
    """Return what is wrong with which file, as pairs of words, and the fingerprint of who signed."""
    try:
        files, fits = read_files(path)
    except (ValueError, struct.error):
        return {("archive", "")}, ""
    found, account, fingerprint = set() if fits else {("archive", "")}, None, ""
    try:
        account, fingerprint = read_signature(files[SIGNATURE] or b"", files.get(MANIFEST) or b"")
    except (KeyError, ValueError, TypeError, AttributeError, InvalidSignature):
        found.add(("signature" if SIGNATURE in files else "unsigned", SIGNATURE))
    try:
        manifest = json.loads((files[MANIFEST] or b"").decode())
        found |= set(compare(files, manifest, manifest["files"]))
    except (KeyError, ValueError, TypeError, AttributeError):
        return found | {("differs" if MANIFEST in files else "missing", MANIFEST)}, fingerprint
    if account and (manifest.get("account_id") or account) != account:
        found.add(("account", SIGNATURE))
    if account and expected and "".join(expected.split()) != fingerprint.replace(" ", ""):
        found.add(("key", SIGNATURE))
    return found, fingerprint


if __name__ == "__main__":
    problems, signer = verify(Path(sys.argv[1]), *sys.argv[2:])
    lines = [json.dumps(f"{what} {name}")[1:-1] for what, name in sorted(problems)]
    sys.stdout.write("\n".join(lines) or f"whole {signer}")
    sys.exit(1 if problems else 0)
