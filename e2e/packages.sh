#!/bin/sh
# Installs the Debian packages whose programs the tests run, or those that are named as
# arguments, and only what is missing. No service is started, now or at the next boot: a
# policy-rc.d that forbids it stands in while dpkg works, unless the machine has its own.
set -eu

packages="
	acl adduser ansible-core at attr bindfs btrfs-progs bubblewrap busybox-static checkpolicy
	catatonit cron dash dbus diffutils dropbear-bin dumb-init e2fsprogs emacs-nox fish fuse3 gcc
	git gosu gpg gpg-agent gpgconf heimdal-kcm hyperfine htop iproute2
	iputils-ping jq krb5-admin-server krb5-kdc krb5-user libc6-dev lintian
	libcap2-bin libnss-extrausers libpam-cap login make mandoc
	mariadb-client mariadb-server mmdebstrap mosh mount openssh-client openssh-server
	openssh-sftp-server passwd postgresql procps pulseaudio
	pulseaudio-utils python3 qemu-user-static rpm rsync runc screen shellcheck sqlite3
	strace sudo systemd tcsh tini tmpreaper tmux uidmap util-linux
	semodule-utils vim x11-session-utils x11-utils x11-xserver-utils xauth xdotool xfsprogs
	xterm xvfb zsh
	crun csh munge podman slurm-client slurmctld slurmd x11-common
"

[ $# = 0 ] || packages=$*
missing=
for p in $packages; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || :) in
	installed) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "packages.sh: missing packages:$missing" >&2
	echo "packages.sh: run as root, or: sudo apt-get install$missing" >&2
	exit 1
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# Packages of services have them start at the next boot, too: by links, which are made
# here where only dpkg sees them, and are gone with it. Links that are gone are to Debian's
# packages an administrator's choice, and an upgrade leaves it at that.
# shellcheck disable=SC2016 # the inner shell expands it
unshare --mount --propagation private sh -euc '
	for dir in /etc/systemd/system /etc/systemd/user /etc/rc0.d /etc/rc1.d /etc/rc2.d /etc/rc3.d /etc/rc4.d /etc/rc5.d /etc/rc6.d /etc/rcS.d; do
		[ -d "$dir" ] || continue
		mount --bind "$dir" /mnt
		mount -t tmpfs -o mode=755 links "$dir"
		cp -a /mnt/. "$dir"
		umount /mnt
	done
	exec apt-get -o DPkg::Lock::Timeout=600 install -q -y --no-install-recommends $1
' sh "$missing"
