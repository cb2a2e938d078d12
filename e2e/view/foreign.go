package view

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Programs under test may be another processor's: TMPSHELL_BIN=bin/arm64. In their
// view the kernel starts qemu-user for them, by a binfmt_misc of the view's own: that
// of the machine is everybody's. A user namespace has one since Linux 6.7. All users
// are in it, as they are outside, and files have their capabilities. What it lacks is
// in devices and settings: no loop devices, no real-time priority.

// binfmt is where the kernel lists interpreters.
const binfmt = "/proc/sys/fs/binfmt_misc"

// emulated are the processors with the names that qemu-user has for them.
var emulated = map[elf.Machine]struct{ goarch, qemu string }{
	elf.EM_X86_64:    {"amd64", "x86_64"},
	elf.EM_386:       {"386", "i386"},
	elf.EM_AARCH64:   {"arm64", "aarch64"},
	elf.EM_ARM:       {"arm", "arm"},
	elf.EM_PPC64:     {"ppc64le", "ppc64le"},
	elf.EM_RISCV:     {"riscv64", "riscv64"},
	elf.EM_S390:      {"s390x", "s390x"},
	elf.EM_LOONGARCH: {"loong64", "loongarch64"},
}

// Processor is that of the programs under test, as GOARCH has it, and what qemu-user
// calls it: "" where the kernel runs them itself.
func Processor() (goarch, qemu string, err error) {
	dir, err := Binaries()
	if err != nil {
		return "", "", err
	}
	program, err := elf.Open(filepath.Join(dir, "tmpshell"))
	if errors.Is(err, fs.ErrNotExist) {
		return runtime.GOARCH, "", nil // for tests of the view itself
	}
	if err != nil {
		return "", "", err
	}
	defer program.Close()
	p, known := emulated[program.Machine]
	switch {
	case !known:
		return "", "", fmt.Errorf("%s: no emulator is known for %v", dir, program.Machine)
	case p.goarch == runtime.GOARCH, p.goarch == "386" && runtime.GOARCH == "amd64":
		return p.goarch, "", nil
	}
	return p.goarch, p.qemu, nil
}

// setForeign gives a view a user namespace, if its programs need an emulator.
func setForeign(attr *syscall.SysProcAttr) error {
	_, qemu, err := Processor()
	if err != nil || qemu == "" {
		return err
	}
	all := []syscall.SysProcIDMap{{Size: math.MaxUint32}}
	attr.Cloneflags |= unix.CLONE_NEWUSER
	attr.UidMappings, attr.GidMappings = all, all
	attr.GidMappingsEnableSetgroups = true
	return nil
}

// emulate has the view's kernel start the emulator, if there is to be one.
func emulate() (foreign bool, err error) {
	_, qemu, err := Processor()
	if err != nil || qemu == "" {
		return false, err
	}
	if err := mount("binfmt_misc", binfmt, "binfmt_misc", 0, ""); err != nil {
		return false, err
	}
	if listed, err := filepath.Glob(binfmt + "/qemu-*"); err != nil || len(listed) > 0 {
		return false, fmt.Errorf("binfmt_misc is not the view's own (Linux 6.7): it has %q, %v", listed, err)
	}
	file := "/usr/lib/binfmt.d/qemu-" + qemu + ".conf"
	text, err := os.ReadFile(file)
	if err != nil {
		return false, fmt.Errorf("%w: run e2e/packages.sh", err)
	}
	// C: a program has the privilege that its own file gives it, not the emulator's.
	rule, flags, ok := strings.Cut(strings.TrimSpace(string(text)), "-binfmt-P:")
	if !ok || strings.Contains(flags, "C") {
		return false, fmt.Errorf("%s: %q is not a line of this form", file, text)
	}
	return true, os.WriteFile(binfmt+"/register", []byte(rule+"-binfmt-P:C"+flags), 0)
}
