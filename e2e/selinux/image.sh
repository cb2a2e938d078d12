#!/bin/sh
# Makes the guest of test.sh in DIR, as e2e/kernels/boot.sh wants it: image.sh DIR. It is
# Debian 13 with SELinux, tmpshell of bin, and two policies: "default" is Debian's,
# "tmpshell" the same with the module of etc/selinux. Files have their labels.
set -eu
umask 022
dir=$(realpath "$1")
cd "$(dirname "$0")/../.."
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:"$PATH" DEBIAN_FRONTEND=noninteractive TMPDIR="$dir"

missing=
for p in busybox-static cpio e2fsprogs kmod mmdebstrap qemu-system-x86; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || :) in
	installed) ;;
	*) missing="$missing $p" ;;
	esac
done
if [ -n "$missing" ]; then
	apt-get update -q
	# shellcheck disable=SC2086 # a list of words
	apt-get install -q -y --no-install-recommends $missing
fi

# From where this machine has its own; from mmdebstrap's mirror on one of another kind.
# shellcheck disable=SC2016 # apt-get expands it
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
if [ ! -e "$dir/tar" ]; then
	echo "image.sh: Debian trixie with SELinux"
	nice -n 10 mmdebstrap --quiet --mode=root --variant=minbase \
		--include=apparmor,checkpolicy,kmod,libcap2-bin,linux-image-cloud-amd64,mount,passwd,policycoreutils,procps,selinux-policy-default,selinux-utils,semodule-utils \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		trixie "$dir/tar.new" ${mirror:+"$mirror"} --format=tar
	mv "$dir/tar.new" "$dir/tar"
fi

root=$dir/root
rm -rf "$root"
mkdir "$root"
trap 'rm -rf "$root"' EXIT
tar -C "$root" --numeric-owner -xf "$dir/tar"
cp "$root"/boot/vmlinuz-* "$dir/vmlinuz"
e2e/kernels/initrd.sh "$root" "$dir/initrd"
rm -rf "${root:?}"/boot/* "${root:?}"/usr/lib/modules/*
${MAKE:-make} -s install DESTDIR="$root" >/dev/null
ln -s tmpshell "$root/usr/bin/tmpshell-bash"
for user in alice:1001 bob:1002 carol:1003 dave:1004 erin:1005; do
	chroot "$root" useradd -m -u "${user#*:}" -s /usr/bin/tmpshell-bash "${user%:*}"
done

for what in etc var/lib; do
	cp -a "$root/$what/selinux/default" "$root/$what/selinux/tmpshell"
done
# As an administrator would. Here SELinux is off: nothing is loaded or labelled.
sed -i 's/^SELINUXTYPE=.*/SELINUXTYPE=tmpshell/' "$root/etc/selinux/config"
chroot "$root" env -u TMPDIR sh /usr/share/doc/tmpshell/selinux/load.sh
contexts=$root/etc/selinux/tmpshell/contexts/files/file_contexts
for file in "$contexts" "$contexts".*; do
	cp "$file" "$root/contexts${file#"$contexts"}"
done
chroot "$root" setfiles -F /contexts /
rm "$root"/contexts*
rm -f "$dir/image"
mke2fs -q -t ext4 -O ^has_journal -d "$root" "$dir/image" 1G
