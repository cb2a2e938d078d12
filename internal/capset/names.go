package capset

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// names by number, as in linux/capability.h of Linux 6.12.
var names = [...]string{
	"cap_chown", "cap_dac_override", "cap_dac_read_search", "cap_fowner",
	"cap_fsetid", "cap_kill", "cap_setgid", "cap_setuid", "cap_setpcap",
	"cap_linux_immutable", "cap_net_bind_service", "cap_net_broadcast",
	"cap_net_admin", "cap_net_raw", "cap_ipc_lock", "cap_ipc_owner",
	"cap_sys_module", "cap_sys_rawio", "cap_sys_chroot", "cap_sys_ptrace",
	"cap_sys_pacct", "cap_sys_admin", "cap_sys_boot", "cap_sys_nice",
	"cap_sys_resource", "cap_sys_time", "cap_sys_tty_config", "cap_mknod",
	"cap_lease", "cap_audit_write", "cap_audit_control", "cap_setfcap",
	"cap_mac_override", "cap_mac_admin", "cap_syslog", "cap_wake_alarm",
	"cap_block_suspend", "cap_audit_read", "cap_perfmon", "cap_bpf",
	"cap_checkpoint_restore",
}

// Tell writes the names, comma-separated, as setcap(8) takes them.
func (s Set) Tell(to *bare.Text) {
	separator := ""
	for n := range len(names) {
		if s&(1<<n) != 0 {
			to.Add(separator)
			to.Add(names[n])
			separator = ","
		}
	}
}

// OfFile returns the permitted set that the program file at a path gives, empty
// where it gives none here or cannot be read: security.capability of revision 2,
// or of revision 3 for the initial user namespace (capabilities(7)).
func OfFile(path string) Set {
	const (
		revision2, revision3, mask = 0x02000000, 0x03000000, 0xff000000
		length2, length3           = 5, 6 // words
	)
	var p bare.Path
	if p.Set(path) != 0 {
		return 0
	}
	var w [length3]uint32 // little-endian
	attribute := [...]byte{'s', 'e', 'c', 'u', 'r', 'i', 't', 'y', '.', 'c', 'a', 'p', 'a', 'b', 'i', 'l', 'i', 't', 'y', 0}
	n, e := bare.Call(unix.SYS_LGETXATTR, uintptr(unsafe.Pointer(&p)), uintptr(unsafe.Pointer(&attribute)),
		uintptr(unsafe.Pointer(&w)), unsafe.Sizeof(w), 0, 0)
	if e != 0 {
		return 0
	}
	for i := range w {
		w[i] = little(w[i])
	}
	switch {
	case n == length2*4 && w[0]&mask == revision2:
	case n == length3*4 && w[0]&mask == revision3 && w[5] == 0:
	default:
		return 0
	}
	return Set(w[1]) | Set(w[3])<<32
}

// little reads a word whose first byte in memory is the lowest.
func little(w uint32) uint32 {
	b := (*[4]byte)(unsafe.Pointer(&w))
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}
