#!/bin/sh
# Installs tmpshell from a release archive, or upgrades it; needs neither Go nor make.
#
#	./install.sh [DESTDIR=DIRECTORY]	with DESTDIR, for an image or a package
#	./install.sh --remove [--disable] [--force]	as tmpshellctl setup --remove
set -eu
umask 022
cd "$(dirname "$0")/files"
programs=usr/lib/tmpshell
dest=
case ${1-} in DESTDIR=*) dest=${1#DESTDIR=} ;; esac

if [ "${1-}" = --remove ]; then
	$programs/tmpshellctl setup "$@"
	rm -f /usr/bin/tmpshell /usr/bin/tmpshellctl /usr/libexec/tmpshell-*
	find usr ! -type d ! -path "$programs/*" | while read -r f; do
		rm -f "/$f"
	done
	find usr -depth -type d -path '*tmpshell*' ! -path "$programs" | while read -r d; do
		rmdir "/$d" 2>/dev/null || :
	done
	exit
fi

# What belongs to the administrator is kept; the configuration comes before setup,
# which compiles it.
find usr etc ! -type d ! -path "$programs/*" | while read -r f; do
	case $f in etc/*) [ ! -e "$dest/$f" ] || continue ;; esac
	mode=644
	[ ! -x "$f" ] || mode=755
	install -d "$dest/${f%/*}"
	install -m $mode "$f" "$dest/$f"
done
if [ -z "$dest" ] || [ "$(cd "$dest" && pwd -P)" = / ]; then
	exec $programs/tmpshellctl setup --from $programs
fi
install -d "$dest/usr/bin" "$dest/usr/libexec"
install -m 755 $programs/tmpshellctl "$dest/usr/bin"
install -m 711 $programs/tmpshell-* "$dest/usr/libexec"
install -m 711 $programs/tmpshell "$dest/usr/bin/tmpshell"
install -m 711 $programs/tmpshell "$dest/usr/libexec/tmpshell-session"
echo 'Next, on the machine itself: tmpshellctl setup'
