load helper

# Three runs: names one, two, three, newest last; lr 0.1, 0.02, 1e-3.
three_runs() {
	in_repo
	"$G" run -q --name one --param lr=0.1 --param opt=adam -- true
	code=0
	"$G" run -q --name two --param lr=0.02 --param opt=sgd -- sh -c 'exit 3' || code=$?
	is "$code" 3
	cd "$D/plain"
	"$G" run -q --store "$D/repo/.git/glassbox" --name three --param lr=1e-3 -- true
	export GLASSBOX_STORE=$D/repo/.git/glassbox
}

# names OPTION...: of the runs that are listed, in their order
names() { "$G" ls --json "$@" > "$D/ls.json" && json "$D/ls.json" "' '.join(r['name'] for r in d['runs'])"; }

@test "ls filters by name, state, repository, parameter and time" {
	three_runs
	is "$(names)" "three two one"
	is "$(names --name 't*')" "three two"
	is "$(names --name 't')" ""
	is "$(names --state sealed)" "three two one"
	is "$(names --state running,interrupted)" ""
	is "$(names --repo "$D/repo/lib")" "two one"
	is "$(names --here)" ""
	cd "$D/repo/lib"
	is "$(names --here)" "two one"
	is "$(names --param opt)" "two one"
	is "$(names --param opt=adam)" "one"
	is "$(names --param 'opt!=adam')" "two"
	is "$(names --param lr=0.10)" "one"
	is "$(names --param 'lr<0.1')" "three two"
	is "$(names --param 'lr<=0.1' --param 'lr>0.001')" "two one"
	is "$(names --param 'lr>=0.02' --name 't*')" "two"
	is "$(names --param nothing)" ""
	is "$(names --since 1h)" "three two one"
	is "$(names --until 1h)" ""
	is "$(names --since 2999-01-01)" ""
	is "$(names --until 2999-01-01T00:00:00Z)" "three two one"
	is "$(names --limit 2)" "three two"
	is "$(names -n1 --param 'lr>0.01')" "two"
}

@test "ls sorts, and shows the columns that are asked for" {
	three_runs
	is "$(names --sort name)" "one three two"
	is "$(names --sort -name)" "two three one"
	is "$(names --sort param.lr)" "three two one"
	is "$(names --sort -param.lr)" "one two three"
	is "$(names --sort param.opt)" "one two three"
	is "$(names --sort -exit)" "two three one"
	is "$(names --sort started -n 1)" "one"
	is "$("$G" ls --columns name,exit,param.lr,param.opt --sort name)" "$(printf '%s\n' 'NAME   EXIT         param.lr  param.opt' \
		'one    0            0.1       adam' 'three  0            1e-3      ' 'two    3            0.02      sgd')"
	"$G" ls --json --columns param.lr,param.opt,repo,commit,duration,user > "$D/ls"
	is "$(json "$D/ls" "d['runs'][1]['param.lr'], d['runs'][0]['param.opt'], d['runs'][2]['param.opt']")" "(0.02, None, 'adam')"
	is "$(json "$D/ls" "d['runs'][1]['repo'], d['runs'][0]['repo']")" "('$D/repo', None)"
	is "$(json "$D/ls" "d['runs'][1]['commit']")" "$(git -C "$D/repo" rev-parse HEAD)"
}

@test "ls names what it does not know, and what was expected" {
	three_runs
	while IFS='|' read -r options words; do
		run --separate-stderr "$G" ls $options
		is "$status$output" 2
		has "$stderr" "$words"
	done <<'END'
--columns run,nmae|did you mean 'name'
--columns xyzzyx|param.NAME
--sort stated|did you mean 'started'
--sort -|expected run, started
--state seald|did you mean 'sealed'
--state everything|running, silent, interrupted, ended or sealed
--param =1|expected NAME
--param lr!1|expected NAME
--limit none|1 or more
--limit 0|1 or more
--since yesterday|7d ago
--until 2026-13-40|7d ago
--nmae x|--name
END
}

@test "show names its sections, and records their kinds" {
	three_runs
	for section in command parameters code data outputs metrics machine process gaps; do "$G" show two $section > "$D/section"; done
	is "$("$G" show two parameters | grep -c '^  ')" 2
	hasnt "$("$G" show two parameters)" "CPU"
	has "$("$G" show two parameters machine)" "CPU"
	"$G" show two --json parameters > "$D/show"
	is "$(json "$D/show" "list(d['sections'])")" "['parameters']"
	has "$("$G" show three gaps)" "no git repository"
	is "$("$G" show three gaps)" "$("$G" show three --gaps)"
	run --separate-stderr "$G" show two parametrs
	is "$status$output" 2
	has "$stderr" "did you mean 'parameters'"
	run "$G" show two everything
	has "$output" "command|parameters"
	"$G" records two --kind param --kind seal --json > "$D/records"
	is "$(json "$D/records" "sorted(r['kind'] for r in d['records'])")" "['param', 'param', 'seal']"
	is "$("$G" records two --kind param | wc -l)" 2
	"$G" records two --kind metric --json > "$D/records"
	is "$(json "$D/records" "d['records'], d['run']")" "([], '$(json "$D/show" "d['run']")')"
	run --separate-stderr "$G" records two --kind parm
	is "$status$output" 2
	has "$stderr" "did you mean 'param'"
}

@test "show says what may keep a run from repeating" {
	env -u PYTHONHASHSEED CUBLAS_WORKSPACE_CONFIG=:4096:8 TF_DETERMINISTIC_OPS=0 NCCL_ALGO=Ring XLA_FLAGS=--xla_dump_to=/tmp "$G" run -q --param my.seed=3 -- true
	"$G" show last --determinism > "$D/text"
	grep -q '^  PYTHONHASHSEED  *not set; .*PYTHONHASHSEED=0$' "$D/text"
	grep -q '^  CUBLAS_WORKSPACE_CONFIG  *set to :4096:8$' "$D/text"
	grep -q '^  TF_DETERMINISTIC_OPS  *set to 0; ' "$D/text"
	grep -q '^  code  *not looked at; ' "$D/text"
	grep -q '^  in the process  *not looked at; ' "$D/text"
	hasnt "$(cat "$D/text")" "value not recorded"
	"$G" show last --determinism --json > "$D/json"
	of() { json "$D/json" "[(e['state'], e['value'], e['repeats']) for e in d['sections']['determinism'] if e['name'] == '$1']"; }
	is "$(of PYTHONHASHSEED)" "[('not set', None, False)]"
	is "$(of CUBLAS_WORKSPACE_CONFIG)" "[('set', ':4096:8', True)]"
	is "$(of XLA_FLAGS)" "[('set', '--xla_dump_to=/tmp', False)]"
	is "$(of NCCL_ALGO)" "[('set', 'Ring', None)]"
	is "$(of seed)" "[('seen', 'a parameter names one', None)]"
}
