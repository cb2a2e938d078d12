#!/bin/sh
# Makes clean Debian systems for the test of packages, each once for a machine: archives
# of what is essential, in /var/cache/tmpshell-e2e. Of two, TMPSHELL_SEED chooses one;
# TMPSHELL_ALL=1 is both.
set -eu
umask 022

cache=/var/cache/tmpshell-e2e
# From where this machine has its own; from mmdebstrap's mirror on one of another kind.
# shellcheck disable=SC2016 # apt-get expands it
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
if [ "${TMPSHELL_ALL-}" = 1 ]; then
	suites='bookworm trixie'
elif [ $((${TMPSHELL_SEED:-0} % 2)) = 0 ]; then
	suites=bookworm
else
	suites=trixie
fi
for suite in $suites; do
	[ ! -e "$cache/$suite.tar" ] || continue
	echo "roots.sh: a clean Debian, $suite"
	mkdir -p $cache
	mmdebstrap --quiet --mode=root --variant=essential --include=passwd,login,mount "$suite" "$cache/$suite.$$" ${mirror:+"$mirror"} --format=tar
	mv "$cache/$suite.$$" "$cache/$suite.tar"
done
