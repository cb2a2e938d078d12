package start

import "unsafe"

const lastSignal = 64

// signalTable is the runtime's own table of what to do with each signal,
// runtime.sigtable in runtime/sigtab_linux_generic.go. A signal whose flags are
// 0 is left alone: initsig installs no handler for it, and blockableSig lets it
// stay blocked in every thread.
type signalTable [lastSignal + 1]struct {
	flags int32
	name  string
}

// findSignalTable looks for the table in the program's writable segment, some
// forty kilobytes, about 2 µs. The linker lets no other package refer to it by
// name; and having found it by what is in it, we know that it is what this
// package takes it for. nil if there is none.
//
//go:nosplit
//go:norace
func findSignalTable() *signalTable {
	const (
		atPhdr     = 3 // auxiliary vector: address of the program headers
		atPhnum    = 5 // their number
		ptLoad     = 1
		pfWritable = 2
	)
	headers, count := kernel.auxiliary(atPhdr), int(uintptr(kernel.auxiliary(atPhnum)))
	for i := 0; headers != nil && i < count; i++ {
		// Elf64_Phdr, elf(5).
		header := (*struct {
			kind, flags   uint32
			offset        uintptr
			vaddr         unsafe.Pointer // the address itself: the program is not relocatable
			paddr         uintptr
			filesz, memsz uintptr
			alignment     uintptr
		})(unsafe.Add(headers, i*56))
		if header.kind != ptLoad || header.flags&pfWritable == 0 {
			continue
		}
		size := int(header.filesz) - int(unsafe.Sizeof(signalTable{}))
		for at := 0; at <= size; at += int(unsafe.Sizeof(uintptr(0))) {
			table := (*signalTable)(unsafe.Add(header.vaddr, at))
			if table.genuine(uintptr(headers), uintptr(header.vaddr)) {
				return table
			}
		}
	}
	return nil
}

// genuine reports whether t is the table, whose names are constants between
// the addresses low and high.
//
//go:nosplit
//go:norace
func (t *signalTable) genuine(low, high uintptr) bool {
	const none, hangup, last = "SIGNONE: no trap", "SIGHUP: terminal line hangup", "signal 64"
	if len(t[0].name) != len(none) || len(t[1].name) != len(hangup) || len(t[lastSignal].name) != len(last) {
		return false
	}
	for i := range t {
		name := uintptr(unsafe.Pointer(unsafe.StringData(t[i].name)))
		if name < low || name >= high || t[i].flags&^0xffff != 0 {
			return false
		}
	}
	return same(t[0].name, none) && same(t[1].name, hangup) && same(t[lastSignal].name, last)
}

// same is a == b without the call into the runtime.
//
//go:nosplit
//go:norace
func same(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
