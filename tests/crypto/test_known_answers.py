"""
Published answers, through our functions as far down as these reach.

Where a published case uses sizes that we refuse (a memory of 32 KiB, a nonce of its own), the case goes to
the lowest function of ours that takes it.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from crypto import FLOOR, Argon2Parameters, OpenError, PrivateIdentity, ServerKey, derive_key
from crypto.derive import expand, extract
from crypto.envelope import decrypt, encrypt
from crypto.password import argon2id

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("secret", "salt", "info", "expected"),
    [
        (
            "0b" * 22,
            "000102030405060708090a0b0c",
            "f0f1f2f3f4f5f6f7f8f9",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            "".join(f"{byte:02x}" for byte in range(0x50)),
            "".join(f"{byte:02x}" for byte in range(0x60, 0xB0)),
            "".join(f"{byte:02x}" for byte in range(0xB0, 0x100)),
            (
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
                "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
            ),
        ),
        (
            "0b" * 22,
            "",
            "",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
)
def test_hkdf_rfc_5869_appendix_a(secret: str, salt: str, info: str, expected: str) -> None:
    """Test cases 1 to 3 of RFC 5869, SHA-256."""
    okm = bytes.fromhex(expected)
    extracted = extract(bytes.fromhex(secret), salt=bytes.fromhex(salt))
    assert expand(extracted, info=bytes.fromhex(info), size=len(okm)) == okm


@pytest.mark.parametrize(
    ("key", "data", "expected"),
    [
        (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (
            bytes(range(1, 26)),
            b"\xcd" * 50,
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ],
)
def test_hmac_rfc_4231(key: bytes, data: bytes, expected: str) -> None:
    """Test cases 1 to 4 and 6 of RFC 4231, SHA-256, by the function that our MACs use."""
    assert hmac.digest(key, data, "sha256").hex() == expected


def test_our_macs_are_hmac_by_its_definition() -> None:
    """A MAC of ours is H(key ^ opad || H(key ^ ipad || message)), computed here by hand (RFC 2104)."""
    key = derive_key(b"s" * 32, "server-mac/audit")
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + b"message").digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()
    assert ServerKey(b"s" * 32).mac("audit", b"message") == outer


ARGON2ID_ANSWERS = {
    ("password", "somesalt", 65536, 2, 1): "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7",
    ("password", "somesalt", 256, 2, 1): "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe",
    ("password", "somesalt", 256, 2, 2): "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037",
    ("password", "somesalt", 65536, 1, 1): "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98",
    ("password", "diffsalt", 65536, 2, 1): "bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c",
    ("differentpassword", "somesalt", 65536, 2, 1): (
        "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde"
    ),
}


@pytest.mark.parametrize("case", ARGON2ID_ANSWERS, ids=str)
def test_argon2id_reference_answers(case: tuple[str, str, int, int, int]) -> None:
    """Answers of the reference implementation's own tests (phc-winner-argon2, version 1.3)."""
    password, salt, *cost = case
    made = argon2id(password.encode(), salt.encode(), Argon2Parameters(*cost))
    assert made.hex() == ARGON2ID_ANSWERS[case]


def test_argon2id_rfc_9106_by_way_of_a_second_implementation() -> None:
    """
    RFC 9106 section 5.3 needs a secret and associated data, which we never use and cannot pass.

    So the answer is checked on a second implementation, and that one then agrees with ours.
    """
    published = Argon2id(
        salt=b"\x02" * 16,
        length=32,
        iterations=3,
        lanes=4,
        memory_cost=32,
        secret=b"\x03" * 8,
        ad=b"\x04" * 12,
    )
    answer = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    assert published.derive(b"\x01" * 32).hex() == answer
    for parameters in (FLOOR, Argon2Parameters(32, 3, 4), Argon2Parameters(20000, 3, 2)):
        second = Argon2id(
            salt=b"\x02" * 16,
            length=32,
            iterations=parameters.iterations,
            lanes=parameters.parallelism,
            memory_cost=parameters.memory_kib,
        )
        assert argon2id(b"\x01" * 32, b"\x02" * 16, parameters) == second.derive(b"\x01" * 32)


GCM_KEY = "feffe9928665731c6d6a8f9467308308" * 2
GCM_TEXT = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
GCM_CIPHERTEXT = (
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
)


