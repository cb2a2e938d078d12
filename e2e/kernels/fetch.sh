#!/bin/sh
# Makes what a guest is booted from, each once: fetch.sh SUITE...
#
#	build/kernels/SUITE/tar      a Debian system with the programs that the tests run
#	build/kernels/SUITE/vmlinuz  the kernel of the suite's linux-image-cloud-amd64
#	build/kernels/SUITE/initrd   busybox and the modules that are needed to find the disks
#	build/kernels/SUITE/image    the system and the kernel's modules, as ext4
set -eu
umask 022
cd "$(dirname "$0")/../.."

export PATH=/usr/sbin:/usr/bin:/sbin:/bin
e2e/packages.sh busybox-static cpio e2fsprogs kmod mmdebstrap qemu-system-x86
packages=acl,attr,e2fsprogs,iproute2,kmod,libcap2-bin,login,mount,passwd,procps,python3,strace,systemd

# The kernel is unpacked, not installed: nobody needs the initrd that it would make.
# From Linux 7 on it consists of more than one package.
# shellcheck disable=SC2016 # mmdebstrap's shell expands it
kernel='APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"; export APT_CONFIG
	needs() { apt-cache depends --important "$1" | sed -n "s/^ *Depends: \(linux-[bim][a-z]*-[0-9].*\)/\1/p"; }
	image=$(needs linux-image-cloud-amd64)
	cd "$1"/boot
	apt-get -q download $image $(needs "$image")
	# /lib may be a link, which dpkg-deb -x would replace.
	for deb in ./*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$1"; done
	rm ./*.deb'

mkdir -p build/kernels
export TMPDIR="$PWD/build/kernels" # what a killed run leaves is there
for suite; do
	dir=build/kernels/$suite
	[ ! -e "$dir/image" ] || continue
	mkdir -p "$dir"
	root=$dir/root
	rm -rf "$root"
	mkdir "$root"
	case $suite in # rows.go has what runs there alone
	bookworm) more=,heimdal-kcm,krb5-admin-server,krb5-kdc,krb5-user,libpam-krb5,nfs-kernel-server ;;
	trixie) more=,apparmor,btrfs-progs,xfsprogs ;;
	*) more= ;;
	esac
	# Without the file of krb5, no service asks pam_krb5 by itself.
	e2e/debian.sh "$dir/tar" "$suite" essential "$packages$more" --aptopt='APT::Sandbox::User "root"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/pam-configs/krb5' --customize-hook="set -e; $kernel"
	tar -C "$root" --numeric-owner --xattrs --xattrs-include='*' -xf "$dir/tar"
	# Beside its modules from Linux 7 on.
	cp "$(find "$root/boot" "$root/lib/modules/" -name 'vmlinuz*' | head -n 1)" "$dir/vmlinuz"
	e2e/kernels/initrd.sh "$root" "$dir/initrd"
	mke2fs -q -t ext4 -d "$root" "$dir/image.new" 3G
	rm -rf "$root"
	mv "$dir/image.new" "$dir/image"
done
