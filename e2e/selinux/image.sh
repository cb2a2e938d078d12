#!/bin/sh
# Makes the guest of test.sh in DIR, as e2e/kernels/boot.sh wants it: image.sh DIR. It is
# Debian 13 with SELinux, tmpshell of bin, and two policies: "default" is Debian's,
# "tmpshell" the same with the module of etc/selinux. Files have their labels.
set -eu
umask 022
dir=$(realpath "$1")
cd "$(dirname "$0")/../.."
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:"$PATH" TMPDIR="$dir"

e2e/packages.sh busybox-static cpio e2fsprogs kmod mmdebstrap qemu-system-x86
e2e/debian.sh "$dir/tar" trixie minbase \
	checkpolicy,iproute2,kmod,libcap2-bin,linux-image-cloud-amd64,login,mount,openssh-client,openssh-server,passwd,policycoreutils,procps,selinux-policy-default,selinux-utils,semodule-utils \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*'

root=$dir/root
rm -rf "$root"
mkdir "$root"
trap 'rm -rf "$root"' EXIT
tar -C "$root" --numeric-owner -xf "$dir/tar"
cp "$root"/boot/vmlinuz-* "$dir/vmlinuz"
e2e/kernels/initrd.sh "$root" "$dir/initrd"
rm -rf "${root:?}"/boot/* "${root:?}"/usr/lib/modules/*
# Relative: make knows no blanks in a path.
${MAKE:-make} -s install DESTDIR="${root#"$PWD/"}" >/dev/null
ln -s tmpshell "$root/usr/bin/tmpshell-bash"
echo /usr/bin/tmpshell-bash >>"$root/etc/shells"
for user in alice:1001 bob:1002 carol:1003 dave:1004 erin:1005 frank:1006; do
	chroot "$root" useradd -m -u "${user#*:}" -s /usr/bin/tmpshell-bash "${user%:*}"
done
# Root logs in to all of them.
chroot "$root" ssh-keygen -q -t ed25519 -N '' -f /root/key
for user in alice bob carol dave erin frank; do
	install -d -m 700 "$root/home/$user/.ssh"
	cp "$root/root/key.pub" "$root/home/$user/.ssh/authorized_keys"
	chroot "$root" chown -R "$user:" "/home/$user/.ssh"
done

# Which of SELinux's users they are, in what is read and in what "semodule -i" makes it of.
seusers='carol:user_u:s0\ndave:user_u:s0\nerin:staff_u:s0\nfrank:user_u:s0\n'
# shellcheck disable=SC2059 # it is a format
printf "$seusers" >"$root/var/lib/selinux/default/active/seusers.local"
# shellcheck disable=SC2059 # it is a format
printf "$seusers" >>"$root/etc/selinux/default/seusers"
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
