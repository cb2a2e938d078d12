//go:build !amd64

package audit

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// arches are the numbers that seccomp(2) has for processors (linux/audit.h).
var arches = map[string]uint32{
	"386": unix.AUDIT_ARCH_I386, "arm": unix.AUDIT_ARCH_ARM, "arm64": unix.AUDIT_ARCH_AARCH64, "loong64": unix.AUDIT_ARCH_LOONGARCH64,
	"ppc64le": unix.AUDIT_ARCH_PPC64LE, "riscv64": unix.AUDIT_ARCH_RISCV64, "s390x": unix.AUDIT_ARCH_S390X,
}

// abis: the older calls of these processors, and their programs of 32 bits, are not
// asked about.
var abis = []abi{{arches[runtime.GOARCH], with(general), 0}}
