load helper

@test "every command has help and exits with 0" {
	commands="run ls show records seal sign publish disclose hash verify key reindex diff completion"
	run "$G" --help
	is "$status" 0
	for c in $commands; do
		has "$output" "  $c "
		help=$("$G" $c --help)
		has "$help" "usage: glassbox $c"
		is "$("$G" help $c)" "$help"
	done
	has "$("$V" --help)" "usage: glassbox-verify"
	has "$("$G" --version)" "glassbox "
}

@test "an unknown command names the nearest one" {
	for pair in rnu:run verfy:verify publsh:publish recrods:records sgn:sign; do
		run --separate-stderr "$G" ${pair%:*}
		is "$status" 2
		has "$stderr" "'${pair%:*}'"
		has "$stderr" "'${pair#*:}'"
	done
	run "$G" entirely-different
	is "$status" 2
	has "$output" --help
	run "$G"
	is "$status" 2
	run "$G" $'\e[31mred'
	is "$status" 2
	hasnt "$output" $'\e'
}

@test "an unknown option names the nearest one" {
	run "$G" publish x --profil full
	is "$status" 2
	has "$output" "did you mean --profile?"
	run "$G" verify x --reqire code
	is "$status" 2
	has "$output" "did you mean --require?"
	run "$V" x --jsno
	is "$status" 2
	has "$output" "did you mean --json?"
	run "$G" ls -x
	is "$status" 2
	run "$G" key shwo
	is "$status" 2
	has "$output" "'show'"
}

@test "missing and surplus arguments say what was expected" {
	for c in show records seal sign publish verify; do
		run "$G" $c
		is "$status" 2
		has "$output" "expected glassbox $c"
		run "$G" $c a b
		is "$status" 2
		[ $c = show ] && has "$output" "no section 'b'" || has "$output" "unexpected 'b'"
	done
	run "$G" publish last
	is "$status" 2
	has "$output" "-o"
	run "$G" disclose last -o b
	is "$status" 2
	has "$output" "expected glassbox disclose RUN SELECTOR... -o NEW"
	run "$G" ls --store
	is "$status" 2
	has "$output" "--store expects DIR"
	run "$G" ls --json=yes
	is "$status" 2
	has "$output" "takes no value"
	run "$V"
	is "$status" 2
}

@test "values that cannot be are refused with the option" {
	"$G" run -q -- true
	run "$G" publish last -o "$D/b" --profile secret
	is "$status" 2
	has "$output" "public or full"
	run "$G" publish last -o "$D/b" --withhold parm:lr
	is "$status" 2
	has "$output" "did you mean 'param'?"
	run "$G" disclose last entirely -o "$D/b"
	is "$status" 2
	has "$output" "data-files"
	run "$G" disclose last arg
	is "$status" 2
	has "$output" "expected -o"
	run "$V" "$D/plain" --require code,colour
	is "$status" 2
	has "$output" colour
	run "$V" "$D/plain" --key "$D/nothing.pub"
	[ "$status" = 2 ] || [ "$status" = 3 ]
	has "$output" "$D/nothing.pub"
	[ ! -e "$D/b" ]
}

@test "a run is found by id, prefix, suffix, name and last" {
	"$G" run -q --name same -- true
	"$G" run -q --name same -- true
	"$G" ls --json > "$D/ls"
	new=$(json "$D/ls" "d['runs'][0]['run']") old=$(json "$D/ls" "d['runs'][1]['run']")
	has "$("$G" show "$old")" "run $old"
	has "$("$G" show "${old: -8}")" "run $old"
	has "$("$G" show same)" "run $new"
	has "$("$G" show last)" "run $new"
	run "$G" show "${new:0:6}"
	is "$status" 2
	has "$output" "$old"
	has "$output" "$new"
	run "$G" show "${old: -5}"
	[ "$status" != 0 ]
	run "$G" show ../../etc
	[ "$status" != 0 ]
}

@test "ls --json has the keys of the design" {
	run "$G" run -q --name x -- sh -c 'exit 3'
	is "$status" 3
	"$G" ls --json > "$D/ls"
	is "$(json "$D/ls" "d['format']")" glassbox.ls/1
	is "$(json "$D/ls" "[k for k in ('run', 'name', 'state', 'exit', 'signed', 'started') if k not in d['runs'][0]]")" "[]"
	is "$(json "$D/ls" "d['runs'][0]['exit'], d['runs'][0]['signed'], d['runs'][0]['name']")" "(3, False, 'x')"
	for c in "show last" "records last"; do
		"$G" $c --json > "$D/out"
		is "$(json "$D/out" "d['format']")" "glassbox.${c% last}/1"
	done
}

@test "a full output is not a pass" {
	[ -w /dev/full ] || skip "/dev/full is not there"
	"$G" run -q -- true
	for c in ls "show last" "records last" "ls --json"; do
		run bash -c "'$G' $c > /dev/full"
		is "$status" 3
	done
}
