package bare

import "unsafe"

// Tags of the auxiliary vector, see getauxval(3).
const (
	atNull   = 0
	atExecFn = 31
)

// Block is what execve(2) leaves at the top of the stack: arguments,
// environment and auxiliary vector. The strings stay where they are for the
// life of the process; nothing is copied.
type Block struct {
	argc, envc int
	argv, envp unsafe.Pointer // argc and envc pointers, and a nil one
	auxv       unsafe.Pointer // pairs of words, up to AT_NULL
}

// parse finds the three vectors from the address of argc.
func (b *Block) parse(stack unsafe.Pointer) {
	b.argc = int(*word(stack, 0))
	b.argv = unsafe.Pointer(word(stack, 1))
	b.envp = unsafe.Pointer(word(b.argv, b.argc+1))
	for *word(b.envp, b.envc) != 0 {
		b.envc++
	}
	b.auxv = unsafe.Pointer(word(b.envp, b.envc+1))
}

// word is the i-th machine word after p.
func word(p unsafe.Pointer, i int) *uintptr {
	return (*uintptr)(unsafe.Add(p, i*int(unsafe.Sizeof(uintptr(0)))))
}

// Pointers is an array of n addresses of strings.
func Pointers(p unsafe.Pointer, n int) []*byte { return unsafe.Slice((**byte)(p), n) }

// Args returns the addresses of the arguments. argc may be 0.
func (b *Block) Args() []*byte { return Pointers(b.argv, b.argc) }

// Env returns the addresses of the environment's entries, in their order,
// duplicates and entries without "=" included. A nil follows.
func (b *Block) Env() []*byte { return Pointers(b.envp, b.envc+1)[:b.envc] }

// ExecFn is the path that execve(2) was called with, empty where the kernel did
// not say.
func (b *Block) ExecFn() string {
	if b.auxv == nil {
		return ""
	}
	for i := 0; *word(b.auxv, i) != atNull; i += 2 {
		if *word(b.auxv, i) == atExecFn {
			return String(*(**byte)(unsafe.Pointer(word(b.auxv, i+1))))
		}
	}
	return ""
}

// String is the NUL-terminated string at p, not copied. A nil p is empty.
func String(p *byte) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return unsafe.String(p, n)
}

// ValueOf returns what follows "NAME=" in an entry of an environment. Only as
// much of the entry is looked at as it takes: an entry may be 128 KiB.
func ValueOf(entry *byte, name string) (*byte, bool) {
	p := unsafe.Pointer(entry)
	for i := 0; i < len(name); i++ {
		if *(*byte)(unsafe.Add(p, i)) != name[i] {
			return nil, false
		}
	}
	if *(*byte)(unsafe.Add(p, len(name))) != '=' {
		return nil, false
	}
	return (*byte)(unsafe.Add(p, len(name)+1)), true
}
