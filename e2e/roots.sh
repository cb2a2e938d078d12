#!/bin/sh
# Makes clean Debian systems for the tests of packages and of run0, each once for a machine:
# archives of what is essential, in /var/cache/tmpshell-e2e. Of two, TMPSHELL_SEED chooses one;
# TMPSHELL_ALL=1 is both. With the argument run0: those for its test.
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

root() { # NAME SUITE PACKAGES [OPTION]
	[ ! -e "$cache/$1.tar" ] || return 0
	echo "roots.sh: a clean Debian, $1"
	mkdir -p $cache
	mmdebstrap --quiet --mode=root --variant=essential --include="$3" ${4:+"$4"} "$2" "$cache/$1.$$" ${mirror:+"$mirror"} --format=tar
	mv "$cache/$1.$$" "$cache/$1.tar"
}

# Versions of systemd that have run0.
if [ "${1-}" = run0 ]; then
	packages=passwd,login,mount,systemd,systemd-sysv,dbus,libpam-systemd,zsh
	root trixie-systemd trixie $packages
	# sid says until when it is fresh; a mirror may be of an older day.
	root sid-systemd sid $packages '--aptopt=Acquire::Check-Valid-Until "false"'
	exit
fi
for suite in $suites; do
	root "$suite" "$suite" passwd,login,mount
done
