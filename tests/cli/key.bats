load helper

@test "key new makes a private key with mode 0600 and a public one beside it" {
	umask 000
	"$G" key new --name owner.example
	is "$(stat -c %a "$KEY")" 600
	grep -q 'BEGIN PRIVATE KEY' "$KEY"
	openssl pkey -in "$KEY" -pubout | diff - "$PUB"
	is "$(openssl pkey -in "$KEY" -noout -text | head -1)" "ED25519 Private-Key:"
}

@test "a key is never replaced" {
	with_key
	before=$(cat "$KEY")
	run "$G" key new --name other.example
	is "$status" 2
	has "$output" "$KEY"
	is "$(cat "$KEY")" "$before"
}

@test "key new wants a name" {
	for n in "" "two words" "a+b"; do
		run "$G" key new --name "$n"
		is "$status" 2
		has "$output" --name
	done
	run "$G" key new
	is "$status" 2
	[ ! -e "$KEY" ]
}

@test "key show, list and export agree" {
	with_key
	raw=$(openssl pkey -pubin -in "$PUB" -outform DER | tail -c 32 | od -An -tx1 | tr -d ' \n')
	"$G" key show --json > "$D/show"
	is "$(json "$D/show" "d['key']['key'], d['key']['name'], d['format']")" "('$raw', 'owner.example', 'glassbox.key/1')"
	"$G" key list --json > "$D/list"
	is "$(json "$D/list" "[k['key'] for k in d['keys']]")" "['$raw']"
	"$G" key export | diff - "$PUB"
	vkey=$("$G" key export --vkey)
	is "$(cut -d+ -f3- <<< "$vkey" | base64 -d | tail -c 32 | od -An -tx1 | tr -d ' \n')" "$raw"
	in_repo
	"$G" run -q -- true
	"$G" publish -q last -o "$D/b"
	"$G" key export --vkey > "$D/vkey"
	"$V" -q "$D/b" --key "$D/vkey"
	"$V" -q "$D/b" --key "$KEY"
	"$V" -q "$D/b" --key "$PUB"
}

@test "a locked key: the job runs, sign and publish take the passphrase" {
	echo 'open sesame' > "$D/phrase"
	echo wrong > "$D/wrong"
	"$G" key new --name owner.example --passphrase-file "$D/phrase" > /dev/null
	grep -q 'BEGIN ENCRYPTED PRIVATE KEY' "$KEY"
	run "$G" run -- sh -c 'exit 4' < /dev/null
	is "$status" 4
	has "$output" passphrase
	is "$(gaps)" 2
	run "$G" sign last < /dev/null
	is "$status" 3
	run "$G" sign last --passphrase-file "$D/wrong"
	[ "$status" != 0 ]
	"$G" sign last --passphrase-file "$D/phrase"
	"$G" publish -q last --passphrase-file "$D/phrase" -o "$D/b"
	"$V" -q "$D/b" --key "$PUB"
}

@test "a key of a wrong type is refused and named" {
	for type in "RSA -pkeyopt rsa_keygen_bits:2048" X25519 "EC -pkeyopt ec_paramgen_curve:P-256"; do
		openssl genpkey -algorithm $type -out "$D/k.pem" 2> /dev/null
		chmod 600 "$D/k.pem"
		"$G" run -q -- true
		run "$G" sign last --key "$D/k.pem"
		[ "$status" != 0 ]
		has "$output" "$D/k.pem"
		has "${output^^}" ED25519
	done
	echo trash > "$D/k.pem"
	run "$G" sign last --key "$D/k.pem"
	[ "$status" != 0 ]
	has "$output" "$D/k.pem"
}

@test "a private key that others can read is refused" {
	with_key
	"$G" run -q --key /nothing -- true || true
	chmod 644 "$KEY"
	run "$G" sign last
	[ "$status" != 0 ]
	has "$output" "$KEY"
	run "$G" run -- sh -c 'exit 4'
	is "$status" 4
	has "$output" "$KEY"
}

@test "a key through a symbolic link" {
	with_key
	mv "$KEY" "$D/real.pem"
	ln -s "$D/real.pem" "$KEY"
	"$G" run -q --store "$D/s" -- true
	run "$G" sign last --store "$D/s"
	code=$status
	[ "$code" = 0 ] || has "$output" "$KEY"
	ln -s "$D/nothing" "$D/dangling.pem"
	run "$G" key new --name a --key "$D/dangling.pem"
	is "$status" 2
	[ ! -e "$D/nothing" ]
}

@test "without a key every command says so and what to do" {
	run "$G" run -- true
	has "$output" 'glassbox key new'
	has "$("$G" ls)" unsigned
	has "$("$G" show last)" 'not signed'
	run "$G" sign last
	is "$status" 3
	has "$output" 'glassbox key new'
	run "$G" publish last -o "$D/b"
	is "$status" 0
	has "$output" 'glassbox key new'
	run "$V" "$D/b"
	is "$status" 3
	has "$output" 'not signed'
	with_key
	"$G" sign last
	"$G" publish -q last -o "$D/c"
	"$V" -q "$D/c" --key "$PUB"
}

@test "two runs are two leaves of one log and both verify" {
	with_key
	"$G" run -q --name one -- true
	"$G" run -q --name two -- true
	"$G" publish -q one -o "$D/one"
	"$G" publish -q two -o "$D/two"
	"$V" -q "$D/one" --key "$PUB"
	"$V" -q "$D/two" --key "$PUB"
}
