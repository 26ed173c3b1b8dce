#!/usr/bin/env bash
# Runs the tests, from packages to the last line.
#
#   tests/run.sh [--no-install]              builds with gcc, with sanitizers (threads too) and with clang; all tests that need no network
#   tests/run.sh interop [--no-install]      other people's tools on our bundles
#   tests/run.sh bench [--no-install] [--pairs N] [--long]     what recording costs
#   tests/run.sh fuzz [--no-install] [--seconds N] [TARGET...]  each fuzz target for 60 seconds, bundles changed at random, each bit of small ones
#   tests/run.sh coverage [--no-install]     which lines and branches the tests reach
#
# Installs what is missing (apt; --no-install never does). Exits 0 only when everything passed.
set -euo pipefail

source=$(cd "$(dirname "$0")/.." && pwd)
cd "$source"
what=all
options=()
install=()
for word in "$@"; do
	case $word in
	interop | bench | fuzz | coverage) what=$word ;;
	--no-install) install=(--no-install) ;;
	--help | -h)
		sed -n '2,10s/^# \{0,1\}//p' "$0"
		exit 0
		;;
	*) options+=("$word") ;;
	esac
done
if [ ${#options[@]} -gt 0 ] && [ "$what" != bench ] && [ "$what" != fuzz ]; then
	echo "run.sh: '${options[0]}': expected interop, bench, fuzz, coverage or --no-install" >&2
	exit 2
fi
jobs=$(nproc)
log=$source/build/run.log
steps=0 failed=()
mkdir -p build

say() { printf '%-28s %s\n' "$1" "$2"; }
since() { echo "$(($(date +%s) - $1)) s"; }

# step NAME COMMAND...: silent where it passes; what it printed where not
step() {
	local name=$1 began
	shift
	steps=$((steps + 1))
	began=$(date +%s)
	if "$@" >"$log" 2>&1; then
		say "$name" "passed   $(since "$began")"
		return 0
	fi
	grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)' "$log" | tail -n 60
	say "$name" "FAILED   $(since "$began")"
	failed+=("$name")
	return 1
}

build() { # PRESET [TARGET...]
	local preset=$1
	shift
	step "build, $preset" eval "cmake --preset $preset && cmake --build --preset $preset ${*:+--target $*} -- -k 0"
}

# cases NAME PRESET CTEST-OPTION...: the failing cases and ctest's own last lines
cases() {
	local name=$1 preset=$2 began
	shift 2
	steps=$((steps + 1))
	began=$(date +%s)
	if ctest --preset "$preset" -j "$jobs" --no-tests=error "$@" >"$log" 2>&1; then
		say "$name" "passed   $(since "$began")   $(sed -n 's/^100% tests passed, 0 tests failed out of \(.*\)/\1 cases/p' "$log")"
		return 0
	fi
	grep -vE '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ .* Passed )' "$log" | tail -n 200
	say "$name" "FAILED   $(since "$began")"
	failed+=("$name")
	return 1
}

finish() {
	printf '\n%d passed, %d failed\n' $((steps - ${#failed[@]})) "${#failed[@]}"
	echo "in $(since "$start")"
	if [ ${#failed[@]} -gt 0 ]; then
		echo "The following steps FAILED:"
		printf '  %s\n' "${failed[@]}"
		exit 1
	fi
	exit 0
}

start=$(date +%s)
case $what in
all)
	.ci/packages.sh ${install[@]+"${install[@]}"} build test clang
	# What libcrypto needs is known when it is there.
	.ci/packages.sh ${install[@]+"${install[@]}"} static
	# One compiler after the other: a machine with two cores has nothing to gain from more at once.
	if build dev; then cases 'tests, dev' dev -LE 'interop' || true; fi
	if build asan; then cases 'tests, asan' asan -LE 'interop|shape' || true; fi
	# What has threads: hashing, reading journals ahead, the recorder beside the job, locks.
	if build tsan glassbox_program glassbox-verify test_ahead test_code_digests test_files test_index test_job test_metrics test_recover test_trust_log; then
		cases 'threads, tsan' tsan -R '^unit\.(ahead|code_digests|files|index|job|metrics|recover|trust_log)$|^cli\.(run: data|concurrency)' || true
	fi
	if build clang; then cases 'fuzz corpora, clang' clang -R '^fuzz\.' -E mutate || true; fi
	if build static glassbox_program glassbox-verify; then cases 'tests, static' static -L '^static$' || true; fi
	;;
interop)
	.ci/packages.sh ${install[@]+"${install[@]}"} build test interop
	if build dev; then cases 'interop' dev -L '^interop$' || true; fi
	;;
bench)
	.ci/packages.sh ${install[@]+"${install[@]}"} build bench
	if step 'build, release' eval 'cmake --preset release -DGLASSBOX_TESTS=OFF -DGLASSBOX_BENCH=ON && cmake --build --preset release'; then
		steps=$((steps + 1))
		tests/bench/run.sh build/release ${options[@]+"${options[@]}"} || failed+=('bench')
	fi
	;;
fuzz)
	.ci/packages.sh ${install[@]+"${install[@]}"} build test fuzz
	if build fuzz; then
		steps=$((steps + 1))
		python3 -B tests/fuzz/fuzz.py --build build/fuzz ${options[@]+"${options[@]}"} || failed+=('fuzz')
	fi
	if build dev; then cases 'every change' dev -C long -L '^long$' || true; fi
	;;
coverage)
	.ci/packages.sh ${install[@]+"${install[@]}"} build test
	if build coverage; then
		find build/coverage -name '*.gcda' -delete
		# What tests run as another user adds to counts that anybody may write; else it would say so, among what the tests read.
		(umask 0; for program in glassbox glassbox-verify; do "build/coverage/recorder/$program" --version; done) >/dev/null
		cases 'tests, coverage' coverage -LE 'interop|shape' || true
		python3 tests/coverage.py --build build/coverage
	fi
	;;
esac
finish
