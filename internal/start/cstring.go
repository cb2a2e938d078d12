package start

import "unsafe"

// word returns the address of the i-th machine word after p.
//
//go:nosplit
//go:norace
func word(p unsafe.Pointer, i int) *uintptr {
	return (*uintptr)(unsafe.Add(p, i*int(unsafe.Sizeof(uintptr(0)))))
}

// pointer returns the i-th of the pointers that start at p.
//
//go:nosplit
//go:norace
func pointer(p unsafe.Pointer, i int) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(word(p, i)))
}

// at returns the i-th byte of the string at p.
//
//go:nosplit
//go:norace
func at(p unsafe.Pointer, i int) byte {
	return *(*byte)(unsafe.Add(p, i))
}

// chars returns the address of s, a constant that ends in NUL.
//
//go:nosplit
//go:norace
func chars(s string) unsafe.Pointer {
	return unsafe.Pointer(unsafe.StringData(s))
}

// length is strlen(3).
//
//go:nosplit
//go:norace
func length(p unsafe.Pointer) int {
	n := 0
	for at(p, n) != 0 {
		n++
	}
	return n
}

// cstring returns the NUL-terminated string at p without copying it.
func cstring(p unsafe.Pointer) string {
	return unsafe.String((*byte)(p), length(p))
}

// cstrings returns the n strings whose addresses start at p.
func cstrings(p unsafe.Pointer, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = cstring(pointer(p, i))
	}
	return list
}

// prefixed reports whether the string at p begins with prefix.
//
//go:nosplit
//go:norace
func prefixed(p unsafe.Pointer, prefix string) bool {
	for i := 0; i < len(prefix); i++ {
		if at(p, i) != prefix[i] {
			return false
		}
	}
	return true
}

// equal reports whether the string at p is s.
//
//go:nosplit
//go:norace
func equal(p unsafe.Pointer, s string) bool {
	return prefixed(p, s) && at(p, len(s)) == 0
}

// base returns the address of what follows the last slash of the string at p.
//
//go:nosplit
//go:norace
func base(p unsafe.Pointer) unsafe.Pointer {
	from := 0
	for i := 0; at(p, i) != 0; i++ {
		if at(p, i) == '/' {
			from = i + 1
		}
	}
	return unsafe.Add(p, from)
}
