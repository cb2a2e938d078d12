// Package mounts makes the system calls that mount and that change the mount
// namespace.
//
// Both ends of a mount are given by descriptors: what is mounted as one that is
// open, the place as an open directory and one name in it. No path is looked up
// between a check and a use, neither with the calls of Linux 5.12 (open_tree,
// mount_setattr, move_mount) nor without them, when mount(2) is given
// /proc/thread-self/fd/N.
//
// All of it acts on the calling thread alone, which a program that has the
// runtime must lock, and needs CAP_SYS_ADMIN effective; the caller raises it.
//
// It keeps the rules of package bare.
package mounts

import (
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// Flags are mount options, as bits of mount(2).
type Flags uint32

// The options that a private directory may have, and what a mount can be found to
// be.
const (
	NoSUID   Flags = unix.MS_NOSUID
	NoDev    Flags = unix.MS_NODEV
	NoExec   Flags = unix.MS_NOEXEC
	NoATime  Flags = unix.MS_NOATIME
	ReadOnly Flags = unix.MS_RDONLY

	// Settable are those that a mount is given.
	Settable = NoSUID | NoDev | NoExec | NoATime

	// Apart is for Bind alone: where what is mounted is a peer of other mounts, the
	// new ones are slaves of those, and what is mounted on them is not seen there.
	// Not before Linux 5.12.
	Apart Flags = unix.MS_SLAVE
)

// attr returns the same as MOUNT_ATTR_ bits.
func (f Flags) attr() uint64 {
	var a uint64
	if f&NoSUID != 0 {
		a |= unix.MOUNT_ATTR_NOSUID
	}
	if f&NoDev != 0 {
		a |= unix.MOUNT_ATTR_NODEV
	}
	if f&NoExec != 0 {
		a |= unix.MOUNT_ATTR_NOEXEC
	}
	if f&NoATime != 0 {
		a |= unix.MOUNT_ATTR_NOATIME
	}
	return a
}

// Tell writes the options as mount(8) has them, "none" for none.
func (f Flags) Tell(to *bare.Text) {
	before := to.String()
	for _, o := range [...]struct {
		flag Flags
		name string
	}{{ReadOnly, "ro"}, {NoSUID, "nosuid"}, {NoDev, "nodev"}, {NoExec, "noexec"}, {NoATime, "noatime"}} {
		if f&o.flag != 0 {
			if len(to.String()) > len(before) {
				to.AddByte(',')
			}
			to.Add(o.name)
		}
	}
	if len(to.String()) == len(before) {
		to.Add("none")
	}
}

// FlagsOf returns the options of the mount that a descriptor is on. One is
// ReadOnly, too, whose file system is.
func FlagsOf(fd int) (Flags, bare.Errno) {
	all, e := statFlags(fd)
	return Flags(all) & (Settable | ReadOnly), e
}

// statFlags are the ST_ bits of fstatfs(2), which for these options are the
// bits of mount(2), ST_RELATIME excepted.
func statFlags(fd int) (uintptr, bare.Errno) {
	var st unix.Statfs_t
	if e := bare.Statfs(fd, &st); e != 0 {
		return 0, e
	}
	const (
		same       = uintptr(Settable|ReadOnly) | unix.MS_NODIRATIME
		stRelatime = 0x1000 // statfs(2), ST_RELATIME
	)
	flags := uintptr(st.Flags) & same
	if uintptr(st.Flags)&stRelatime != 0 {
		flags |= unix.MS_RELATIME
	}
	return flags, 0
}

// ID returns the number of the mount that a descriptor is on. Two mounts that
// exist at one time never have the same.
func ID(fd int) (uint64, bare.Errno) {
	var st bare.Stat
	if e := bare.Fstat(fd, &st); e != 0 {
		return 0, e
	}
	return IDOf(fd, &st)
}

// OtherMount tells whether two descriptors, of which this was seen, are on
// different mounts.
func OtherMount(a int, seenA *bare.Stat, b int, seenB *bare.Stat) (bool, bare.Errno) {
	x, e := IDOf(a, seenA)
	if e != 0 {
		return false, e
	}
	y, e := IDOf(b, seenB)
	return x != y, e
}

// IDOf is [ID] for a descriptor of which this was seen.
func IDOf(fd int, seen *bare.Stat) (uint64, bare.Errno) {
	if seen.MountID != 0 {
		return seen.MountID, 0
	}
	// Before Linux 5.8 statx(2) does not tell it.
	var path [64]byte
	text := bare.NewText(path[:])
	procFD(&text, "/proc/thread-self/fdinfo/", fd)
	info, e := bare.Open(text.String(), unix.O_RDONLY)
	if e != 0 {
		return 0, e
	}
	var buf [1024]byte
	lines := bare.NewLines(info, buf[:])
	for {
		line, ok, e := lines.Next()
		if !ok || strings.HasPrefix(line, "mnt_id:") {
			bare.Close(info)
			return idOf(line, ok, e)
		}
	}
}

func idOf(line string, ok bool, e bare.Errno) (uint64, bare.Errno) {
	if !ok {
		if e == 0 {
			e = bare.Errno(unix.ENODATA)
		}
		return 0, e
	}
	_, value, _ := strings.Cut(line, "\t")
	id, ok := bare.ParseUint(value, 1<<62)
	if !ok {
		return 0, bare.Errno(unix.ENODATA)
	}
	return id, 0
}

// procFD writes a path that is a descriptor.
func procFD(to *bare.Text, prefix string, fd int) {
	to.Add(prefix)
	to.AddUint(uint64(fd), 10)
}
