package start

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// becomeProgram is tmpshell --exec [--init] [--pty] [--] PROGRAM [ARG…]. There
// is nobody to reap or to forward for; the program is executed as it is.
//
//go:nosplit
//go:norace
func becomeProgram(argv unsafe.Pointer) {
	i := 2
	for i < kernel.argc && (equal(pointer(argv, i), "--init") || equal(pointer(argv, i), "--pty")) {
		i++
	}
	if i < kernel.argc && equal(pointer(argv, i), "--") {
		i++
	}
	if i >= kernel.argc {
		exit(125)
	}
	argv = unsafe.Pointer(word(argv, i))
	program := pointer(argv, 0)
	if base(program) != program {
		if setPath(program, 0, program) {
			execve(argv)
		}
	} else {
		list := getenv("PATH=")
		if list == nil {
			list = chars("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\x00")
		}
		searchPath(list, program, argv)
	}
	put("tmpshell: ")
	putBytes(program, length(program))
	put(": cannot be executed\n")
	sendMessage()
	if execError == unix.EACCES {
		exit(126)
	}
	exit(127)
}

// searchPath executes program from the first directory of the list, separated
// by colons, in which that works.
//
//go:nosplit
//go:norace
func searchPath(list, program, argv unsafe.Pointer) {
	for at(program, 0) != 0 {
		size := 0
		for c := at(list, size); c != 0 && c != ':'; c = at(list, size) {
			size++
		}
		if setPath(list, size, program) {
			execve(argv)
		}
		if at(list, size) == 0 {
			return
		}
		list = unsafe.Add(list, size+1)
	}
}
