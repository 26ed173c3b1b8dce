#!/usr/bin/env python3
"""Ed25519 by RFC 8032, written down from the page, and the cases that verifiers get wrong.

  ed25519.py           prints the cases of ed25519.txt
  ed25519.py check     compares ed25519.txt with them, and their verdicts with the openssl program and Python's cryptography where it is"""
import hashlib
import os
import subprocess
import sys
import tempfile

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add_extended(a, b):
    """Section 5.1.4."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    m, n = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2)
    c, d = 2 * t1 * t2 * D, 2 * z1 * z2
    e, f, g, h = (n - m) % P, (d - c) % P, (d + c) % P, (n + m) % P
    return e * f % P, g * h % P, f * g % P, e * h % P


def extend(point):
    return point[0], point[1], 1, point[0] * point[1] % P


def reduce(point):
    inverse = pow(point[2], P - 2, P)
    return point[0] * inverse % P, point[1] * inverse % P


def add(a, b):
    return reduce(add_extended(extend(a), extend(b)))


def times(n, point):
    out, point = extend((0, 1)), extend(point)
    while n:
        if n & 1:
            out = add_extended(out, point)
        point = add_extended(point, point)
        n >>= 1
    return reduce(out)


def x_of(y, sign):
    """The x of a y, or None: RFC 8032 section 5.1.3 from step 2 on."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


BASE = (x_of(4 * pow(5, P - 2, P) % P, 0), 4 * pow(5, P - 2, P) % P)


