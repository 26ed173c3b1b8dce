load helper

# A clock that is set while a job runs is a note, never a failure.

jumping() { JUMP_AFTER=$1 JUMP_SECONDS=$2 "$GLASSBOX_JUMPING" "${@:3}"; }

note='clock was set back by'

@test "a clock that jumps back an hour is a note in show and verify" {
	in_repo
	with_key
	jumping 20 -3600 run --name x --config config.json -- sh -c 'exit 7' 2> said || code=$?
	is "${code:-0}" 7
	grep -qE 'exit status 7 after [0-9]\.[0-9] s' said
	grep -q 'sealed and signed' said
	"$G" show x --json > show.json
	is "$(json show.json "d['state'], 3590 < d['clock_set_back_seconds'] <= 3600")" "('sealed', True)"
	is "$(json show.json "abs((__import__('datetime').datetime.now(__import__('datetime').timezone.utc) - __import__('datetime').datetime.fromisoformat(d['started'].replace('Z', '+00:00'))).total_seconds()) < 600")" 1
	has "$("$G" show x)" "$note"
	"$G" ls > list
	grep -q 'sealed .* 7 .*signed .*x$' list
	"$G" publish -q x -o b
	run "$V" --key "$PUB" b
	is "$status" 0
	has "$output" "note: the recorder's $note"
	"$V" --key "$PUB" --json b > verify.json
	is "$(json verify.json "d['verdict'], d['clock_set_back_seconds'] > 3590")" "('verified', True)"
}

@test "times that only grow, or step back by little, are no note" {
	with_key
	for jump in "0 0" "15 7200" "10 -0"; do
		jumping $jump run -q -- true
		hasnt "$("$G" show last)" "$note"
	done
	"$G" publish -q last -o b
	run "$V" --key "$PUB" b
	is "$status" 0
	hasnt "$output" "$note"
}

@test "at each reading of the clock: the run is sealed and verifies" {
	with_key
	for n in 0 1 2 3 4 5 8 12 15 16 17 18 19 20 21 22; do
		jumping $n -3600 run -q -- true
		jumping 0 -7200 publish -q last -o "b$n"
		jumping 0 -7200 verify "b$n" > said
	done
	is "$(jumping 0 -7200 ls | grep -c sealed)" 16
	jumping 0 -7200 gc > said
	for run in $("$G" ls --columns run | tail -n +2 | head -3); do
		jumping 0 -7200 rm "$run" --force
		run "$G" show "$run"
		has "$output" "was removed on"
	done
}

@test "a run that is sealed later by a clock that went back" {
	in_repo
	jumping 0 3600 run -q --linger 0 --data lib -- true
	jumping 0 0 seal last
	"$G" show last > said
	grep -q sealed said
	"$G" publish -q last -o b
	run "$V" b
	is "$status" 3
}
