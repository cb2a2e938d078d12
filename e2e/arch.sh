#!/bin/sh
# Builds tmpshell for each of PROCESSORS (GOARCH), runs it under qemu-user, and prints a
# table, which docs/platforms.md has. For root, or with sudo.
set -eu
cd "$(dirname "$0")/.."
: "${MAKE:=make}" "${GO:=go}" "${PROCESSORS:?}" "${TMPSHELL_SEED:=1}"
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
table=bin/processors.md
logins='TestMount|TestAmbient|TestNoProcessRemains|TestRealShell|TestFirstLoginsAtOnce|TestSupervise|TestSquattedFallback'

name_of() { # as Debian has it
	case $1 in
	arm) echo armhf ;;
	386) echo i386 ;;
	ppc64le) echo ppc64el ;;
	*) echo "$1" ;;
	esac
}

# count FILE PATTERN: passed/tried, of the lines "--- PASS: PATTERN (".
count() {
	sed -nE "s#^ *--- (PASS|FAIL|SKIP): $2 \(.*#\1#p" "$1" | awk '{ n++ } /PASS/ { good++ } END { printf "%d/%d", good, n }'
}

run() { # LOG DIRECTORY TEST REGEXP [NAME=VALUE...]
	log=$1 dir=$2 program=$PWD/bin/$3.test only=$4
	shift 4
	(cd "$dir" && $sudo env "PATH=$PATH" "HOME=$HOME" TMPSHELL_MUST_RUN=1 "TMPSHELL_SEED=$TMPSHELL_SEED" "$@" \
		"$program" -test.v -test.run "$only") >"$log" 2>&1 || { failed=1; echo "see $log" >&2; }
}

$sudo e2e/packages.sh
$MAKE --no-print-directory build-all "PROCESSORS=$PROCESSORS"
$GO test -c -o bin/arch.test ./internal/build
$GO test -c -o bin/e2e.test ./e2e
failed=
{
	echo '| Debian | GOARCH | rules of package bare | launcher: starts | faults | the same session: TestStarts | logins |'
	echo '| --- | --- | --- | --- | --- | --- | --- |'
} >$table
for cpu in $PROCESSORS; do
	bin=bin/$cpu
	run "$bin/build.log" internal/build arch '^(TestOtherProcessors|TestFaults)$' "TMPSHELL_PROCESSORS=$cpu"
	run "$bin/logins.log" e2e e2e "^($logins)\$" "TMPSHELL_BIN=$PWD/$bin"
	run "$bin/starts.log" e2e e2e '^TestStarts$' "TMPSHELL_BIN=$PWD/$bin"
	faults=$(sed -n 's/.*: \([0-9]*\) faults$/\1/p' "$bin/build.log")
	case $(count "$bin/build.log" "TestFaults/$cpu") in 1/1) faults=${faults:-none} ;; *) faults=wrong ;; esac
	starts=$(sed -n 's/.* states, \([0-9]* starts\), .*/\1/p' "$bin/starts.log")
	case $(count "$bin/starts.log" TestStarts) in 2/2) ;; *) starts="wrong, of ${starts:-none}" ;; esac
	echo "| $(name_of "$cpu") | $cpu | $(count "$bin/build.log" "TestOtherProcessors/$cpu/rules") |" \
		"$(count "$bin/build.log" "TestOtherProcessors/$cpu/[^/]*" | awk -F/ '{ print $1 - 1 "/" $2 - 1 }') | $faults | $starts |" \
		"$(count "$bin/logins.log" "($logins)" | awk -F/ '{ print $1 / 2 "/" $2 / 2 }') |" | tee -a $table
done
[ -z "$failed" ] || exit 1
