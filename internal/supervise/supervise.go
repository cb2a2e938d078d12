// Package supervise is tmpshell-supervise: it stays while a session lives, and
// then has tmpshell-remover remove its directories.
//
//	watch    beside a session (Supervise yes): it waits for the end of the
//	         session's process, then of those that the session has left, one after
//	         the other, and has nothing else to do with them
//	parent   above a program (--init, --pty): forwards signals, reaps, proxies
//	         a terminal, and ends as the program does
//
// It MUST have no privilege: what it does it does as the user, whose other
// processes may stop it, kill it, or start it with any arguments. Nothing but their
// own session may come to harm by that, and with watch not even that.
//
// It runs without the Go runtime, as the launcher does, and keeps the rules of
// package bare: a first process of a container needs exact signals and no threads,
// and the memory of one is that of every session.
package supervise

import (
	_ "unsafe" // go:linkname

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/build"
	"tmpshell/internal/capset"
	"tmpshell/internal/orders"
)

// Run is the program.
//
//go:linkname Run tmpshell_program
func Run(block *bare.Block) { bare.Exit(run(block.Args())) }

// afterFault: there is nothing to go on with.
//
//go:linkname afterFault tmpshell_fault
func afterFault() {}

func run(args []*byte) int {
	// A session may have less than this process (no_new_privs); and see dieBy.
	_, _ = bare.Prctl(unix.PR_SET_DUMPABLE, 0, 0)
	_ = bare.BlockedSignals(bare.AllSignals)
	if bare.Getuid() != 0 {
		_ = capset.Drop() // those of the caller's ambient set
	}
	if len(args) == 2 && bare.String(args[1]) == orders.Watch {
		return watch()
	}
	if len(args) == 6 && bare.String(args[1]) == orders.Parent {
		return self.run(args[2:])
	}
	_ = bare.Write(2, "tmpshell-supervise: it is started by tmpshell; see Supervise in tmpshell.conf(5), and --init in tmpshell(8)\n")
	return bare.ExitOwn
}

// watch waits for the process that descriptor 0 is of, and becomes the remover,
// which finds out by itself whether anything is to be removed.
func watch() int {
	list := [1]unix.PollFd{{Fd: 0, Events: unix.POLLIN}}
	if e := bare.Poll(list[:], -1); e != 0 || list[0].Revents&unix.POLLIN == 0 {
		return bare.ExitOwn
	}
	if !isBelow() {
		becomeRemover()
	}
	return bare.ExitOwn
}

// isBelow tells whether the parent is a tmpshell-supervise of the user's, which has
// this process for a child as a subreaper: one of --init. It removes when its program
// ends, and the program uses the directories until then. It would wait for this process,
// too. Whoever calls something else by that name keeps their own directories.
func isBelow() bool {
	parent := bare.Getppid()
	var text [40]byte
	path := bare.NewText(text[:])
	path.Add("/proc/")
	path.AddUint(uint64(parent), 10)
	path.Add("/comm")
	file, e := bare.Open(path.String(), unix.O_RDONLY)
	if e != 0 {
		return false
	}
	const comm = "tmpshell-superv\n" // as much as the kernel keeps of the name
	var name [len(comm)]byte
	n, e := bare.Read(file, name[:])
	bare.Close(file)
	return e == 0 && string(name[:n]) == comm && send(parent, 0) == 0
}

var (
	removerName = [17]byte{'t', 'm', 'p', 's', 'h', 'e', 'l', 'l', '-', 'r', 'e', 'm', 'o', 'v', 'e', 'r', 0}
	removerArgs = [2]*byte{&removerName[0], nil}
)

// becomeRemover executes it with nothing of the environment. It returns where it
// is not there, or cannot be: then tmpshellctl clean finds the directories.
func becomeRemover() {
	none := [1]*byte{}
	_ = bare.Execve(build.Remover(), removerArgs[:], none[:])
}
