load helper

@test "the exit status is the job's" {
	for n in 0 1 2 3 42 125 126 127 128 255; do
		run "$G" run -q -- sh -c "exit $n"
		is "$status" "$n"
	done
}

@test "a signal is 128 and its number" {
	for s in HUP:1 INT:2 QUIT:3 KILL:9 TERM:15 USR1:10; do
		run "$G" run -q -- sh -c "ulimit -c 0; kill -${s%:*} \$\$"
		is "$status" $((128 + ${s#*:}))
	done
	records
	has "$(bodies run-end)" '"signal"'
}

@test "a command that is not there is 127 and one that cannot run 126" {
	run --separate-stderr "$G" run -q -- ./nothing-here
	is "$status" 127
	has "$stderr" nothing-here
	echo text > file
	chmod 644 file
	run --separate-stderr "$G" run -q -- ./file
	is "$status" 126
	has "$stderr" ./file
	is "$("$G" ls --json > "$D/ls"; json "$D/ls" "d['runs'][0]['state'] + str(d['runs'][0]['exit'])")" sealedNone
}

@test "wrong usage of run is 125 and the job does not start" {
	run "$G" run --param nothing -- touch started
	is "$status" 125
	has "$output" --param
	run "$G" run --linger soon -- touch started
	is "$status" 125
	has "$output" --linger
	run "$G" run --nmae x -- touch started
	is "$status" 125
	has "$output" --name
	run "$G" run
	is "$status" 125
	[ ! -e started ]
}

@test "output and input are those of the bare job, byte for byte" {
	head -c 300000 /dev/urandom > input
	cat > job.sh <<'END'
cat; printf 'to\0err' >&2; printf 'tail without newline'
END
	sh job.sh < input > bare.out 2> bare.err
	"$G" run -q -- sh job.sh < input > our.out 2> our.err
	cmp bare.out our.out
	cmp bare.err our.err
}

@test "a closed standard input stays closed" {
	look='readlink /proc/$$/fd/0 || echo closed'
	sh -c "$look" <&- > "$D/bare"
	"$G" run -q -- sh -c "$look" <&- > "$D/ours"
	has "$(cat "$D/bare")" closed
	diff "$D/bare" "$D/ours"
}

@test "a broken pipe is the job's" {
	set +o pipefail
	run bash -c "'$G' run -q -- sh -c 'yes; exit 0' | head -1; echo \${PIPESTATUS[0]}"
	bare=$(bash -c "sh -c 'yes; exit 0' | head -1; echo \${PIPESTATUS[0]}")
	is "$output" "$bare"
}

@test "the job inherits environment, folder, umask and descriptors unchanged" {
	cat > look.sh <<'END'
env | grep -v '^_=' | sort; pwd; umask; ulimit -a; ls /proc/self/fd; readlink /proc/self/fd/7; cat /proc/self/status | grep -E '^Sig(Blk|Ign|Cgt)'
END
	umask 027
	STRANGE=$'a\nb' sh look.sh > "$D/bare" 2>&1 7< look.sh
	STRANGE=$'a\nb' "$G" run -q -- sh look.sh > "$D/ours" 2>&1 7< look.sh
	diff "$D/bare" "$D/ours"
}

@test "arguments with odd bytes and of 100 KB arrive and are recorded" {
	odd=$'a\xff\xfe\x01 "\'$HOME\n*'
	long=$(head -c 100000 /dev/zero | tr '\0' x)
	"$G" run -q -- sh -c 'printf "%s|%s|%s" "$1" "$2" "$3"' - "$odd" "" "$long" > "$D/out"
	printf '%s|%s|%s' "$odd" "" "$long" | cmp - "$D/out"
	records
	is "$(json "$D/records.json" "sum(r['kind'] == 'arg' for r in d['records'])")" 7
	is "$("$G" show last > "$D/show"; LC_ALL=C grep -c -a '\[[0-9]\]' "$D/show")" 7
	! LC_ALL=C grep -q $'[\x01\xff]' "$D/show" || false
}

@test "signals sent to the recorder reach the job" {
	"$G" run -q -- sh -c 'trap "echo got > \"$0\"; exit 7" TERM; echo ready > "$0.ready"; while :; do sleep 0.05; done' "$D/term" &
	for _ in $(seq 3000); do [ -e "$D/term.ready" ] && break; sleep 0.05; done
	kill -TERM $!
	code=0; wait $! || code=$?
	is "$code" 7
	is "$(cat "$D/term")" got
}

@test "GLASSBOX=off runs the command untouched" {
	GLASSBOX=off run "$G" run --name x -- sh -c 'echo out; exit 5'
	is "$status $output" "5 out"
	[ ! -e "$XDG_STATE_HOME" ]
	GLASSBOX=off run "$G" run -- ./nothing-here
	is "$status" 127
}

@test "two lines at the start, three at the end, none with -q" {
	run --separate-stderr "$G" run -- true
	is "${#stderr_lines[@]}" 5
	run --separate-stderr "$G" run -q -- true
	is "$stderr$output" ""
}

@test "a name finds the run" {
	"$G" run -q --name 'first try' -- true
	"$G" run -q --name other -- true
	run "$G" show 'first try'
	is "$status" 0
	has "$output" 'first try'
	run "$G" show nobody-has-this-name
	is "$status" 3
	has "$output" nobody-has-this-name
	run "$G" run --name "" -- true
	is "$status" 125
}

@test "parameters keep their types and source" {
	echo '{"lr": 0.001, "deep": {"a": [1, 2], "b": null, "c": {}}, "flag": false, "s": "text", "big": 9007199254740993}' > c.json
	"$G" run -q --config c.json --param lr=0.5 --param name=x=y --param flag=true --param none=null -- true
	records
	got=$(bodies param)
	is "$(wc -l <<< "$got")" 11
	for want in '"deep.a"' '"deep.b"' '"deep.c"' '"s"' '"0.001"' '"0.5"' 9007199254740993 '"x=y"'; do has "$got" "$want"; done
}

@test "arguments are parameters, and the configs that they name are recorded" {
	in_repo
	mkdir conf "$D/data"
	printf 'lr: 0.004\nbatch_size: 32.0\nmodel: {width: 8}\n' > conf/train.yaml
	echo 'x = 1' > x.py
	echo '{"question": "answer"}' > small.json
	echo '["not", "a", "config"]' > list.json
	head -c 70000 /dev/zero | tr '\0' ' ' > large.json; echo '{"a": 1}' >> large.json
	git add conf && git commit -q -m conf
	"$G" run -q --config conf/train.yaml -- env A=b sh -c true torchrun --lr 2e-3 --batch-size 32 --config conf/train.yaml model.width=16 \
		--betas 0.9 0.99 --no-cuda x.py small.json list.json large.json --data list.json --hf_token abcdef1234567 --tag a --tag b --tag c --tag d --tag e
	records
	got=$(bodies param)
	for want in '"argument": 6, "arguments": 2, "name": "lr", "number": "2e-3", "source": "argument"' '"json": "[0.9,0.99]"' '"boolean": false, "name": "cuda"' \
		'"name": "env.A", "source": "argument", "text": "b"' '"name": "hf_token", "source": "argument", "text": "{secret:named}"' \
		'"name": "question"'; do has "$got" "$want"; done
	hasnt "$got" '"name": "a"'
	is "$(bodies config | wc -l)" 3
	is "$(bodies config | grep -c '"in_head": true')" 1
	# Of one name the last is recorded last.
	is "$(grep -o '"tag".*"text": "[a-e]"' <<< "$got" | grep -o '[a-e]"$' | tr -d '"\n')" abcde
	page=$("$G" show last parameters)
	has "$page" 'lr = 2e-3  (arguments 6 to 7)'
	has "$page" 'lr = 0.004  (<repo>/conf/train.yaml); argument 6 says otherwise, and usually counts'
	hasnt "$(grep 'batch_size' <<< "$page")" otherwise
	"$G" show last parameters --json > "$D/show"
	is "$(json "$D/show" "[c['name'] for c in d['conflicts']]")" "['lr', 'model.width', 'tag']"
	is "$(json "$D/show" "[t['value'] for t in d['conflicts'][0]['told']]")" "['2e-3', '0.004']"
	is "$(json "$D/show" "[t['source'] for t in d['conflicts'][0]['told']]")" "['argument 6', '<repo>/conf/train.yaml']"
	is "$("$G" ls --param 'lr=0.002' --columns param.lr,param.model.width | tail -n 1 | tr -s ' ')" "2e-3 16"
	# The same value in other digits is no difference.
	"$G" run -q --config conf/train.yaml -- env A=b sh -c true torchrun --lr 0.0020 --batch-size 32 --config conf/train.yaml model.width=16 \
		--betas 0.9 0.99 --no-cuda x.py small.json list.json large.json --data list.json --hf_token abcdef1234567 --tag a --tag b --tag c --tag d --tag e
	id=$("$G" ls --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["runs"][1]["run"])')
	"$G" diff "$id" last --section parameters
}

@test "the config that Hydra's options name is found" {
	mkdir -p app/conf other
	echo 'lr: 1' > app/conf/train.yaml
	echo 'lr: 2' > other/train.yml
	echo : > app/main.sh
	"$G" run -q -- sh app/main.sh --config-path conf --config-name train
	records
	is "$(bodies config | grep -c app/conf/train.yaml)" 1
	"$G" run -q -- sh app/main.sh --config-dir=other -cn train.yml
	records
	is "$(bodies config | grep -c other/train.yml)" 1
}

@test "what Hydra composed is recorded when the job has ended" {
	mkdir -p conf outputs/2001-01-01/00-00-00/.hydra outputs/2002-02-02
	echo 'lr: 1' > conf/train.yaml
	echo 'old: 1' > outputs/2001-01-01/00-00-00/.hydra/config.yaml
	mkdir -p "$D/declared/.hydra"
	cp outputs/2001-01-01/00-00-00/.hydra/config.yaml "$D/declared/.hydra"
	touch -d 2001-01-01 outputs/2001-01-01/00-00-00/.hydra/config.yaml "$D/declared/.hydra/config.yaml"
	cat > job <<-'END'
		#!/bin/sh
		for d in outputs/2002-02-02/10-00-00 "$D/elsewhere" "$D/declared/7"; do
			mkdir -p $d/.hydra
			printf 'lr: 2\nmodel: {name: gpt}\nseed: ${env:SEED}\n' > $d/.hydra/config.yaml
			printf 'hydra: {run: {dir: x}, runtime: {choices: {model: gpt, optim@opt: adam}}}\n' > $d/.hydra/hydra.yaml
			printf -- '- lr=2\n' > $d/.hydra/overrides.yaml
		done
	END
	chmod +x job
	export D
	"$G" run -q --config conf/train.yaml --output out="$D/declared" -- ./job lr=2 hydra.run.dir="$D/elsewhere"
	records
	is "$(bodies config | wc -l)" 10
	hasnt "$(bodies param)" '"old"'
	is "$(bodies param | grep -c '"source": "written"')" 15
	has "$(bodies param)" '"name": "hydra.runtime.choices.optim@opt", "source": "written", "text": "adam"'
	has "$(bodies param)" '"name": "seed", "source": "written", "text": "${env:SEED}"'
	hasnt "$(bodies param)" '"name": "hydra.run.dir", "source": "written"'
	hasnt "$("$G" show last gaps)" "config file"
	has "$("$G" show last parameters)" 'usually counts'
	is "$("$G" ls --columns param.lr | tail -n 1 | tr -d ' ')" 2
}

@test "a config in YAML has typed parameters, one in TOML has its bytes and a gap" {
	printf 'lr: 1e-3\nmodel: &m {width: 8, act: gelu}\nteacher: {<<: *m, width: 16}\n' > c.yaml
	echo 'lr = 1' > c.toml
	"$G" run -q --config c.yaml --config c.toml -- true
	records
	got=$(bodies param)
	is "$(wc -l <<< "$got")" 5
	for want in '"number": "1e-3"' '"name": "teacher.width", "number": "16"' '"text": "gelu"'; do has "$got" "$want"; done
	is "$(bodies config | grep -c '"sha256"')" 2
	has "$("$G" show last gaps)" "a config file: recorded by its bytes only: it was not parsed"
}

@test "a config with a secret behind an escape is left out" {
	secret=hf_; secret+=AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh
	printf '{"key": "hf\\u005fAbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh", "p\\u0061ssword": "hunter2hunter2"}' > a.json
	printf '["hf\\u005fAbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh"]' > b.json
	printf 'x: "hf\\x5fAbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh"\n' > c.yaml
	printf 'x = "hf\\U0000005fAbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh"\n' > d.toml
	printf 'x: 1 # \\\\x\n' > e.yaml
	"$G" run -q --config a.json --config b.json --config c.yaml --config d.toml --config e.yaml -- true
	records
	is "$(bodies config | grep -c '"sha256"')" 1
	has "$(bodies param)" '"key", "source": "config", "text": "{secret:hugging-face}"'
	has "$(bodies param)" '"password", "source": "config", "text": "{secret:named}"'
	run grep -r -a -e AbCdEfGhIjKlMnOp -e hunter2 "$XDG_STATE_HOME"
	is "$status" 1
}

@test "a config that is malformed or not there is a gap and the job runs" {
	printf 'a: [1\n' > c.yaml
	echo '{"a": ' > broken.json
	for c in c.yaml broken.json nothing.json; do
		run "$G" run -q --config $c -- sh -c 'exit 4'
		is "$status" 4
	done
	[ "$(gaps)" -ge 1 ]
}

@test "data and outputs are recorded with what find and sha256sum say" {
	mkdir -p "$D/data/sub"
	seq 1000 > "$D/data/a"; : > "$D/data/sub/empty"; ln -s ../a "$D/data/sub/link"
	"$G" run -q --data set="$D/data" --data far=s3://bucket/set --output out="$D/out" -- sh -c "mkdir '$D/out'; echo w > '$D/out/w'"
	records
	has "$(bodies data)" '"files": 3'
	has "$(bodies data)" 's3://bucket/set'
	has "$(bodies artifact)" '"files": 1'
	is "$(json "$D/records.json" "sum(r['kind'] == 'data-files' for r in d['records'])")" 1
}

@test "data that changes during the run is told as a gap" {
	mkdir "$D/data"; seq 1000 > "$D/data/a"
	"$G" run -q --data set="$D/data" -- sh -c "sleep 0.3; echo more >> '$D/data/a'"
	[ "$(gaps)" -ge 1 ]
	has "$("$G" show last)" changed
}

@test "data that is not there is a gap and the job runs" {
	run "$G" run -q --data set="$D/nothing" --output o="$D/none" -- sh -c 'exit 6'
	is "$status" 6
	[ "$(gaps)" -ge 2 ]
}

@test "hashing that the job outruns is a gap and glassbox seal finishes it" {
	with_key
	mkdir "$D/data"
	truncate -s 3G "$D/data/big"
	run "$G" run --linger 0 --data set="$D/data" -- true
	is "$status" 0
	has "$output" 'glassbox seal'
	is "$("$G" ls --json > "$D/ls"; json "$D/ls" "d['runs'][0]['state']")" ended
	has "$("$G" show last)" 'not sealed'
	truncate -s 1M "$D/data/small"
	"$G" seal last
	is "$("$G" ls --json > "$D/ls"; json "$D/ls" "d['runs'][0]['state']")" sealed
	"$G" publish -q last -o "$D/b"
	"$V" "$D/b" --key "$PUB" -q
}

@test "kill -9 of the recorder: the job goes on, the run is interrupted, seal and publish work" {
	with_key
	"$G" run -q --param a=1 -- sh -c 'while [ ! -e "$0.go" ]; do sleep 0.05; done; echo done > "$0"' "$D/job" &
	# The start is signed: nothing is left to be recorded before the job's end.
	for _ in $(seq 3000); do ls "$XDG_STATE_HOME"/glassbox/runs/*/signature/start.leaf > "$D/log" 2>&1 && break; sleep 0.02; done
	is "$("$G" ls --json > "$D/ls"; json "$D/ls" "d['runs'][0]['state']")" running
	kill -9 $!
	wait $! && status=0 || status=$?
	is "$status" 137
	is "$("$G" ls --json > "$D/ls"; json "$D/ls" "d['runs'][0]['state'], d['runs'][0]['exit']")" "('interrupted', None)"
	touch "$D/job.go"
	for _ in $(seq 3000); do [ -s "$D/job" ] && break; sleep 0.02; done
	is "$(cat "$D/job")" done
	# The job's process may be on its way out still.
	for _ in $(seq 3000); do "$G" seal last 2> "$D/log" && break; sleep 0.02; done
	is "$("$G" ls --json > "$D/ls"; json "$D/ls" "d['runs'][0]['state']")" sealed
	"$G" publish -q last -o "$D/b"
	"$V" "$D/b" --key "$PUB" -q
}

@test "the example under run gives the same bytes as alone" {
	[ -x "${CHARLM:-}" ] || skip "the examples are not built"
	[ -d /usr/share/common-licenses ] || skip "no licence texts on this machine"
	config=$BATS_TEST_DIRNAME/../../examples/charlm/config-tiny.json
	"$G" run -q -- "$CHARLM" --config "$config" --out "$D/one" > "$D/one.log"
	"$CHARLM" --config "$config" --out "$D/two" > "$D/two.log"
	diff -r "$D/one" "$D/two"
}

@test "closed standard descriptors never become files of the record" {
	for closed in '0<&-' '1>&-' '2>&-' '0<&- 1>&- 2>&-'; do
		code=0
		eval "'$G' run --name x -- sh -c 'echo out; echo err >&2; exit 5' $closed" > /dev/null || code=$?
		is "$code" 5
		records
		is "$(json "$D/records.json" "d['records'][-1]['kind']")" seal
	done
	with_key
	code=0
	"$G" publish last -o "$D/b" >&- 2>&- || code=$?
	"$V" -q "$D/b" --key "$PUB"
}
