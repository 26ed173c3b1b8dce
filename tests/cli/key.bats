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
	has "$output" --passphrase-file
	run "$G" sign last --passphrase-file "$D/wrong"
	is "$status" 3
	has "$output" "$KEY"
	run "$V" "$D/b" --key "$KEY"
	is "$status" 2
	has "$output" .pub
	"$G" sign last --passphrase-file "$D/phrase"
	"$G" publish -q last --passphrase-file "$D/phrase" -o "$D/b"
	"$V" -q "$D/b" --key "$PUB"
}

# refused STATUS WORDS COMMAND...: the status, no crash, and each of the words.
refused() {
	local want=$1 words=$2 word
	shift 2
	run timeout 20 "$@" < /dev/null
	is "$status" "$want" || { echo "$*: $output"; return 1; }
	for word in $words; do has "$output" "$word" || return 1; done
}

@test "a key of a wrong type is refused and named" {
	"$G" run -q -- true
	"$G" publish -q last -o "$D/b" 2> /dev/null
	for type in "RSA -pkeyopt rsa_keygen_bits:2048" X25519 ED448 "EC -pkeyopt ec_paramgen_curve:P-256"; do
		openssl genpkey -algorithm $type -out "$D/k.pem" 2> /dev/null
		openssl pkey -in "$D/k.pem" -pubout -out "$D/k.pub"
		chmod 600 "$D/k.pem"
		refused 2 "$D/k.pem ${type%% *} ED25519" "$G" sign last --key "$D/k.pem"
		refused 2 "$D/k.pub ${type%% *} ED25519" "$V" "$D/b" --key "$D/k.pub"
		refused 2 "$D/k.pem ${type%% *} ED25519" "$V" "$D/b" --key "$D/k.pem"
	done
}

@test "what is no key is refused and named, to sign with and to verify with" {
	with_key
	"$G" run -q -- true
	"$G" publish -q last -o "$D/b"
	openssl req -x509 -key "$KEY" -subj /CN=x -out "$D/cert" 2> /dev/null
	openssl pkey -in "$KEY" -outform DER -out "$D/der"
	echo trash > "$D/trash"
	: > "$D/empty"
	truncate -s 1G "$D/big"
	mkfifo "$D/fifo"
	mkdir "$D/folder"
	cat "$KEY" "$PUB" > "$D/two"
	printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n' > "$D/ssh"
	sed '2s/./!/3' "$PUB" > "$D/damaged"
	chmod 600 "$D"/{cert,der,trash,empty,big,two,ssh,damaged}
	for k in cert der trash empty big fifo folder two ssh damaged; do
		refused 2 "key $D/$k" "$G" sign last --key "$D/$k"
		refused 2 "key $D/$k" "$V" "$D/b" --key "$D/$k"
	done
	refused 2 "/dev/zero regular" "$G" sign last --key /dev/zero
	refused 2 "/dev/zero regular" "$V" "$D/b" --key /dev/zero
	refused 3 "$D/missing new" "$G" sign last --key "$D/missing"
	refused 2 "$D/missing" "$V" "$D/b" --key "$D/missing"
	cp "$PUB" "$D/public"
	chmod 600 "$D/public"
	refused 2 "$D/public PRIVATE" "$G" sign last --key "$D/public"
	is "$(ls "$XDG_CONFIG_HOME/glassbox" | grep -c pem)" 1
}

@test "a public key that anybody can sign for is refused" {
	"$G" run -q -- true
	"$G" publish -q last -o "$D/b" 2> /dev/null
	for y in 00 01; do
		{ printf '\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00'; printf "\\x$y"; head -c 31 /dev/zero; } > "$D/der"
		{ echo '-----BEGIN PUBLIC KEY-----'; base64 -w0 "$D/der"; echo; echo '-----END PUBLIC KEY-----'; } > "$D/weak.pub"
		openssl pkey -pubin -in "$D/weak.pub" -noout
		refused 2 "$D/weak.pub anybody" "$V" "$D/b" --key "$D/weak.pub"
	done
}

@test "a passphrase file is one line" {
	"$G" run -q -- true
	printf 'a\0b\n' > "$D/nul"
	printf 'two\nlines\n' > "$D/lines"
	: > "$D/empty"
	echo > "$D/newline"
	head -c 1024 /dev/zero | tr '\0' x > "$D/long"
	mkfifo "$D/fifo"
	for f in nul lines empty newline long fifo missing; do
		refused 2 "--passphrase-file $D/$f" "$G" key new --name owner.example --passphrase-file "$D/$f"
		[ ! -e "$KEY" ]
	done
	refused 2 "--passphrase-file $D" "$G" key new --name owner.example --passphrase-file "$D"
	{ head -c 1023 /dev/zero | tr '\0' x; printf '\r\n'; } > "$D/most"
	ln -s most "$D/link"
	"$G" key new --name owner.example --passphrase-file "$D/most" > /dev/null
	"$G" sign last --passphrase-file "$D/link"
	head -c 1023 "$D/most" > "$D/bare"
	openssl pkey -in "$KEY" -passin "file:$D/bare" -pubout | diff - "$PUB"
	# What is wrong with the passphrase's file is not said of the key.
	run "$G" sign last --passphrase-file "$D/missing"
	is "$status" 2
	hasnt "$output" "key new"
}

@test "a passphrase file that others can read works, with a warning" {
	"$G" run -q -- true
	echo phrase > "$D/phrase"
	chmod 644 "$D/phrase"
	run "$G" key new --name owner.example --passphrase-file "$D/phrase"
	is "$status" 0
	has "$output" "$D/phrase"
	has "$output" "chmod 600"
	chmod 600 "$D/phrase"
	run "$G" sign last --passphrase-file "$D/phrase"
	is "$status" 0
	hasnt "$output" chmod
}

@test "a passphrase at the terminal is not shown, and a wrong one is 3" {
	echo 'open sesame' > "$D/phrase"
	"$G" key new --name owner.example --passphrase-file "$D/phrase" > /dev/null 2>&1
	"$G" run -q -- true 2> /dev/null
	cat > "$D/type.py" <<- 'EOF'
		import os, pty, sys
		child, terminal = pty.fork()
		if child == 0:
		    os.execv(sys.argv[2], sys.argv[2:])
		seen = b""
		while b"passphrase of" not in seen:
		    seen += os.read(terminal, 1000)
		os.write(terminal, sys.argv[1].encode())
		try:
		    while more := os.read(terminal, 1000):
		        seen += more
		except OSError:
		    pass
		sys.stdout.buffer.write(seen)
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
	EOF
	run python3 "$D/type.py" $'open sesamE\n' "$G" sign last
	is "$status" 3
	has "$output" "$KEY"
	run python3 "$D/type.py" $'\n' "$G" sign last
	is "$status" 3
	run python3 "$D/type.py" $'\x04' "$G" sign last
	is "$status" 3
	run python3 "$D/type.py" $'open sesame\n' "$G" sign last
	is "$status" 0
	hasnt "$output" sesame
}

@test "a private key that others can read is refused" {
	with_key
	"$G" run -q --key /nothing -- true
	for mode in 604 620 640 660 644; do
		chmod "$mode" "$KEY"
		run "$G" sign last
		is "$status" 2
		has "$output" "$KEY"
		has "$output" "$mode"
		has "$output" "chmod 600"
	done
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
	is "$status" 2
	has "$output" "$KEY"
	has "$output" "symbolic link"
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
