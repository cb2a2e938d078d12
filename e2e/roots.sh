#!/bin/sh
# Makes clean Debian systems for the tests of packages and of run0, each once for a machine:
# archives of what is essential, in /var/cache/tmpshell-e2e. Of two, TMPSHELL_SEED chooses one;
# TMPSHELL_ALL=1 is both. With the argument run0: those for its test.
set -eu
umask 022

cache=/var/cache/tmpshell-e2e debian=$(dirname "$0")/debian.sh
if [ "${TMPSHELL_ALL-}" = 1 ]; then
	suites='bookworm trixie'
elif [ $((${TMPSHELL_SEED:-0} % 2)) = 0 ]; then
	suites=bookworm
else
	suites=trixie
fi

# Versions of systemd that have run0.
if [ "${1-}" = run0 ]; then
	packages=passwd,login,mount,systemd,systemd-sysv,dbus,libpam-systemd,zsh
	"$debian" $cache/trixie-systemd.tar trixie essential $packages
	"$debian" $cache/sid-systemd.tar sid essential $packages
	exit
fi
for suite in $suites; do
	"$debian" "$cache/$suite.tar" "$suite" essential passwd,login,mount
done
