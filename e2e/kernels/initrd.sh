#!/bin/sh
# Makes the smallest initial file system of a guest: initrd.sh ROOT OUT. It mounts the
# first disk, unpacks the second one, a tar archive, over it, and starts what the
# variable run of the kernel's command line names, or the system's init.
set -eu
root=$1 out=$(realpath "$2")
dir=$(mktemp -d "$(dirname "$out")/initrd.XXXXXX")
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin" "$dir/modules" "$dir/dev" "$dir/proc" "$dir/root"
cp /bin/busybox "$dir/bin"
version=$(basename "$root"/lib/modules/*)
depmod -b "$root" "$version"
# modprobe says which, and in which order; some are built in, in some kernels.
for m in virtio_pci virtio_blk ext4; do
	modprobe -d "$root" -S "$version" --show-depends "$m" | sed -n 's/^insmod \(.*\.ko[.a-z]*\).*/\1/p'
done | awk '!seen[$0]++' | while read -r file; do
	name=$(basename "$file")
	case $file in
	*.xz) xz -dc "$file" >"$dir/modules/${name%.xz}" ;;
	*) cp "$file" "$dir/modules" ;;
	esac
	echo "/modules/${name%.xz}" >>"$dir/list"
done
cat >"$dir/init" <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs none /dev
[ ! -e /list ] || while read -r module; do insmod "$module"; done </list
until [ -b /dev/vda ] && [ -b /dev/vdb ]; do sleep 0.1; done
mount -t ext4 /dev/vda /root
tar -C /root -xf /dev/vdb
mount --move /dev /root/dev
exec switch_root /root "${run:-/sbin/init}"
END
chmod 755 "$dir/init"
(cd "$dir" && find . | cpio --quiet -o -H newc | gzip -1) >"$out"
