#!/bin/sh
# Downloads Debian packages that would change the machine if they were installed on
# it: services that start at boot, a display manager, modules of the name service and
# of PAM. Tests unpack them in their views (rig.Unpack). Each set, with all that it
# needs and the machine has not installed, is in bin/aside/SET.
set -eu
cd "$(dirname "$0")/.."

fetch() { # SET PACKAGE...
	set=bin/aside/$1
	shift
	[ "$(cat "$set/packages" 2>/dev/null)" != "$*" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		echo "aside.sh: $set is missing: run as root" >&2
		exit 1
	fi
	[ -n "${updated-}" ] || { apt-get update -q; updated=1; }
	rm -rf "$set"
	mkdir -p "$set/partial"
	apt-get install -q -y --no-install-recommends --download-only -o APT::Sandbox::User=root -o DPkg::Lock::Timeout=600 \
		-o "Dir::Cache::archives=$PWD/$set" "$@"
	rm -rf "$set/partial" "$set/lock"
	echo "$*" >"$set/packages"
	chown -R --reference=bin bin/aside
}

fetch systemd systemd-container libpam-systemd dbus-user-session systemd-userdbd libnss-systemd libfaketime
fetch slapd slapd ldap-utils
fetch nslcd nslcd libnss-ldapd
fetch sssd sssd-ldap libnss-sss
fetch slurm-dev libslurm-dev
fetch doas opendoas
fetch greetd greetd
fetch lightdm lightdm
fetch bash-completion bash-completion
fetch prometheus prometheus
fetch pam-tmpdir libpam-tmpdir
