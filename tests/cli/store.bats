load helper

store_of() { "$G" run -- true 2>&1 | sed -n 's/.*recording run [^ ]* in //p'; }

@test "the store's places come in order" {
	in_repo
	is "$("$G" run --store "$D/s1" -- true 2>&1 | sed -n 's/.*recording run [^ ]* in //p')" "$D/s1"
	is "$(GLASSBOX_STORE=$D/s2 store_of)" "$D/s2"
	is "$(store_of)" "$D/repo/.git/glassbox"
	cd "$D/repo/lib"
	is "$(store_of)" "$D/repo/.git/glassbox"
	cd "$D/plain"
	is "$(store_of)" "$XDG_STATE_HOME/glassbox"
	unset XDG_STATE_HOME
	is "$(store_of)" "$HOME/.local/state/glassbox"
}

@test "folders are 0700 and files 0600" {
	umask 022
	"$G" run -q --store "$D/s" --data d="$D/plain" -- true
	is "$(find "$D/s" -type d ! -perm 0700)" ""
	is "$(find "$D/s" -type f ! -perm 0600)" ""
}

@test "a repository that cannot be written falls back with one line" {
	in_repo
	chmod a-w .git
	give_place
	run --separate-stderr as_user "$G" run -q -- sh -c 'echo out; exit 9'
	is "$status $output" "9 out"
	is "${#stderr_lines[@]}" 1
	has "$stderr" "recording elsewhere"
	[ -d "$XDG_STATE_HOME/glassbox/runs" ]
	chmod u+w .git
}

@test "where nothing can be written the job runs with one line and --strict is 125" {
	give_place
	touch "$D/file"
	for s in "$D/file/store" /proc/nothing "$D/file"; do
		run --separate-stderr as_user "$G" run -q --store "$s" -- sh -c 'echo out; exit 9'
		is "$status $output" "9 out"
		is "${#stderr_lines[@]}" 1
		has "$stderr" "$s"
		run as_user "$G" run -q --strict --store "$s" -- touch started
		is "$status" 125
		[ ! -e started ]
	done
}

@test "a named store is never replaced by another" {
	GLASSBOX_STORE=/proc/nothing run "$G" run -q -- true
	is "$status" 0
	has "$output" GLASSBOX_STORE
	[ ! -e "$XDG_STATE_HOME" ]
}

@test "a store that belongs to somebody else is not used" {
	[ "$(id -u)" = 0 ] || skip "needs root, to make a folder of somebody else"
	mkdir -p "$D/theirs"
	chown 65534 "$D/theirs"
	chmod 777 "$D/theirs"
	run --separate-stderr "$G" run -q --store "$D/theirs" -- sh -c 'exit 3'
	is "$status" 3
	has "$stderr" "$D/theirs"
	is "$(ls -A "$D/theirs")" ""
}

@test "a store that others may write to is not recorded into, named or not" {
	in_repo
	umask 077
	for mode in 770 702 1777; do
		for place in "$D/named" "$D/repo/.git/glassbox"; do
			rm -rf "$place"
			mkdir "$place"
			chmod "$mode" "$place"
			if [ "$place" = "$D/named" ]; then named=(--store "$place"); else named=(); fi
			run --separate-stderr "$G" run -q "${named[@]}" -- sh -c 'exit 3'
			is "$status ${#stderr_lines[@]}" "3 1"
			has "$stderr" "others may write to '$place'"
			has "$stderr" 'never shared'
			is "$(ls -A "$place")" ""
		done
	done
	run "$G" run -q --strict --store "$D/named" -- touch started
	is "$status" 125
	[ ! -e started ]
}

@test "a store of another user is read, and nothing in it is changed" {
	[ "$(id -u)" = 0 ] || skip "needs root, to be two users"
	command -v setpriv > /dev/null || skip "setpriv is not there"
	give_place
	as_user "$G" run -q --store "$D/theirs" --name x -- true
	before=$(find "$D/theirs" -type f ! -path '*/index/*' -exec sha256sum {} + | sort)
	"$G" show x --store "$D/theirs" > /dev/null
	with_key
	for argv in "seal x" "publish x -o b" "rm x --force" gc "sign x"; do
		run "$G" $argv --store "$D/theirs"
		is "$status" 2
		has "$output" "belongs to user 65534, not to you, and a store is never shared"
	done
	run "$G" run -q --store "$D/theirs" -- sh -c 'exit 3'
	is "$status" 3
	has "$output" "never shared"
	chmod 770 "$D/theirs"
	run as_user "$G" rm x --store "$D/theirs"
	is "$status" 2
	has "$output" "others may write"
	is "$(find "$D/theirs" -type f ! -path '*/index/*' -exec sha256sum {} + | sort)" "$before"
	# One that may not even be looked into is not an empty one.
	"$G" run -q --store "$D/ours" -- true
	run as_user "$G" ls --store "$D/ours"
	is "$status" 3
	has "$output" "Permission denied"
}

