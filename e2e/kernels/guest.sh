#!/bin/sh
# The first process of a guest: furnishes it as systemd would, runs the tests that the
# kernel's command line names, and ends it.
#
#	tests=REGEXP   of the end-to-end tests
#	units=A,B      packages of internal whose tests run
#	scripts=A,B    of this directory, without .sh, that run at last, outside of any view
exec >/dev/ttyS1 2>&1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8 TERM=dumb
tests=${tests-'^$'} units=${units-} scripts=${scripts-}
say() { echo "guest: $*"; }
now() { cut -d. -f1 /proc/uptime; }

mount -o remount,rw /
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs /run
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /dev/shm
mount --make-rshared /
ln -sf /proc/self/fd /dev/fd
hostname guest
ip link set lo up
modprobe -a overlay loop fuse 2>/dev/null
# As every Debian has them; of 13 on they are in a package that this system lacks.
sysctl -q -w kernel.printk_ratelimit=0 fs.protected_symlinks=1 fs.protected_hardlinks=1 fs.protected_fifos=1 fs.protected_regular=2
say "$(uname -srm), $(sed -n 's/^PRETTY_NAME=//p' /etc/os-release), ready after $(cut -d' ' -f1 /proc/uptime) s"

cd /tests/e2e || say "no tests"
export TMPSHELL_BIN=/tests/bin TMPSHELL_MUST_RUN=1
../run/e2e.test -test.v -test.parallel 1 -test.timeout 1h -test.run "$tests" -test.skip '^TestHardening$'
# It changes settings of the kernel's, which are everybody's.
case $tests in *TestHardening*) ../run/e2e.test -test.v -test.timeout 1h -test.run '^TestHardening$' ;; esac
unset TMPSHELL_BIN TMPSHELL_MUST_RUN
for unit in $(echo "$units" | tr , ' '); do
	cd "/tests/internal/$unit" || continue
	began=$(now)
	if ../../run/"$unit.test" -test.short -test.timeout 1h; then result=PASS; else result=FAIL; fi
	echo "--- $result: $unit ($(($(now) - began))s)"
done
for script in $(echo "$scripts" | tr , ' '); do
	began=$(now)
	if sh "/tests/e2e/kernels/$script.sh"; then result=PASS; else result=FAIL; fi
	echo "--- $result: $script ($(($(now) - began))s)"
done
say "the kernel's warnings: $(dmesg | grep -c -e WARNING: -e BUG: -e Oops)"
say "ended after $(cut -d' ' -f1 /proc/uptime) s"
sync
echo o >/proc/sysrq-trigger
exec sleep 1000
