"""Ed25519 signatures (RFC 8032 section 5.1) in a few lines, for thousands of them: a process of openssl's for each takes too long."""
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
NEUTRAL = (0, 1, 1, 0)


def _add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _base():
    y = 4 * pow(5, -1, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    x = P - x if x % 2 else x
    return x, y, 1, x * y % P


def _table():
    """table[i][n] is n * 16^i times the base point."""
    out, point = [], _base()
    for _ in range(64):
        row = [NEUTRAL]
        for _ in range(15):
            row.append(_add(row[-1], point))
        out.append(row)
        point = _add(row[-1], point)
    return out


_TABLE = _table()


def _times_base(n):
    point = NEUTRAL
    for i in range(64):
        point = _add(point, _TABLE[i][n >> 4 * i & 15])
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


class Key:
    def __init__(self, seed):
        h = hashlib.sha512(seed).digest()
        self._secret = int.from_bytes(h[:32], "little") & (1 << 254) - 8 | 1 << 254
        self._prefix = h[32:]
        self.public = _times_base(self._secret)

    def sign(self, data):
        r = _number(self._prefix, data) % L
        point = _times_base(r)
        return point + ((r + _number(point, self.public, data) * self._secret) % L).to_bytes(32, "little")


# RFC 8032 section 7.1, test 2.
_TEST = Key(bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
assert _TEST.public.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
assert _TEST.sign(b"\x72").hex() == ("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                                     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
