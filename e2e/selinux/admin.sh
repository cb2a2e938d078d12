#!/bin/sh
# Sets tmpshell up, lets users log in, and judges what they have: "ROW: ok", or "ROW: FAIL".
# A process cannot go to a user's domain from here once SELinux is enforcing, as sshd's can:
# the users' shells are started before, and wait.
: "${policy:?not on the command line of the kernel}"
judge() { # ROW SAID WANT...
	row=$1 said=$2 good=ok
	shift 2
	for want; do
		grep -qx -e "$want" "$said" || { good=FAIL && echo "$row: no line $want"; }
	done
	[ $good = ok ] || sed "s/^/$row: | /" "$said"
	echo "$row: $good"
}

users='alice:1001:unconfined_u:unconfined_r:unconfined_t bob:1002:unconfined_u:unconfined_r:unconfined_t
	carol:1003:user_u:user_r:user_t dave:1004:user_u:user_r:user_t erin:1005:staff_u:staff_r:staff_t'
for user in $users; do
	IFS=: read -r name uid context <<-END
		$user
	END
	mkfifo "/home/$name/go" "/home/$name/done"
	chown "$uid:$uid" "/home/$name/go" "/home/$name/done"
	chcon -R -u "${context%%:*}" "/home/$name"
	runcon "$context:s0" setpriv --reuid "$uid" --regid "$uid" --clear-groups --reset-env \
		env HOME="/home/$name" sh /tests/selinux/user.sh &
done
sleep 5 # of the guest's clock, which is not the machine's
setenforce 1
touch /tmp/.s.x
chcon -u system_u /tmp/.s.x
printf 'Match User bob,dave,erin\nDirectory /tmp mount share=.meet/,.s.x\nDirectory /dev/shm tmpfs\n' >/etc/tmpshell.conf
tmpshellctl setup >/tests/setup || cat /tests/setup
tmpshellctl doctor --only selinux >/tests/doctor
dmesg -C
for user in $users; do
	name=${user%%:*}
	echo go >"/home/$name/go"
	timeout 200 cat "/home/$name/done" >/dev/null
done
dmesg | grep -a -o 'avc:.*' >/tests/avc

# Rows are about the policy without the module, too.
env='directory /tmp/.private/[0-9]*' mount='directory /tmp'
file='file .*:object_r:user_tmp_t:s0' label='label system_u:object_r:tmp_t:s0'
shm='shm system_u:object_r:tmpfs_t:s0 1'
mine='same namespace' kept='descriptor /home/[a-z]*/kept' link='link ok'
judge "$policy, unconfined_u, env" /home/alice/out 'domain unconfined_t' "$env" "$label" "$file" "$kept"
judge "$policy, unconfined_u, mount, tmpfs" /home/bob/out 'domain unconfined_t' "$mount" "$label" "$file" "$shm" "$mine" "$kept" "$link"
if [ "$policy" = tmpshell ]; then
	judge "$policy, user_u, env" /home/carol/out 'domain user_t' "$env" "$label" "$file" "$kept"
	judge "$policy, user_u, mount, tmpfs" /home/dave/out 'domain user_t' "$mount" "$label" "$file" "$shm" "$mine" "$kept" "$link"
	judge "$policy, staff_u, mount, tmpfs" /home/erin/out 'domain staff_t' "$mount" "$label" "$file" "$shm" "$mine" "$kept" "$link"
	judge "$policy, doctor" /tests/doctor 'selinux: ok: SELinux is enforcing, and labels are as they must be'
	grep -c . /tests/avc | sed 's/^/denied /' >/tests/denied
	cat /tests/avc
	judge "$policy, nothing denied" /tests/denied 'denied 0'
else
	judge "$policy, user_u, fallback that names the domain" /home/carol/out 'domain user_t' \
		'.*no private directory in /tmp: .*; the SELinux domain user_t may forbid it; using /tmp/.private-1003.*'
	judge "$policy, doctor" /tests/doctor 'selinux: fix: sh /usr/share/doc/tmpshell/selinux/load.sh'
fi
