#!/bin/sh
# Runs the tests, and says at the end how long that took and what it cost:
#
#	test.sh          everything: programs, packages, linters, tests
#	test.sh e2e RUN  the end-to-end tests whose names match the regexp RUN
#
# TMPSHELL_SEED chooses the shares of the tables, TMPSHELL_ALL=1 is all of them;
# TMPSHELL_MUST_RUN=1 turns a skipped test into a failed one; TEST_TIMEOUT is the
# one limit on time, for a machine on which something moves for ever: then the tests
# that run are named, with what they do.
set -eu
cd "$(dirname "$0")/.."

began=$(date +%s)
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
[ "${TMPSHELL_ALL-}" = 1 ] || : "${TEST_TIMEOUT:=75m}"
: "${MAKE:=make}" "${GO:=go}" "${TEST_TIMEOUT:=4h}"
: "${TMPSHELL_SEED:=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}"
[ -z "${CI-}" ] || : "${TMPSHELL_MUST_RUN=1}"

# What root compiles must not stay root's in the user's cache.
cache=$($GO env GOCACHE)
[ -z "$sudo" ] || trap 'sudo find "$cache" -user root -exec chown -h "$(id -u):$(id -g)" {} + || :' EXIT

$MAKE --no-print-directory build
$sudo e2e/packages.sh
$sudo e2e/aside.sh
case ${2-Package} in
*Package* | .)
	$MAKE --no-print-directory bin/nfpm
	$sudo env "TMPSHELL_SEED=$TMPSHELL_SEED" "TMPSHELL_ALL=${TMPSHELL_ALL-}" e2e/roots.sh
	;;
esac
if [ "${TMPSHELL_ALL-}" = 1 ]; then
	case ${2-.} in *SSH* | .) $sudo e2e/openssh.sh ;; esac
	case ${2-.} in *Run0* | .) $sudo e2e/roots.sh run0 ;; esac
fi
if [ "${1-}" = e2e ]; then
	set -- -run "$2" ./e2e ./e2e/ctljson
else
	$MAKE --no-print-directory lint
	set -- ./...
fi
# These need systems and programs that are made for all rows alone.
[ "${TMPSHELL_ALL-}" = 1 ] || set -- -skip '^(TestRun0|TestRun0Sid|TestMatrixSSHWithoutPAM)$' "$@"
$GO build -o bin/suite ./e2e/suite
echo "TMPSHELL_SEED=$TMPSHELL_SEED"
status=0
# A user's PATH has no useradd on Debian.
$sudo env "PATH=$PATH:/usr/sbin:/sbin" "HOME=$HOME" CGO_ENABLED=0 "CI=${CI-}" "GOFLAGS=${GOFLAGS-}" "GOCACHE=$cache" \
	"TMPSHELL_MUST_RUN=${TMPSHELL_MUST_RUN-}" "TMPSHELL_SEED=$TMPSHELL_SEED" "TMPSHELL_ALL=${TMPSHELL_ALL-}" \
	bin/suite "$PWD/bin/tables.txt" "$GO" test -count=1 -timeout "$TEST_TIMEOUT" -json "$@" || status=$?

# The second line of times(1) is what has been waited for, all descendants included.
times >bin/times.txt
awk -v wall="$(($(date +%s) - began))" -v seed="$TMPSHELL_SEED" -v all="${TMPSHELL_ALL-}" '
	function seconds(text,  part) { split(text, part, /[ms]/); return 60 * part[1] + part[2] }
	{ u += seconds($1); s += seconds($2) }
	END {
		printf "%d min %d s; processor time %d s: %d s user, %d s system\n", wall / 60, wall % 60, u + s, u, s
		print all == 1 ? "all rows of all tables" : "shares chosen by the seed: TMPSHELL_SEED=" seed
	}' bin/times.txt
exit $status
