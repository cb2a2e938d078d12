package audit

import "golang.org/x/sys/unix"

// abis are what a process of this processor may use: calls of 64 bits, of x32, which
// differ by a bit of the number, and those of the i386.
var abis = []abi{
	{unix.AUDIT_ARCH_X86_64, with(general, old64), 1 << 30},
	{unix.AUDIT_ARCH_I386, i386, 0},
}

var old64 = map[uint32]call{
	unix.SYS_OPEN:     {open, none, 0, 1, 2, []uint32{makes}},
	unix.SYS_CREAT:    {creat, none, 0, none, 1, nil},
	unix.SYS_MKDIR:    {mkdir, none, 0, none, 1, nil},
	unix.SYS_MKNOD:    {mknod, none, 0, none, 1, nil},
	unix.SYS_LINK:     {link, none, 1, none, none, nil},
	unix.SYS_SYMLINK:  {symlink, none, 1, none, none, nil},
	unix.SYS_RENAME:   {rename, none, 1, none, none, nil},
	unix.SYS_RENAMEAT: {rename, 2, 3, none, none, nil},
	unix.SYS_FCNTL:    {lock, 0, none, 1, none, locks},
	// execve and execveat of x32, with its bit.
	520: {execute, none, 0, none, none, nil},
	545: {execute, 0, 1, none, none, nil},
}

// i386 is arch/x86/entry/syscalls/syscall_32.tbl.
var i386 = map[uint32]call{
	5:   {open, none, 0, 1, 2, []uint32{makes}},
	8:   {creat, none, 0, none, 1, nil},
	9:   {link, none, 1, none, none, nil},
	11:  {execute, none, 0, none, none, nil},
	14:  {mknod, none, 0, none, 1, nil},
	38:  {rename, none, 1, none, none, nil},
	39:  {mkdir, none, 0, none, 1, nil},
	60:  {umask, none, none, none, none, nil},
	55:  {lock, 0, none, 1, none, []uint32{6, 7, 13, 14, 37, 38}}, // fcntl
	83:  {symlink, none, 1, none, none, nil},
	102: {socketcall, none, 1, 0, none, []uint32{2}},              // SYS_BIND
	143: {lock, 0, none, none, none, nil},                         // flock
	221: {lock, 0, none, 1, none, []uint32{6, 7, 13, 14, 37, 38}}, // fcntl64
	295: {open, 0, 1, 2, 3, []uint32{makes}},
	296: {mkdir, 0, 1, none, 2, nil},
	297: {mknod, 0, 1, none, 2, nil},
	302: {rename, 2, 3, none, none, nil},
	303: {link, 2, 3, none, none, nil},
	304: {symlink, 1, 2, none, none, nil},
	353: {rename, 2, 3, none, none, nil},
	358: {execute, 0, 1, none, none, nil},
	361: {bind, none, 1, 2, none, nil},
	425: {ring, none, none, none, none, nil},
	437: {openHow, 0, 1, 2, none, nil},
}
