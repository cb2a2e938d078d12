#!/bin/sh
# The first process of a guest: loads the policy that the kernel's command line names
# (policy=), and goes on as an init, in its domain, and as an unconfined administrator:
# admin.sh.
exec </dev/null >/dev/ttyS1 2>&1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb NO_COLOR=1
: "${policy:?not on the command line of the kernel}"
mount -o remount,rw /
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /dev/pts /dev/shm /run/sshd
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
chmod 755 /tests /tests/selinux
mkfifo -m 600 /run/init.fifo /run/init.done
ip link set lo up
# In place: a new file would have no label.
sed "s/^SELINUXTYPE=.*/SELINUXTYPE=$policy/" /etc/selinux/config >/dev/shm/config
cat /dev/shm/config >/etc/selinux/config
load_policy -i
restorecon -R /dev /run
chcon -R -t bin_t /tests
echo 0 >/proc/sys/kernel/printk_ratelimit
setsid runcon system_u:system_r:init_t:s0 sh /tests/selinux/init.sh &
runcon unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 sh /tests/selinux/admin.sh
echo "guest: ended after $(cut -d' ' -f1 /proc/uptime) s"
echo o >/proc/sysrq-trigger
exec sleep 1000
