package audit

import (
	"encoding/binary"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// asks runs the filter as the kernel does (struct seccomp_data).
func asks(t *testing.T, program []unix.SockFilter, nr, arch uint32, args [6]uint64) bool {
	t.Helper()
	data := binary.NativeEndian.AppendUint32(nil, nr)
	data = binary.NativeEndian.AppendUint32(data, arch)
	data = binary.NativeEndian.AppendUint64(data, 0)
	for _, a := range args {
		data = binary.NativeEndian.AppendUint64(data, a)
	}
	var acc uint32
	for at := 0; ; at++ {
		i := program[at]
		jump := func(yes bool) {
			if yes {
				at += int(i.Jt)
			} else {
				at += int(i.Jf)
			}
		}
		switch i.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			acc = binary.NativeEndian.Uint32(data[i.K:])
		case unix.BPF_ALU | unix.BPF_AND | unix.BPF_K:
			acc &= i.K
		case unix.BPF_JMP | unix.BPF_JA:
			at += int(i.K)
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			jump(acc == i.K)
		case unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K:
			jump(acc&i.K != 0)
		case unix.BPF_RET | unix.BPF_K:
			return i.K == unix.SECCOMP_RET_USER_NOTIF
		default:
			t.Fatalf("instruction %d has code %#x", at, i.Code)
		}
	}
}

// The filter asks about each call of each ABI that may make something, and about
// none of those that programs make most.
func TestFilter(t *testing.T) {
	program := filter(abis)
	for _, a := range abis {
		for nr, c := range a.calls {
			numbers := []uint32{nr}
			if a.alike != 0 {
				numbers = append(numbers, nr|a.alike)
			}
			for _, nr := range numbers {
				var args [6]uint64
				if len(c.only) == 0 && !asks(t, program, nr, a.arch, args) {
					t.Errorf("call %d of %#x is let through", nr, a.arch)
				}
				for _, v := range c.only {
					args[c.flags] = uint64(v)
					if c.deed == open {
						args[c.flags] = unix.O_CREAT | unix.O_RDWR
					}
					if !asks(t, program, nr, a.arch, args) {
						t.Errorf("call %d of %#x with %#x is let through", nr, a.arch, args[c.flags])
					}
				}
				if len(c.only) > 0 {
					args[c.flags] = unix.O_DIRECTORY | unix.O_CLOEXEC | unix.O_RDWR
					if asks(t, program, nr, a.arch, args) {
						t.Errorf("call %d of %#x with %#x is asked about", nr, a.arch, args[c.flags])
					}
				}
			}
		}
		for nr := range uint32(600) {
			if _, ok := a.calls[nr]; !ok && asks(t, program, nr, a.arch, [6]uint64{}) {
				t.Errorf("call %d of %#x is asked about", nr, a.arch)
			}
		}
	}
	if asks(t, program, unix.SYS_OPENAT, 0x12345678, [6]uint64{2: unix.O_CREAT}) {
		t.Error("a call of an unknown ABI is asked about")
	}
	if args := [6]uint64{2: uint64(unix.O_TMPFILE | unix.O_RDWR)}; !asks(t, program, unix.SYS_OPENAT, abis[0].arch, args) {
		t.Error("O_TMPFILE is let through")
	}
	if slices.ContainsFunc(program, func(i unix.SockFilter) bool { return i.Code == 0 }) || len(program) > unix.BPF_MAXINSNS {
		t.Errorf("%d instructions; the kernel takes %d", len(program), unix.BPF_MAXINSNS)
	}
}
