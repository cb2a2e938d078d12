// Command kernels boots the kernels of Debian's releases in qemu, without KVM, one
// after the other, runs the core of the tests on each, and prints a table.
//
//	kernels payload     compiles what they run; needs no root
//	kernels [SUITE…]    all of them without an argument
//
// What guests are made of is kept in build/kernels: see fetch.sh. It returns 1 if
// anything has failed.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// suites are Debian's releases whose kernels are tried, the oldest first.
var suites = []string{"bullseye", "bookworm", "trixie", "sid"}

// cache is where guests are kept, below the source tree.
const cache = "build/kernels"

func main() { os.Exit(run(os.Args[1:])) }

func run(wanted []string) int {
	payload := filepath.Join(cache, "payload.tar")
	if slices.Equal(wanted, []string{"payload"}) {
		err := os.MkdirAll(cache, 0o755)
		if err == nil {
			err = script(os.Stdout, "payload.sh", append([]string{payload}, units()...)...)
		}
		return fail(err)
	}
	for _, suite := range wanted {
		if !slices.Contains(suites, suite) {
			fmt.Fprintf(os.Stderr, "kernels: %s: want some of %s\n", suite, strings.Join(suites, " "))
			return 2
		}
	}
	if len(wanted) == 0 {
		wanted = suites
	}
	var guests []guest
	for _, suite := range wanted {
		if err := script(os.Stdout, "fetch.sh", suite); err != nil {
			return fail(err)
		}
		fmt.Println(suite, "is booted; what it says is in", filepath.Join(cache, suite, "log"))
		g, err := boot(suite, payload)
		if err != nil {
			return fail(err)
		}
		fmt.Println(g.summary())
		guests = append(guests, g)
	}
	text, good := table(guests)
	fmt.Print(text)
	if !good {
		return 1
	}
	return 0
}

// fail is the status, and says the error if there is one.
func fail(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "kernels:", err)
	return 1
}

// boot runs a suite's tests in its guest, and reads what they have printed.
func boot(suite, payload string) (guest, error) {
	began := time.Now()
	dir := filepath.Join(cache, suite)
	file := filepath.Join(dir, "log")
	log, err := os.Create(file)
	if err != nil {
		return guest{}, err
	}
	defer log.Close()
	var text bytes.Buffer
	line := "run=/tests/e2e/kernels/guest.sh tests=^(" + strings.Join(tests(suite), "|") + ")$ units=" + strings.Join(units(), ",")
	if err := script(io.MultiWriter(log, &text), "boot.sh", filepath.Join(dir, "image"), dir, line, payload); err != nil {
		fmt.Fprintf(os.Stderr, "kernels: %s: %v\n", suite, err) // what was printed before counts
	}
	return parse(suite, file, strings.ReplaceAll(text.String(), "\r", ""), time.Since(began)), nil
}

// script runs one that is beside this file. It ends with this process.
func script(out io.Writer, name string, args ...string) error {
	runtime.LockOSThread() // the parent-death signal is the thread's
	defer runtime.UnlockOSThread()
	cmd := exec.Command(filepath.Join("e2e/kernels", name), args...)
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGTERM}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
