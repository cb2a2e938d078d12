//go:build !riscv64 && !loong64

package bare

// sigaction is the kernel's structure, see rt_sigaction(2).
type sigaction struct {
	handler  uintptr
	flags    uintptr
	restorer uintptr // amd64 wants one, although nothing returns
	mask     uint64
}

// faultAction is what is done at a fault.
func faultAction() sigaction {
	const saRestorer = 0x04000000
	return sigaction{handler: faultHandler(), flags: saNoDefer | saRestorer, restorer: faultHandler()}
}
