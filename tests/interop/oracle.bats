#!/usr/bin/env bats
# Bundles that glassbox publishes, judged by oracle.py, which was written from proto/FORMAT.md and shares no code with it.
# GLASSBOX and GLASSBOX_VERIFY name the programs.

bats_require_minimum_version 1.5.0

setup_file() {
	export ORACLE="$BATS_TEST_DIRNAME/oracle.py" FORMAT="$BATS_TEST_DIRNAME/../../proto/FORMAT.md"
	export EXAMPLE="$BATS_TEST_DIRNAME/format_example.py"
	export HOME="$BATS_FILE_TMPDIR/home" GIT_CONFIG_NOSYSTEM=1
	unset XDG_CONFIG_HOME XDG_STATE_HOME GLASSBOX_KEY GLASSBOX_STORE
	export GLASSBOX_STORE="$BATS_FILE_TMPDIR/store"
	mkdir -p "$HOME"
	cd "$BATS_FILE_TMPDIR"
	"$GLASSBOX" key new --name alice
	export KEY="$HOME/.config/glassbox/key.vkey"
	make_repo
	cd repo
	"$GLASSBOX" run -q --name all --data d=data --output out --output e1 --output e2 --config config.json --config other.json \
		--param seed=7 -- ./run.sh
	"$GLASSBOX" publish -q all -o ../public
	"$GLASSBOX" publish -q all --profile full -o ../full
	cd ..
	mkdir plain
	cd plain
	HOME="$BATS_FILE_TMPDIR/nobody" "$GLASSBOX" run -q --name bare -- true
	HOME="$BATS_FILE_TMPDIR/nobody" "$GLASSBOX" publish -q bare -o ../unsigned
}

# A repository with what makes trees, tars and manifests hard: modes, links, long and odd names, an order that differs between a
# folder's name and a file's, filtered line ends, a submodule, changed files.
make_repo() {
	git init -q repo
	cd repo
	git config user.email alice@example.org
	git config user.name alice
	mkdir -p a a/b data out e1 e2 "$(printf 'd%.0s' $(seq 60))/$(printf 'e%.0s' $(seq 60))"
	echo 1 >a/b/f
	echo 2 >a-b
	echo 3 >a.b
	echo 4 >"$(printf 'd%.0s' $(seq 60))/$(printf 'e%.0s' $(seq 60))/long"
	printf 'x' >"$(printf 'odd \n\377')"
	: >empty
	ln -s a/b/f link
	ln -s "$(printf 't%.0s' $(seq 150))" long-link
	printf '#!/bin/sh\nmkdir -p out\necho 5 >out/w.bin\nln -sf w.bin out/last\n' >run.sh
	chmod +x run.sh
	printf '*.txt eol=crlf\n' >.gitattributes
	printf 'one\r\ntwo\r\n' >lines.txt
	printf '{"lr": 0.1, "n": {"layers": 3}}' >config.json
	printf '/data/\n/out/\n/e1/\n/e2/\n/other.json\n' >.gitignore
	git add -A
	git commit -qm first
	git update-index --add --cacheinfo "160000,$(git rev-parse HEAD),sub"
	git commit -qm second
	mkdir -p sub
	printf '{"secret": true}' >other.json
	echo hello >data/a.txt
	mkdir data/a
	echo world >data/a/b
	: >data/none
	ln -s a.txt data/link
	echo changed >>a-b
	cd ..
}

oracle() {
	python3 "$ORACLE" "$@"
}

@test "a public bundle" {
	oracle "$BATS_FILE_TMPDIR/public" --key "$KEY"
}

@test "a full bundle" {
	run -0 oracle "$BATS_FILE_TMPDIR/full" --key "$KEY"
	[[ "$output" == *"code         pass: 1 snapshots"* ]]
}

@test "glassbox-verify says the same" {
	"$GLASSBOX_VERIFY" -q "$BATS_FILE_TMPDIR/public" --key "$KEY"
	"$GLASSBOX_VERIFY" "$BATS_FILE_TMPDIR/full" --key "$KEY"
}

@test "an unsigned bundle" {
	oracle "$BATS_FILE_TMPDIR/unsigned" --unsigned
	run -1 oracle "$BATS_FILE_TMPDIR/unsigned"
	run -3 "$GLASSBOX_VERIFY" -q "$BATS_FILE_TMPDIR/unsigned"
}

@test "an output that the job did not write" {
	cd "$BATS_FILE_TMPDIR/plain"
	mkdir old && echo w >old/w && sleep 0.1
	"$GLASSBOX" run -q --name old --output old -- true
	"$GLASSBOX" publish -q old -o ../old
	python3 "$ORACLE" ../old --key "$KEY"
}

@test "another key" {
	mkdir "$BATS_TEST_TMPDIR/mallory"
	"$GLASSBOX" key new --name mallory --key "$BATS_TEST_TMPDIR/mallory/key.pem"
	run -1 oracle "$BATS_FILE_TMPDIR/full" --key "$BATS_TEST_TMPDIR/mallory/key.vkey"
	run -1 "$GLASSBOX_VERIFY" -q "$BATS_FILE_TMPDIR/full" --key "$BATS_TEST_TMPDIR/mallory/key.vkey"
}

# The middle byte of every file of the bundle.
@test "a changed byte in each file" {
	cp -r "$BATS_FILE_TMPDIR/full" "$BATS_TEST_TMPDIR/b"
	cd "$BATS_TEST_TMPDIR/b"
	for file in oci-layout index.json blobs/sha256/*; do
		size=$(stat -c %s "$file")
		[ "$size" -gt 0 ] || continue
		cp "$file" ../kept
		python3 - "$file" $((size / 2)) <<-'END'
			import sys
			with open(sys.argv[1], "r+b") as f:
			    data = bytearray(f.read())
			    data[int(sys.argv[2])] ^= 1
			    f.seek(0)
			    f.write(data)
		END
		run -1 oracle "$BATS_TEST_TMPDIR/b" --key "$KEY"
		run "$GLASSBOX_VERIFY" -q "$BATS_TEST_TMPDIR/b" --key "$KEY"
		[ "$status" -eq 1 ] || [ "$status" -eq 3 ]
		cat ../kept >"$file"
	done
	oracle "$BATS_TEST_TMPDIR/b" --key "$KEY"
}

@test "each file removed" {
	cp -r "$BATS_FILE_TMPDIR/full" "$BATS_TEST_TMPDIR/b"
	cd "$BATS_TEST_TMPDIR/b"
	for file in oci-layout index.json blobs/sha256/*; do
		mv "$file" ../kept
		run -1 oracle "$BATS_TEST_TMPDIR/b" --key "$KEY"
		run "$GLASSBOX_VERIFY" -q "$BATS_TEST_TMPDIR/b" --key "$KEY"
		[ "$status" -eq 1 ] || [ "$status" -eq 3 ]
		mv ../kept "$file"
	done
}

@test "the example of FORMAT.md" {
	python3 "$EXAMPLE" --check "$FORMAT"
}
