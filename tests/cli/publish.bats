load helper

# A run with something of every kind, in a repository that differs from HEAD when $1 is changed.
prepare() {
	in_repo
	with_key
	echo '{"private_lr": 0.0625}' > "$D/private.json"
	git remote add origin https://user:hunter2@git.example.org/secret-project.git
	mkdir -p "$D/secret-data"; seq 100 > "$D/secret-data/a"
	[ "${1:-}" != changed ] || echo 'secret_line = 1' >> train.py
	"$G" run -q --name shown-name --data set="$D/secret-data" --output out="$D/out" --config config.json --config "$D/private.json" \
		--param seed=7 -- sh -c "mkdir '$D/out'; echo w > '$D/out/w'" - --hidden-argument
}

# The records that a bundle withholds: kinds, sorted, once each.
withheld() { "$V" "$1" --key "$PUB" --json > "$D/v"; json "$D/v" "' '.join(sorted(set(w['kind'] for w in d['withheld'])))"; }
all_of() { cat "$1"/blobs/sha256/* "$1"/index.json; }
layers() {
	python3 - "$1" <<'END'
import json, sys
b = sys.argv[1]
d = json.load(open(b + "/index.json"))["manifests"][0]["digest"][7:]
for l in json.load(open(b + "/blobs/sha256/" + d))["layers"]:
    print(l["annotations"]["org.opencontainers.image.title"], l["digest"])
END
}

@test "the public profile withholds what should not be public by accident and nothing else" {
	prepare
	"$G" publish -q last -o "$D/b"
	is "$(withheld "$D/b")" "arg console git host root var"
	# The one that has a folder in it.
	is "$(json "$D/v" "[w['reason'] for w in d['withheld'] if w['kind'] == 'arg']")" "['it has a folder of the machine in it']"
	layers "$D/b" | grep -q '^code/0.tar '
	is "$(layers "$D/b" | grep -c '^file/')" 2
}

@test "the code is withheld where the snapshot differs from HEAD" {
	prepare changed
	"$G" publish -q last -o "$D/b"
	is "$(withheld "$D/b")" "arg code console git host root var"
	! layers "$D/b" | grep -q '^code/' || false
	! all_of "$D/b" | grep -aq secret_line
	"$V" -q "$D/b" --key "$PUB"
	run "$V" -q "$D/b" --key "$PUB" --require code
	is "$status" 3
}

@test "what is withheld occurs nowhere in the bundle" {
	prepare changed
	"$G" publish -q last -o "$D/b" --withhold arg --withhold config --withhold 'param:private*' --withhold param:hidden_argument
	"$G" publish -q last -o "$D/b.tar" --withhold arg --withhold config --withhold 'param:private*' --withhold param:hidden_argument
	for secret in private_lr 0.0625 hidden-argument hunter2 secret-project git.example.org secret-data "$D" "$(hostname)-none" secret_line; do
		for form in "$secret" "$(printf %s "$secret" | base64 -w 0 | sed 's/=*$//; s/.$//')" "$(printf %s "$secret" | od -An -tx1 | tr -d ' \n')"; do
			[ "${#form}" -ge 4 ] || continue
			! all_of "$D/b" | grep -aqF -- "$form" || { echo "$secret as $form"; false; }
			! grep -aqF -- "$form" "$D/b.tar"
		done
	done
	# No digest of a withheld file either.
	for f in "$D/private.json" train.py; do
		hash=$(sha256sum "$f" | cut -d' ' -f1)
		! all_of "$D/b" | grep -aq "$hash"
		! all_of "$D/b" | od -An -v -tx1 | tr -d ' \n' | grep -q "$hash"
		! ls "$D/b/blobs/sha256" | grep -q "$hash"
	done
}

@test "the full profile shows all but a password in a remote" {
	prepare changed
	"$G" publish -q last --profile full -o "$D/b"
	is "$(withheld "$D/b")" ""
	for shown in private_lr hidden-argument secret-project secret_line; do all_of "$D/b" | grep -aqF -- "$shown"; done
	! all_of "$D/b" | grep -aq hunter2 || false
	"$V" -q "$D/b" --key "$PUB"
}

@test "the same run, selection and key give the same bytes" {
	prepare
	"$G" publish -q last -o "$D/one"
	"$G" publish -q last -o "$D/one.tar"
	"$G" run -q -- true
	sleep 1.1
	run "$G" publish shown-name -o "$D/two"
	is "$status" 0
	has "$output" "statement 1"
	"$G" publish -q shown-name -o "$D/two.tar"
	diff -r "$D/one" "$D/two"
	cmp "$D/one.tar" "$D/two.tar"
	mkdir "$D/x"; tar -xf "$D/one.tar" -C "$D/x"
	diff -r "$D/one" "$D/x"
}

@test "another selection is a second statement that names the first" {
	prepare
	"$G" publish -q last -o "$D/one"
	run "$G" publish last --profile full -o "$D/two"
	has "$output" "statement 2"
	python3 - "$D/one" "$D/two" <<'END'
import base64, hashlib, json, sys
def statement(b):
    d = json.load(open(b + "/index.json"))["manifests"][0]["digest"][7:]
    l = json.load(open(b + "/blobs/sha256/" + d))["layers"][0]["digest"][7:]
    data = open(b + "/blobs/sha256/" + l, "rb").read()
    return data, base64.b64decode(json.loads(data)["payload"])
(one, p1), (two, p2) = statement(sys.argv[1]), statement(sys.argv[2])
s = json.loads(p2)["predicate"]
assert s["sequence"] == 2, s["sequence"]
assert any(h in json.dumps(s["previous"]) for h in (hashlib.sha256(one).hexdigest(), hashlib.sha256(p1).hexdigest())), s["previous"]
END
	for title in streams.tfrecord manifest/0.tfrecord manifest/1.tfrecord manifest/2.tfrecord code/0.tar head.note start.proof seal.proof; do
		is "$(layers "$D/one" | grep "^$title ")" "$(layers "$D/two" | grep "^$title ")"
	done
	run "$G" publish last -o "$D/again"
	has "$output" "statement 1"
	diff -r "$D/one" "$D/again"
}

@test "an -o that exists is refused and nothing is written" {
	prepare
	mkdir "$D/there"; echo x > "$D/there.tar"
	for o in "$D/there" "$D/there.tar"; do
		run "$G" publish last -o "$o"
		is "$status" 2
		has "$output" "$o"
	done
	is "$(ls -A "$D/there")$(cat "$D/there.tar")" x
	run "$G" publish last -o "$D/no/such/folder/b"
	[ "$status" != 0 ]
	[ ! -e "$D/no" ]
}

@test "a bundle is not left half written" {
	prepare
	run bash -c "ulimit -f 1; trap '' XFSZ; '$G' publish last -o '$D/b.tar'"
	[ "$status" != 0 ]
	[ ! -e "$D/b.tar" ]
	run bash -c "ulimit -f 1; trap '' XFSZ; '$G' publish last -o '$D/b'"
	[ "$status" != 0 ]
	[ ! -e "$D/b" ]
}

@test "publishing unsigned is verified as undetermined" {
	in_repo
	"$G" run -q -- true
	"$G" publish -q last -o "$D/b"
	run "$V" "$D/b"
	is "$status" 3
	has "$output" "withheld (unsigned)"
	with_key
	run "$V" "$D/b" --key "$PUB"
	is "$status" 1
}

@test "what a git filter keeps out of the commit is not published" {
	in_repo
	with_key
	git config filter.c.clean 'tr A-Za-z N-ZA-Mn-za-m' && git config filter.c.smudge 'tr A-Za-z N-ZA-Mn-za-m'
	echo 'secret.txt filter=c' > .gitattributes
	echo PLAINTEXTSECRET > secret.txt
	git add -A && git commit -q -m crypt
	"$G" run -q -- true
	"$G" publish -q last -o "$D/b"
	has "$(withheld "$D/b")" code
	! all_of "$D/b" | grep -q -a PLAINTEXTSECRET || false
}

@test "tokens in a declared URI are kept nowhere" {
	in_repo
	with_key
	"$G" run -q --data 's3://USERID:SEKRITPW@host/set?X-Amz-Signature=SIGTOKEN' -- true
	"$G" publish -q last --profile full -o "$D/b"
	! all_of "$D/b" | grep -q -a -E 'SEKRITPW|SIGTOKEN' || false
	! grep -r -q -a -E 'SEKRITPW|SIGTOKEN' .git/glassbox || false
	records
	has "$(bodies data)" s3://
}

@test "another owner's run is not signed with the default key" {
	in_repo
	with_key
	"$G" key new --name other.example --key "$D/other.pem" > /dev/null
	"$G" run -q --key "$D/other.pem" -- true
	run "$G" publish last -o "$D/b"
	is "$status" 2
	has "$output" other.example
	[ ! -e "$D/b" ]
	"$G" publish -q last --key "$D/other.pem" -o "$D/b"
	"$V" -q "$D/b" --key "$D/other.pub"
}