@test "a file size limit that the journal meets does not stop the job" {
	long=$(head -c 120000 /dev/zero | tr '\0' x)
	run bash -c "ulimit -f 4; trap '' XFSZ; '$G' run -q -- sh -c 'echo out; exit 8' - \$(head -c 20000 /dev/zero | tr '\\0' x)"
	is "$status" 8
	has "$output" out
	[ "${#lines[@]}" -ge 2 ]
}

@test "a full disk: the job runs and exits as it would" {
	[ "$(id -u)" = 0 ] || skip "needs root, to mount a small filesystem"
	unshare -m true 2> /dev/null || skip "no mount namespace may be made here"
	mkdir "$D/small"
	cat > job.sh <<'END'
mount -t tmpfs -o size=64k none "$2" || exit 77
"$1" run -q --store "$2/s" -- sh -c 'dd if=/dev/zero of="$0/fill" bs=1k 2> /dev/null; echo out; exit 9' "$2" > "$3" 2> "$3.err"
code=$?
rm -f "$2/fill"
"$1" ls --store "$2/s"
"$1" show last --store "$2/s"
exit $code
END
	run unshare -m sh job.sh "$G" "$D/small" "$D/out"
	[ "$status" != 77 ] || skip "a tmpfs cannot be mounted here"
	is "$status" 9
	is "$(cat "$D/out")" out
	[ -s "$D/out.err" ]
	! grep -q 'sealed and signed' <<< "$output" || false
}

@test "no git at all" {
	in_repo
	mkdir "$D/bin"
	ln -s "$(command -v sh)" "$D/bin/sh"
	PATH=$D/bin run "$G" run -q -- sh -c 'exit 7'
	is "$status" 7
	has "$("$G" show last)" clean
}

@test "outside a repository: a gap" {
	run "$G" run -q -- sh -c 'exit 7'
	is "$status" 7
	is "$(gaps)" 2
	has "$("$G" show last)" 'the code: no git repository'
}

@test "no HOME and no environment at all" {
	in_repo
	run env -u HOME -u XDG_STATE_HOME -u XDG_CONFIG_HOME "$G" run -q -- sh -c 'exit 7'
	is "$status" 7
	run env -i "$G" run -q -- /bin/sh -c 'exit 7'
	is "$status" 7
	is "$("$G" ls | wc -l)" 3
}

@test "dubious ownership is a gap and a warning" {
	[ "$(id -u)" = 0 ] || skip "needs root, to make a repository of somebody else"
	in_repo
	give_place
	chown -R 12345 "$D/repo"
	chmod -R a+rX "$D/repo"
	run --separate-stderr as_user "$G" run -- sh -c 'exit 7'
	is "$status" 7
	has "$(as_user "$G" show last)" "belongs to somebody else"
	run as_user "$G" show last --json
	has "${output^^}" DUBIOUS
}

@test "a damaged journal is not published and the other run is not held up" {
	"$G" run -q --name a -- true
	journal=$(find "$XDG_STATE_HOME" -path '*journal*' -name '*.tfrecord')
	# Not from ls: a run that was sealed when the index took it in is not looked at again.
	id=$(basename "$(dirname "$(dirname "$journal")")")
	"$G" run -q --name b -- true
	printf x | dd of="$journal" bs=1 seek=300 conv=notrunc 2> /dev/null
	"$G" ls > "$D/list" 2> "$D/said"
	is "$(grep -c sealed "$D/list") $(wc -l < "$D/list")" "1 3"
	grep -q "$id.*$(basename "$journal").*cannot be read" "$D/said"
	run "$G" publish "$id" -o "$D/a"
	[ "$status" != 0 ]
	[ ! -e "$D/a" ]
	"$G" publish -q b -o "$D/b"
}

@test "a run whose recorder was killed is not sealed while its job runs" {
	in_repo
	with_key
	"$G" run -q --output out -- sh -c 'echo $PPID > "$0"; mkdir out; while [ ! -e "$0.stop" ]; do sleep 0.05; done' "$D/pid" &
	for _ in $(seq 3000); do [ -s "$D/pid" ] && break; sleep 0.05; done
	kill -9 "$(cat "$D/pid")"
	wait $! || :
	run "$G" publish last -o "$D/b"
	is "$status" 2
	has "$output" "still runs"
	touch "$D/pid.stop"
	for _ in $(seq 1000); do "$G" publish -q last -o "$D/b" 2> /dev/null && break; sleep 0.05; done
	has "$("$V" "$D/b" --key "$PUB")" "no end of the job was found"
}

@test "outputs that the job did not write are told" {
	in_repo
	mkdir out && echo old > out/old
	sleep 0.1
	"$G" run -q --output out -- sh -c 'echo new > out/new'
	"$G" show last --gaps > "$D/gaps"
	grep -q 'there before the job' "$D/gaps"
	grep -q '<repo>/out/old' "$D/gaps"
	! grep -q 'out/new' "$D/gaps" || false
}
