#!/bin/sh
# Makes a Debian system as a tar archive, once: debian.sh OUT SUITE VARIANT PACKAGES [OPTION...]
# with the options of mmdebstrap.
set -eu
umask 022
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
out=$1 suite=$2 variant=$3 packages=$4
shift 4
[ ! -e "$out" ] || exit 0
echo "debian.sh: Debian $suite: $out"
# From where this machine has its own; from mmdebstrap's mirror on one of another kind.
# shellcheck disable=SC2016 # apt-get expands it
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
mkdir -p "$(dirname "$out")"
# sid's list says until when it is valid; a mirror, and a clock, may be of another day.
mmdebstrap --quiet --mode=root --variant="$variant" --include="$packages" \
	--aptopt='Acquire::Check-Valid-Until "false"' "$@" "$suite" "$out.$$" ${mirror:+"$mirror"} --format=tar
mv "$out.$$" "$out"