def encode(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def decode(data):
    n = int.from_bytes(data, "little")
    y, sign = n & (1 << 255) - 1, n >> 255
    if y >= P:
        return None
    x = x_of(y, sign)
    return None if x is None else (x, y)


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def dom2(flag, context):
    return b"SigEd25519 no Ed25519 collisions" + bytes([flag, len(context)]) + context


class Key:
    def __init__(self, seed, torsion=(0, 1)):
        h = bytearray(hashlib.sha512(seed).digest())
        h[0] &= 248
        h[31] = h[31] & 127 | 64
        self.scalar, self.prefix = int.from_bytes(h[:32], "little"), bytes(h[32:])
        self.public = encode(add(times(self.scalar, BASE), torsion))

    def sign(self, message, dom=b"", torsion=(0, 1), nonce=b""):
        r = number(dom, self.prefix, nonce, message) % L
        big_r = encode(add(times(r, BASE), torsion))
        k = number(dom, big_r, self.public, message) % L
        return big_r + ((r + k * self.scalar) % L).to_bytes(32, "little")


def torsion_points():
    """The eight points of small order."""
    y = 3
    while True:
        point = decode(y.to_bytes(32, "little"))
        if point:
            t = times(L, point)
            if times(4, t) != (0, 1):
                return [times(i, t) for i in range(8)]
        y += 1


def small_encodings():
    """Every 32 bytes that some reader takes for one of them: not reduced, or with the sign of an x that is 0."""
    out = set()
    for x, y in torsion_points():
        for value in (y, y + P):
            if value < 1 << 255:
                out |= {(value | sign << 255).to_bytes(32, "little") for sign in (0, 1)}
    return sorted(out)


def verdict(public, message, signature):
    """By section 5.1.7 without the cofactor, as OpenSSL has it; and no key or R that is not canonical, and no key of small order."""
    a = decode(public)
    if len(signature) != 64 or a is None or times(8, a) == (0, 1):
        return False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= L or decode(r) is None:
        return False
    x, y = times(number(r, public, message) % L, a)
    return encode(add(times(s, BASE), ((P - x) % P, y))) == r


def cases():
    """(name, public key, message, signature)"""
    key, other = Key(b"\1" * 32), Key(b"\2" * 32)
    message = b"glassbox"
    good = key.sign(message)
    big_r, s = good[:32], int.from_bytes(good[32:], "little")
    one = lambda name, signature, public=key.public, text=message: (name, public, text, signature)
    number32 = lambda n: n.to_bytes(32, "little")

    for n in (0, 1, 63, 64, 65, 127, 128, 129, 1023):
        text = bytes(i % 251 for i in range(n))
        yield one(f"good-{n}-bytes", key.sign(text), text=text)
    yield one("another-key", good, public=other.public)
    yield one("another-message", good, text=b"glassbow")
    yield one("message-shorter", good, text=message[:-1])
    yield one("message-longer", good, text=message + b"\0")
    yield one("message-empty", good, text=b"")
    for bit in (0, 7, 128, 254, 255):
        flipped = int.from_bytes(good, "little")
        yield one(f"r-bit-{bit}", (flipped ^ 1 << bit).to_bytes(64, "little"))
        yield one(f"s-bit-{bit}", (flipped ^ 1 << 256 + bit).to_bytes(64, "little"))
        yield one(f"key-bit-{bit}", good, public=number32(int.from_bytes(key.public, "little") ^ 1 << bit))
    yield one("all-zero", bytes(64))
    yield one("all-ones", b"\xff" * 64)
    yield one("r-zero", bytes(32) + good[32:])
    yield one("s-zero", big_r + bytes(32))
    yield one("r-and-s-swapped", good[32:] + big_r)
    yield one("s-negated", big_r + number32(L - s))
    yield one("s-big-endian", big_r + good[32:][::-1])
    for name, wrong in (("plus-l", s + L), ("plus-2l", s + 2 * L), ("plus-8l", s + 8 * L), ("plus-15l", s + 15 * L), ("is-l", L),
                        ("is-l-minus-1", L - 1), ("is-l-plus-1", L + 1), ("top-bit", s | 1 << 255), ("bit-253", s | 1 << 253)):
        if wrong < 1 << 256:
            yield one("s-" + name, big_r + number32(wrong))
    for name, cut in (("empty", b""), ("63-bytes", good[:63]), ("32-bytes", good[:32]), ("65-bytes", good + b"\0"), ("128-bytes", good * 2),
                      ("leading-zero", b"\0" + good)):
        yield one("signature-" + name, cut)
    # Other algorithms of the same RFC over the same key and message.
    yield one("ed25519ph", key.sign(hashlib.sha512(message).digest(), dom2(1, b"")))
    yield one("ed25519ctx", key.sign(message, dom2(0, b"glassbox")))
    yield one("ed25519-of-the-hash", key.sign(hashlib.sha512(message).digest()))
    # The identity as R: s = k a, which the owner alone can make, in the one encoding and in others.
    for name, r in (("canonical", number32(1)), ("not-reduced", number32(P + 1)), ("signed-zero", number32(1 | 1 << 255)),
                    ("not-reduced-signed", number32(P + 1 | 1 << 255))):
        k = number(r, key.public, message) % L
        yield one("r-identity-" + name, r + number32(k * key.scalar % L))
    # R with a part of small order: good only where the cofactor is multiplied away, and then there are eight of each.
    for i, t in enumerate(torsion_points()[1:], 1):
        yield one(f"r-plus-torsion-{i}", key.sign(message, torsion=t))
    for i, r in enumerate(small_encodings()):
        k = number(r, key.public, message) % L
        yield one(f"r-small-order-{i}", r + number32(k * key.scalar % L))
    # A key of small order: S B = R + k A holds for R = S B where 8 divides k, for a message that anybody finds.
    for i, public in enumerate(small_encodings()):
        yield one(f"key-small-order-{i}", *forge(public))
    # A key with a part of small order is its owner's own affair; it signs where 8 divides k.
    for i, t in enumerate(torsion_points()[1:4:2], 1):
        mixed = Key(b"\3" * 32, torsion=t)
        found = {}
        n = 0
        while len(found) < 2:
            nonce = b"%d" % n
            signature = mixed.sign(message, nonce=nonce)
            found.setdefault(verdict(mixed.public, message, signature), signature)
            n += 1
        yield one(f"key-plus-torsion-{i}-good", found[True], public=mixed.public)
        yield one(f"key-plus-torsion-{i}-by-cofactor-only", found[False], public=mixed.public)
    # Keys that are no points, or not in their one encoding.
    for y in range(P, 1 << 255):
        for sign in (0, 1):
            yield one(f"key-not-reduced-{y - P}-{sign}", good, public=number32(y | sign << 255))
    yield one("key-no-point", good, public=number32(next(y for y in range(2, 99) if x_of(y, 0) is None)))
    yield one("key-all-ones", good, public=b"\xff" * 32)


def forge(public):
    """A signature, without any secret, and the public key and message that it is good for by the bare equation."""
    y = int.from_bytes(public, "little") & (1 << 255) - 1
    sign = int.from_bytes(public, "little") >> 255
    x = x_of(y % P, sign)
    a = (0 if x is None else x, y % P)
    s = 7
    r = encode(times(s, BASE))
    for n in range(1000):
        message = b"forged %d" % n
        if times(number(r, public, message) % L, a) == (0, 1):
            return r + s.to_bytes(32, "little"), public, message
    raise AssertionError


HEAD = "# Made by ed25519.py: verdict, name, public key, message and signature in hex; - is empty.\n"


def text():
    out = [HEAD]
    for name, public, message, signature in cases():
        word = "good" if verdict(public, message, signature) else "bad"
        out.append(" ".join([word, name, public.hex(), message.hex() or "-", signature.hex() or "-"]) + "\n")
    return "".join(out)


def of_openssl(folder, public, message, signature):
    names = [os.path.join(folder, n) for n in ("key", "message", "signature")]
    for name, data in zip(names, (bytes.fromhex("302a300506032b6570032100") + public, message, signature)):
        with open(name, "wb") as f:
            f.write(data)
    return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", names[0], "-rawin", "-in", names[1],
                           "-sigfile", names[2]], capture_output=True, timeout=60).returncode == 0


def of_cryptography(public, message, signature):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


# What only we refuse: OpenSSL reads any 32 bytes as a key, reduces them, and does not ask for the order of the point.
def is_stricter(name):
    return name.startswith(("key-small-order-", "key-not-reduced-"))


def check():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ed25519.txt")
    with open(path) as f:
        assert f.read() == text(), "ed25519.txt is not what ed25519.py prints"
    oracles = {"openssl": of_openssl, "cryptography": of_cryptography}
    try:
        import cryptography  # noqa: F401
    except ImportError:
        del oracles["cryptography"]
    count = 0
    with tempfile.TemporaryDirectory(prefix="glassbox-ed25519-") as folder:
        oracles["openssl"] = lambda *case: of_openssl(folder, *case)
        for name, public, message, signature in cases():
            ours = verdict(public, message, signature)
            if message: # openssl pkeyutl cannot read an empty file
                for who, oracle in oracles.items():
                    theirs = oracle(public, message, signature)
                    assert theirs == ours or (theirs and is_stricter(name)), f"{name}: {who} says {theirs}, we say {ours}"
            count += 1
    print(f"{count} cases, compared with {' and '.join(oracles)}")


if __name__ == "__main__":
    check() if sys.argv[1:] == ["check"] else sys.stdout.write(text())