@pytest.mark.parametrize(
    ("key", "nonce", "text", "data", "sealed"),
    [
        ("00" * 32, "00" * 12, "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
        (
            "00" * 32,
            "00" * 12,
            "00" * 16,
            "",
            "cea7403d4d606b6e074ec5d3baf39d18" + "d0d1c8a799996bf0265b98b5d48ab919",
        ),
        (
            GCM_KEY,
            "cafebabefacedbaddecaf888",
            GCM_TEXT + "1aafd255",
            "",
            GCM_CIPHERTEXT + "898015ad" + "b094dac5d93471bdec1a502270e3cc6c",
        ),
        (
            GCM_KEY,
            "cafebabefacedbaddecaf888",
            GCM_TEXT,
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            GCM_CIPHERTEXT + "76fc6ece0f4e1768cddf8853bb2d551b",
        ),
    ],
)
def test_aes_256_gcm_as_submitted_to_nist(key: str, nonce: str, text: str, data: str, sealed: str) -> None:
    """Test cases 13 to 16 of the GCM specification, through the functions that make our envelopes."""
    aead, plain, fixed = AESGCM(bytes.fromhex(key)), bytes.fromhex(text), bytes.fromhex(nonce)
    made = encrypt(aead, b"", fixed, plain, bytes.fromhex(data))
    assert made.hex() == nonce + sealed
    # The envelope's header is part of the associated data, so the published data serves as both.
    if len(data) >= 4:
        header, rest = bytes.fromhex(data)[:2], bytes.fromhex(data)[2:]
        assert decrypt(aead, header, header + made, rest) == plain
        with pytest.raises(OpenError):
            decrypt(aead, header, header + made, rest + b"\0")


@pytest.mark.parametrize(
    ("text", "sealed"),
    [
        ("", "07f5f4169bbf55a8400cd47ea6fd400f"),
        ("0100000000000000", "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"),
        ("010000000000000000000000", "9aab2aeb3faa0a34aea8e2b18ca50da9ae6559e48fd10f6e5c9ca17e"),
        (
            "01000000000000000000000000000000",
            "85a01b63025ba19b7fd3ddfc033b3e76c9eac6fa700942702e90862383c6c366",
        ),
        (
            "01000000000000000000000000000000" + "02000000000000000000000000000000",
            "4a6a9db4c8c6549201b9edb53006cba821ec9cf850948a7c86c68ac7539d027fe819e63abcd020b006a976397632eb5d",
        ),
    ],
)
def test_aes_256_gcm_siv_rfc_8452(text: str, sealed: str) -> None:
    """RFC 8452 appendix C.2, first cases, through the function that makes our wrapped keys."""
    aead = AESGCMSIV(bytes.fromhex("01" + "00" * 31))
    nonce = bytes.fromhex("030000000000000000000000")
    assert encrypt(aead, b"", nonce, bytes.fromhex(text), b"").hex() == nonce.hex() + sealed


@pytest.mark.parametrize(
    ("seed", "public", "message", "signature"),
    [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            (
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            (
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            (
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
            ),
        ),
    ],
)
def test_ed25519_rfc_8032(seed: str, public: str, message: str, signature: str) -> None:
    """Tests 1 to 3 of RFC 8032 section 7.1: the public key by us, the signature by the cipher under ours."""
    private = PrivateIdentity(b"m" * 64, b"x" * 32, bytes.fromhex(seed))
    assert private.public().signing.hex() == public
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    assert key.sign(bytes.fromhex(message)).hex() == signature


def independent_reader() -> ModuleType:
    """Load the stand-alone reader, which puts HPKE together from its parts."""
    file = HERE.parent / "vectors" / "independent_reader.py"
    spec = importlib.util.spec_from_file_location("independent_reader", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_hpke_draft_answer_by_the_independent_reader() -> None:
    """
    The published case of HPKE with ML-KEM-768 and X25519, on the reader's own HPKE.

    It is sealed with other parameters than ours, so our functions cannot take it. The reader can, and it
    opens every care-link key in the vectors; so ours is the published construction too.
    """
    reader = independent_reader()
    published = json.loads((HERE / "published" / "hpke-mlkem768-x25519.json").read_text("utf-8"))
    case = {name: bytes.fromhex(value) for name, value in published.items() if name != "source"}
    seed = hashlib.shake_256(case["skRm"]).digest(96)
    shared = reader.kem_shared_secret(case["enc"], seed[:64], seed[64:])
    assert shared == case["shared_secret"]
    assert reader.hpke_key_and_nonce(shared, case["info"], 3) == (case["key"], case["base_nonce"])
    opened = ChaCha20Poly1305(case["key"]).decrypt(case["base_nonce"], case["ct"], case["aad"])
    assert opened == case["pt"]
