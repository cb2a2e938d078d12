#!/bin/sh
# Makes a clean Debian 13 for another processor, once for a machine: the archive
# /var/cache/tmpshell-e2e/trixie-CPU.tar, for TestPackages of programs for that.
#
#	foreignroot.sh CPU		CPU as Debian and GOARCH have it
#
# Its programs run under qemu-user, by a binfmt_misc of a user namespace's own (Linux 6.7):
# that of the machine is left alone.
set -eu
umask 022
cpu=$1
case $cpu in
arm64) qemu=aarch64 ;;
riscv64 | s390x) qemu=$cpu ;;
*) echo "foreignroot.sh: no Debian of this name is known: $cpu" >&2; exit 2 ;;
esac
cache=/var/cache/tmpshell-e2e
[ ! -e "$cache/trixie-$cpu.tar" ] || exit 0
echo "foreignroot.sh: a clean Debian, trixie-$cpu"
# shellcheck disable=SC2016 # apt-get expands it
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
mkdir -p $cache
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkfifo "$work/go"
# shellcheck disable=SC2016 # the inner shell expands it
unshare --user --mount --pid --fork --propagation private sh -euc '
	read -r go
	mount -t proc proc /proc
	mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
	cat "/usr/lib/binfmt.d/qemu-$1.conf" >/proc/sys/fs/binfmt_misc/register
	shift
	exec mmdebstrap --quiet --mode=root --skip=check/qemu --variant=essential --include=passwd,login,mount \
		--format=tar "--arch=$1" trixie "$2" ${3:+"$3"}
' sh "$qemu" "$cpu" "$work/tar" "$mirror" <"$work/go" &
pid=$!
exec 3>"$work/go"
until [ "$(readlink /proc/$pid/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do
	kill -0 $pid # it may have failed
	sleep 0.1
done
echo '0 0 4294967295' >/proc/$pid/uid_map
echo '0 0 4294967295' >/proc/$pid/gid_map
echo go >&3
exec 3>&-
wait $pid
mv "$work/tar" "$cache/trixie-$cpu.tar"
