load helper

prepare() {
	in_repo
	with_key
	mkdir -p "$D/data/sub" "$D/copy"
	seq 1000 > "$D/data/a"; echo b > "$D/data/sub/b"
	"$G" run -q --data set="$D/data" --output out="$D/out" -- sh -c "mkdir '$D/out'; echo weights > '$D/out/w'"
	"$G" publish -q last -o "$D/b"
	cp -r "$D/data" "$D/copy/data"; cp -r "$D/out" "$D/copy/out"
}

@test "exit status 0, 1, 2 and 3" {
	prepare
	run "$V" "$D/b" --key "$PUB"
	is "$status" 0
	has "${lines[0]}" "verified: signed by owner.example/"
	run "$V" "$D/b"
	is "$status" 3
	has "${lines[0]}" undetermined
	"$G" key new --name other --key "$D/other.pem" > /dev/null
	run "$V" "$D/b" --key "$D/other.pub"
	is "$status" 1
	has "${lines[0]}" failed
	run "$V" "$D/b" --key "$D/other.pub" --key "$PUB"
	is "$status" 0
	run "$V" "$D/b" --keys x
	is "$status" 2
	run "$V" "$D/nothing" --key "$PUB"
	is "$status" 3
	has "$output" "$D/nothing"
	has "$output" "data not compared"
}

@test "glassbox verify trusts the user's own key and glassbox-verify none" {
	prepare
	"$G" verify -q "$D/b"
	run "$V" -q "$D/b"
	is "$status" 3
	XDG_CONFIG_HOME=$D/elsewhere run "$G" verify -q "$D/b"
	is "$status" 3
	env -i "$V" -q "$D/b" --key "$PUB"
}

@test "verification needs nothing but bundle and key" {
	prepare
	"$G" publish -q last -o "$D/b.tar"
	rm -rf "$D/repo" "$D/data" "$D/out"
	cp "$PUB" "$D/pub"; rm -rf "$XDG_CONFIG_HOME" "$XDG_STATE_HOME"
	cd /
	"$V" -q "$D/b" --key "$D/pub"
	"$V" -q "$D/b.tar" --key "$D/pub"
}

@test "no openssl.cnf says what is done" {
	prepare
	printf '%s\n' 'openssl_conf = all' '[all]' 'providers = only' '[only]' 'null = none' '[none]' 'activate = 1' > "$D/openssl.cnf"
	export OPENSSL_CONF=$D/openssl.cnf
	run openssl dgst -sha256 "$PUB"
	[ "$status" != 0 ]
	"$V" -q "$D/b" --key "$PUB"
	"$G" verify -q "$D/b"
	"$G" run -q -- true
	"$G" publish -q last -o "$D/again"
}

@test "data and artifacts are compared and the file that differs is named" {
	prepare
	run "$V" "$D/b" --key "$PUB" --data set="$D/copy/data" --artifacts "$D/copy/out" --require data,artifacts
	is "$status" 0
	has "${lines[0]}" "code compared, data compared, weights compared"
	echo more >> "$D/copy/data/sub/b"
	run "$V" "$D/b" --key "$PUB" --data set="$D/copy/data"
	is "$status" 1
	has "$output" sub/b
	has "${lines[0]}" "data DIFFERS"
	echo b > "$D/copy/data/sub/b"
	echo surplus > "$D/copy/data/new"
	run "$V" "$D/b" --key "$PUB" --data "$D/copy/data"
	is "$status" 1
	has "$output" new
	rm "$D/copy/data/new" "$D/copy/data/a"
	run "$V" "$D/b" --key "$PUB" --data "$D/copy/data"
	is "$status" 1
	echo other > "$D/copy/out/w"
	run "$V" "$D/b" --key "$PUB" --artifacts "$D/copy/out"
	is "$status" 1
	has "$output" w
}

@test "--require makes anything but pass a 3" {
	prepare
	for check in data artifacts attestations timestamps; do
		run "$V" -q "$D/b" --key "$PUB" --require $check
		is "$status" 3
	done
	"$V" -q "$D/b" --key "$PUB" --require layout,digests,records,chain,streams,commitments,publication,signature,code,manifests
}

@test "--json has the keys of the design" {
	prepare
	"$V" "$D/b" --key "$PUB" --json > "$D/v"
	is "$(json "$D/v" "[k for k in ('format', 'verdict', 'signer', 'checks', 'withheld', 'gaps') if k not in d]")" "[]"
	is "$(json "$D/v" "d['format'], d['verdict']")" "('glassbox.verify/1', 'verified')"
	is "$(json "$D/v" "sorted(d['signer']), d['signer']['trusted']")" "(['key', 'name', 'trusted'], True)"
	is "$(json "$D/v" "' '.join(c['name'] for c in d['checks'])")" \
		"layout digests records chain streams commitments publication signature code manifests data artifacts attestations timestamps"
	is "$(json "$D/v" "sorted(set(c['status'] for c in d['checks']) - {'pass', 'fail', 'withheld', 'absent', 'skipped'})")" "[]"
	is "$(json "$D/v" "set(map(lambda w: tuple(sorted(w)), d['withheld']))")" "{('kind', 'reason', 'seq', 'stream')}"
	truncate -s 2M "$D/repo/untracked"
	"$G" run -q -- true
	"$G" publish -q last -o "$D/c"
	"$V" "$D/c" --key "$PUB" --json > "$D/v"
	is "$(json "$D/v" "[k for k in ('kind', 'reason', 'seq', 'stream', 'where') if k not in d['gaps'][0]], d['gaps'][0]['where']")" "([], None)"
}

@test "names from a record cannot steer the terminal" {
	in_repo
	with_key
	"$G" run -q --param $'name=\e[2J\xe2\x80\xaeevil' --name $'a\e]0;title\a' -- true
	"$G" publish -q last --profile full -o "$D/b"
	run "$V" -v "$D/b" --key "$PUB"
	is "$status" 0
	shown=$("$G" ls; "$G" show last; "$G" records last; "$V" -v "$D/b" --key "$PUB")
	hasnt "$shown" $'\e'
	hasnt "$shown" $'\xe2\x80\xae'
}

@test "nothing that was asked for is left out unseen" {
	prepare
	for option in against artifacts; do
		run "$V" "$D/b" --key "$PUB" --$option "$D/nothing" --$option "$D/b"
		is "$status" 2
		has "$output" "--$option is there 2 times; expected it once"
	done
	run "$V" -q "$D/b" --key "$PUB" --require data --require code
	is "$status" 3
	run "$V" -q "$D/b" --key "$PUB" --require code --require layout
	is "$status" 0
	run "$V" "$D/b" --key "$PUB" --require ""
	is "$status" 2
	has "$output" "'' is no check"
}

@test "a FIFO that nobody opened is refused wherever it lies" {
	prepare
	mkfifo "$D/fifo"
	for path in "$D/fifo" "/dev/..$D/fifo" "/dev/fd/../..$D/fifo"; do
		run timeout 20 "$V" "$path" --key "$PUB"
		is "$status" 3
	done
	run "$V" -q <(tar -cf - -C "$D/b" oci-layout) --key "$PUB"
	is "$status" 3
}
