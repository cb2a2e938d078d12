package asroot

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/capset"
	"tmpshell/internal/testas"
)

// TestAllThreads: capabilities and ids are a thread's, and each has what is left of
// them; code that runs in any of them would have the rest, too.
func TestAllThreads(t *testing.T) {
	if testas.Inside() != "" {
		child()
		return
	}
	testas.Root(t)
	out, err := testas.Command(t, testas.User{UID: 1000, Caps: capset.Helper | 1<<unix.CAP_NET_RAW}, "child", "").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const threads = `([7-9]|\d\d) threads: `
	become := fmt.Sprintf(`Uid:0 0 0 0 Gid:0 0 0 0 Groups: CapInh:%016x CapPrm:%016x CapEff:%016x CapAmb:%016x`, 0, uint64(capset.Helper), 0, 0)
	raise := strings.Replace(become, "CapEff:"+strings.Repeat("0", 16), fmt.Sprintf("CapEff:%016x", uint64(capset.Helper)), 1)
	if want := "\n" + threads + become + "\n" + threads + raise + "\n"; !regexp.MustCompile(want).Match(out) {
		t.Errorf("%s\nwant %s", out, want)
	}
}

// child becomes root's while it has threads, and says what they have.
func child() {
	const others = 6
	ready, never := make(chan bool), make(chan bool)
	for range others {
		go func() {
			runtime.LockOSThread()
			ready <- true
			<-never
		}()
	}
	for range others {
		<-ready
	}
	if r := (Program{Path: os.Args[0], Need: capset.Helper}).Become(1000); r != nil {
		fmt.Println(r.Why)
	}
	fmt.Println(ofThreads())
	if err := Raise(); err != nil {
		fmt.Println(err)
	}
	fmt.Println(ofThreads())
	os.Exit(0) // before package testing says anything
}

// ofThreads is what proc_pid_status(5) says of the threads, once if they are equal.
func ofThreads() string {
	files, _ := filepath.Glob("/proc/self/task/*/status")
	seen := map[string]bool{}
	said := fmt.Sprintf("%d threads:", len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err.Error()
		}
		one := ""
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			switch name {
			case "Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb":
				one += " " + name + ":" + strings.Join(strings.Fields(value), " ")
			}
		}
		if !seen[one] {
			said += one
		}
		seen[one] = true
	}
	return said
}
