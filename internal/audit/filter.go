package audit

import (
	"encoding/binary"
	"maps"
	"slices"

	"golang.org/x/sys/unix"
)

// Offsets in struct seccomp_data (seccomp(2)).
const (
	dataNumber = 0
	dataArch   = 4
	dataArgs   = 16
)

// argument is the offset of the lower half of an argument.
func argument(n int8) uint32 {
	at := dataArgs + 8*uint32(n)
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 { // big-endian
		at += 4
	}
	return at
}

func load(at uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
}

func test(how uint16, k uint32, then, otherwise int) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | how | unix.BPF_K, K: k, Jt: uint8(then), Jf: uint8(otherwise)}
}

func verdict(k uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k}
}

// filter has the kernel ask about the calls of some ABIs, and allows all others.
func filter(abis []abi) []unix.SockFilter {
	var program []unix.SockFilter
	for _, a := range abis {
		part := []unix.SockFilter{load(dataNumber)}
		if a.alike != 0 {
			part = append(part, unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: ^a.alike})
		}
		for _, nr := range slices.Sorted(maps.Keys(a.calls)) {
			c := question(a.calls[nr])
			part = append(append(part, test(unix.BPF_JEQ, nr, 0, len(c))), c...)
		}
		part = append(part, verdict(unix.SECCOMP_RET_ALLOW))
		// A conditional jump goes no further than 255 instructions.
		program = append(program, load(dataArch), test(unix.BPF_JEQ, a.arch, 1, 0),
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JA, K: uint32(len(part))})
		program = append(program, part...)
	}
	return append(program, verdict(unix.SECCOMP_RET_ALLOW))
}

// question asks about a call, if its flags are such that it matters.
func question(c call) []unix.SockFilter {
	if len(c.only) == 0 {
		return []unix.SockFilter{verdict(unix.SECCOMP_RET_USER_NOTIF)}
	}
	how := uint16(unix.BPF_JEQ)
	if c.deed == open {
		how = unix.BPF_JSET
	}
	list := []unix.SockFilter{load(argument(c.flags))}
	for i, v := range c.only {
		list = append(list, test(how, v, len(c.only)-i, 0))
	}
	return append(list, verdict(unix.SECCOMP_RET_ALLOW), verdict(unix.SECCOMP_RET_USER_NOTIF))
}
