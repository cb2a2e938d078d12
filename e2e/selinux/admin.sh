#!/bin/sh
# Sets tmpshell up, lets users log in by sshd and by login, and judges what they have:
# "ROW: ok", or "ROW: FAIL".
: "${policy:?not on the command line of the kernel}"
out=/tests/out
mkdir $out

judge() { # ROW SAID WANT...
	row=$1 said=$2 good=ok
	shift 2
	for want; do
		grep -qx -e "$want" "$said" || { good=FAIL && echo "$row: no line $want"; }
	done
	[ $good = ok ] || sed "s/^/$row: | /" "$said"
	echo "$row: $good"
}
init() { # COMMAND...: by the machine's init
	echo "$*" >/run/init.fifo
	cat /run/init.done >/dev/null
}
ssh_to() { # USER: what the session says goes to $out/USER
	timeout 300 ssh -tt -o LogLevel=ERROR -o StrictHostKeyChecking=no -i /root/key "$1@127.0.0.1" \
		sh /tests/selinux/session.sh </dev/null 2>&1 | tr -d '\r' >"$out/$1"
}
left() { # PATH...: what is still there of them, when it has been waited for
	for _ in $(seq 20); do
		stays=$(ls -d "$@" 2>/dev/null)
		[ -n "$stays" ] || break
		sleep 3
	done
	echo "left:$stays"
}
denied() { # what Debian's policy lacks for sshd is not tmpshell's
	dmesg | grep -a -o 'avc:.*' | grep -v -e 'name="wtmp.db" scontext=[^ ]*:sshd_t:' >$out/avc
	cat $out/avc
	grep -c . $out/avc | sed 's/^/denied /' >$out/denied
}

init /usr/sbin/sshd
setenforce 1
touch /tmp/.s.x
chcon -u system_u /tmp/.s.x
# dave, who is supervised, shares no directory: frank does.
printf 'Match User bob,erin,frank\nDirectory /tmp mount share=.meet/,.s.x\nMatch User dave\nDirectory /tmp mount share=.s.x\nMatch User bob,dave,erin,frank\nDirectory /dev/shm tmpfs\nMatch User carol,dave\nSupervise yes\n' >/etc/tmpshell.conf
tmpshellctl setup >$out/setup || cat $out/setup
tmpshellctl doctor --only selinux >$out/doctor

# Rows are about the policy without the module, too.
env='directory /tmp/.private/[0-9]*' mount='directory /tmp'
file='file .*:object_r:user_tmp_t:s0' label='label system_u:object_r:tmp_t:s0'
shm='shm system_u:object_r:tmpfs_t:s0 1'
mine='same namespace' kept='descriptor /home/[a-z]*/kept' link='link ok'
confined() {
	for user in carol dave erin; do ssh_to $user; done
	judge "$policy, sshd, user_u, env" $out/carol 'domain user_t' "$env" "$label" "$file" "$kept"
	judge "$policy, sshd, user_u, mount, tmpfs" $out/dave 'domain user_t' "$mount" "$label" "$file" "$shm" "$mine" "$kept" "$link"
	judge "$policy, sshd, staff_u, mount, tmpfs" $out/erin 'domain staff_t' "$mount" "$label" "$file" "$shm" "$mine" "$kept" "$link"
}
dmesg -C
for user in alice bob; do ssh_to $user; done
judge "$policy, sshd, unconfined_u, env" $out/alice 'domain unconfined_t' "$env" "$label" "$file" "$kept"
judge "$policy, sshd, unconfined_u, mount, tmpfs" $out/bob 'domain unconfined_t' "$mount" "$label" "$file" "$shm" "$mine" "$kept" "$link"
if [ "$policy" = default ]; then
	ssh_to carol
	judge "$policy, sshd, user_u, fallback that names the domain" $out/carol 'domain user_t' \
		'.*no private directory in /tmp: .*; the SELinux domain user_t may forbid it; using /tmp/.private-1003.*'
	judge "$policy, doctor" $out/doctor 'selinux: fix: sh /usr/share/doc/tmpshell/selinux/load.sh'
	rm -rf /tmp/.private-1003
	sh /usr/share/doc/tmpshell/selinux/load.sh
	policy='default, and load.sh while SELinux is enforcing'
	tmpshellctl doctor --only selinux >$out/doctor
	dmesg -C
	confined
	judge "$policy, doctor" $out/doctor 'selinux: ok: SELinux is enforcing, and labels are as they must be'
	denied
	judge "$policy, nothing denied" $out/denied 'denied 0'
	exit
fi
confined
left /tmp/.private/1003 /var/lib/tmpshell/1004 >$out/left
judge "$policy, Supervise, user_u: the directories go" $out/left left:
# As tmpshell-clean.service does.
ls -d /tmp/.private/1001 /var/lib/tmpshell/1002 >$out/left
init tmpshellctl clean --grace 0
left /tmp/.private/1001 /var/lib/tmpshell/1002 >>$out/left
judge "$policy, clean by init: the directories go" $out/left /tmp/.private/1001 /var/lib/tmpshell/1002 left:
# getty starts login, which starts the shell.
printf 'sh /tests/selinux/session.sh >~/out 2>&1\nexit\n' >/home/frank/.profile
echo exec agetty -a frank ttyS2 115200 dumb >/run/init.fifo
for _ in $(seq 40); do
	! grep -q ^descriptor /home/frank/out 2>/dev/null || break
	sleep 5
done
judge "$policy, login, user_u, mount, tmpfs" /home/frank/out 'domain user_t' "$mount" "$label" "$file" "$shm" "$mine" "$kept" "$link"
judge "$policy, doctor" $out/doctor 'selinux: ok: SELinux is enforcing, and labels are as they must be'
denied
judge "$policy, nothing denied" $out/denied 'denied 0'
