#!/bin/sh
# Boots Debian 13 with SELinux enforcing in qemu, without and with the policy module, and
# tries logins of unconfined and confined users: see docs/testing.md. As root.
set -eu
cd "$(dirname "$0")/../.."
dir=build/selinux
mkdir -p $dir
e2e/selinux/image.sh $dir
tar -C e2e --owner=root --group=root --transform 's,^,tests/,S' -cf $dir/payload.tar selinux
status=0
for policy in tmpshell default; do
	GUEST_SERIAL="-serial file:$dir/$policy.login" e2e/kernels/boot.sh $dir/image $dir \
		"security=selinux selinux=1 policy=$policy run=/tests/selinux/guest.sh" $dir/payload.tar >$dir/$policy.log || status=$?
	tr -d '\r' <$dir/$policy.log | grep -a -e "^$policy.*: \(ok\|FAIL\)$" -e '^guest: ' || :
	grep -a -q '^guest: ended' $dir/$policy.log || { echo "$policy: FAIL: the guest has not come to its end: $dir/$policy.log, $dir/console"; status=1; }
	! grep -a -q ': FAIL' $dir/$policy.log || status=1
done
exit $status
