#!/bin/sh
# Builds the policy module of tmpshell, loads it, and labels what it is about. As root; it
# needs the Debian packages checkpolicy, semodule-utils and policycoreutils. "semodule -r
# tmpshell" takes it away again.
set -eu
here=$(dirname "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

checkmodule -M -m -o "$dir/tmpshell.mod" "$here/tmpshell.te"
semodule_package -o "$dir/tmpshell.pp" -m "$dir/tmpshell.mod" -f "$here/tmpshell.fc"
semodule -i "$dir/tmpshell.pp"
for path in /usr/libexec/tmpshell-* /var/lib/misc/tmpshell.policy* /var/lib/tmpshell \
	/run/tmpshell* /tmp/.private; do
	[ ! -e "$path" ] || restorecon -F -R "$path"
done
