#!/bin/sh
# Boots a guest in qemu, without KVM: boot.sh ROOT KERNEL APPEND PAYLOAD
#
#	ROOT     an image of a file system, ext4; what the guest writes to it is dropped
#	KERNEL   a directory with vmlinuz and initrd, as fetch.sh makes them
#	APPEND   more of the kernel's command line, such as
#	         "run=/tests/guest.sh apparmor=1 security=apparmor"; without run= the
#	         system's own init is started
#	PAYLOAD  a tar archive that is unpacked over the root before
#
# GUEST_SERIAL has arguments of qemu's for further serial lines. It prints what the guest
# writes to /dev/ttyS1. The kernel's messages are in KERNEL/console. A guest that has not
# ended after GUEST_TIMEOUT (1h) is ended. Its clock counts instructions, so that nothing
# times out on a busy machine. Without what protects a kernel against its processor, it
# takes a third less of the machine's.
set -eu
root=$1 kernel=$2 append=$3 payload=$4
: >"$kernel/console"
# A disk consists of whole sectors.
truncate -s %512 "$payload"
# -snapshot has its file in TMPDIR, without a name.
TMPDIR=$(realpath "$kernel")
export TMPDIR
# shellcheck disable=SC2086 # a list of words
exec setpriv --pdeathsig TERM timeout "${GUEST_TIMEOUT:-1h}" qemu-system-x86_64 \
	-M pc -accel tcg -cpu max -icount shift=1,sleep=off -smp 1 -m 1G -nodefaults -no-reboot -display none -net none \
	-kernel "$kernel/vmlinuz" -initrd "$kernel/initrd" \
	-append "console=ttyS0 panic=-1 loglevel=5 mitigations=off init_on_alloc=0 $append" \
	-drive "file=$root,if=virtio,format=raw,snapshot=on,cache=unsafe" \
	-drive "file=$payload,if=virtio,format=raw,readonly=on" \
	-serial "file:$kernel/console" -serial stdio ${GUEST_SERIAL-} </dev/null
