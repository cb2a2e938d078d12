// Command kernels boots the kernels of Debian's releases in qemu, without KVM, as many
// at once as there are processors, runs the core of the tests on each, and prints a
// table.
//
//	kernels payload     compiles what they run; needs no root
//	kernels [SUITE…]    all of them without an argument
//
// GUESTS is how many run at once. What guests are made of is kept in build/kernels:
// see fetch.sh. It returns 1 if anything has failed.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
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
			_, err = script(os.Stdout, "payload.sh", append([]string{payload}, allUnits()...)...)
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
	guests, err := bootAll(wanted, payload, atOnce())
	if len(guests) == 0 {
		return fail(err)
	}
	text, good := table(guests)
	fmt.Print(text)
	if err != nil || !good {
		return max(fail(err), 1)
	}
	return 0
}

// atOnce is how many guests run at once: each has one processor.
func atOnce() int {
	if n, err := strconv.Atoi(os.Getenv("GUESTS")); err == nil && n > 0 {
		return n
	}
	return runtime.NumCPU()
}

// bootAll fetches one guest after the other, and boots each as soon as there is room.
func bootAll(wanted []string, payload string, most int) ([]guest, error) {
	guests := make([]guest, len(wanted))
	errs := make([]error, len(wanted))
	room := make(chan struct{}, most)
	var running sync.WaitGroup
	for i, suite := range wanted {
		room <- struct{}{}
		if _, errs[i] = script(os.Stdout, "fetch.sh", suite); errs[i] != nil {
			break
		}
		running.Go(func() {
			defer func() { <-room }()
			fmt.Println(suite, "is booted; what it says is in", filepath.Join(cache, suite, "log"))
			if guests[i], errs[i] = boot(suite, payload); errs[i] == nil {
				fmt.Println(guests[i].summary())
			}
		})
	}
	running.Wait()
	return slices.DeleteFunc(guests, func(g guest) bool { return g.suite == "" }), errors.Join(errs...)
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
	line := "run=/tests/e2e/kernels/guest.sh tests=^(" + strings.Join(tests(suite), "|") + ")$ units=" + strings.Join(units(suite), ",") + " scripts=" + strings.Join(scripts(suite), ",")
	processor, err := script(io.MultiWriter(log, &text), "boot.sh", filepath.Join(dir, "image"), dir, line, payload)
	if err != nil {
		fmt.Fprintf(os.Stderr, "kernels: %s: %v\n", suite, err) // what was printed before counts
	}
	g := parse(suite, file, strings.ReplaceAll(text.String(), "\r", ""))
	g.took, g.processor = time.Since(began), processor
	return g, nil
}

// script runs one that is beside this file, and returns the processor time that it and
// what it started took. It ends with this process.
func script(out io.Writer, name string, args ...string) (time.Duration, error) {
	runtime.LockOSThread() // the parent-death signal is the thread's
	defer runtime.UnlockOSThread()
	cmd := exec.Command(filepath.Join("e2e/kernels", name), args...)
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGTERM}
	err := cmd.Run()
	if cmd.ProcessState == nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	processor := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if err != nil {
		return processor, fmt.Errorf("%s: %w", name, err)
	}
	return processor, nil
}
