load ../cli/helper

prepare() {
	in_repo
	with_key
	mkdir "$D/data"; seq 100 > "$D/data/a"
	"$G" run -q --name r --data set="$D/data" --param a=1 -- true
	"$G" publish -q last -o "$D/b"
	"$G" publish -q last -o "$D/b.tar"
}

layer() {
	python3 - "$1" "$2" <<'END'
import json, sys
d = json.load(open(sys.argv[1] + "/index.json"))["manifests"][0]["digest"][7:]
for l in json.load(open(sys.argv[1] + "/blobs/sha256/" + d))["layers"]:
    if l["annotations"]["org.opencontainers.image.title"] == sys.argv[2]:
        print(sys.argv[1] + "/blobs/sha256/" + l["digest"][7:])
END
}

@test "skopeo copies a folder and the copy verifies" {
	prepare
	skopeo --insecure-policy --tmpdir "$D" copy -q "oci:$D/b" "oci:$D/copy"
	"$V" "$D/copy" --key "$PUB"
}

@test "skopeo copies a tar and the copy verifies" {
	prepare
	skopeo --insecure-policy --tmpdir "$D" copy -q "oci-archive:$D/b.tar" "oci:$D/copy"
	"$V" "$D/copy" --key "$PUB"
	skopeo --insecure-policy --tmpdir "$D" copy -q "oci:$D/b" "oci-archive:$D/copy.tar"
	"$V" "$D/copy.tar" --key "$PUB"
}

@test "skopeo copies a tar for somebody who is not root, taken apart by tar" {
	prepare
	give_place
	as_user mkdir "$D/apart"
	as_user tar -xf "$D/b.tar" -C "$D/apart"
	as_user skopeo --insecure-policy --tmpdir "$D" copy -q "oci:$D/apart" "oci:$D/copy"
	as_user "$V" "$D/copy" --key "$PUB"
}

@test "an independent reader and protoc read the journals" {
	prepare
	mkdir "$D/frames"
	python3 - "$(layer "$D/b" journal/0.tfrecord)" "$D/frames" <<'END'
import struct, sys
def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
data, at, n = open(sys.argv[1], "rb").read(), 0, 0
while at < len(data):
    length, check = struct.unpack_from("<QI", data, at)
    assert check == crc32c(data[at:at + 8]), at
    frame = data[at + 12:at + 12 + length]
    assert struct.unpack_from("<I", data, at + 12 + length)[0] == crc32c(frame), at
    open(f"{sys.argv[2]}/{n:04}", "wb").write(frame)
    at, n = at + 16 + length, n + 1
assert n > 15, n
END
	for f in "$D"/frames/*; do
		protoc --decode_raw < "$f" > "$D/raw"
		grep -q '^1 {' "$D/raw"
		protoc -I "$BATS_TEST_DIRNAME/../../proto" --decode glassbox.Frame record.proto < "$f" > /dev/null
	done
	is "$("$V" "$D/b" --key "$PUB" --json > "$D/v"; json "$D/v" "d['records']['all']")" "$(ls "$D/frames" | wc -l)"
}

@test "openssl verifies the head note's signature" {
	prepare
	cp "$(layer "$D/b" head.note)" "$D/head.note"
	cd "$D"
	awk '/^$/{exit} {print}' head.note > head.txt
	awk '/^— /{print $3; exit}' head.note | base64 -d | tail -c +5 > head.sig
	openssl pkeyutl -verify -rawin -pubin -inkey "$PUB" -in head.txt -sigfile head.sig
	sed 's/^[0-9]*$/9/' head.txt > other.txt
	run openssl pkeyutl -verify -rawin -pubin -inkey "$PUB" -in other.txt -sigfile head.sig
	[ "$status" != 0 ]
}

@test "openssl verifies the publication statement" {
	prepare
	python3 - "$(layer "$D/b" publication.json)" "$D" <<'END'
import base64, json, sys
e = json.load(open(sys.argv[1]))
p, t = base64.b64decode(e["payload"]), e["payloadType"].encode()
open(sys.argv[2] + "/pae", "wb").write(b"DSSEv1 %d %s %d %s" % (len(t), t, len(p), p))
open(sys.argv[2] + "/sig", "wb").write(base64.b64decode(e["signatures"][0]["sig"]))
END
	openssl pkeyutl -verify -rawin -pubin -inkey "$PUB" -in "$D/pae" -sigfile "$D/sig"
}

@test "a tar by GNU tar that begins with the blobs" {
	in_repo
	with_key
	"$G" run -q -- true
	"$G" publish -q last -o "$D/b"
	(cd "$D/b" && tar --format=ustar -cf "$D/t.tar" $(find blobs -type f | sort) index.json oci-layout)
	"$V" -q "$D/t.tar" --key "$PUB"
}
