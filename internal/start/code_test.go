package start_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestCalls holds what the code that runs without the runtime may call: code of
// the same kind, and the system call itself. A call of morestack would be a
// function that lacks go:nosplit; newobject, memmove, a panic or a map function
// would be something that this code may not use. The write barrier's slow path
// is compiled in and not taken, see the package comment.
func TestCalls(t *testing.T) {
	const own = "tmpshell/internal/start."
	allowed := map[string]bool{
		"syscall.RawSyscall": true, "syscall.RawSyscall6": true,
		"runtime.gcWriteBarrier1": true, "runtime.gcWriteBarrier2": true,
	}
	out, err := exec.Command("go", "tool", "objdump", "-s", `^tmpshell/internal/start\.`, relay).Output()
	if err != nil {
		t.Fatal(err)
	}
	calls := make(map[string][]string)
	function := ""
	call := regexp.MustCompile(`\t(?:CALL|BL|JMP) (\S+)\(SB\)`)
	for _, line := range strings.Split(string(out), "\n") {
		if name, ok := strings.CutPrefix(line, "TEXT "); ok {
			function, _, _ = strings.Cut(name, "(SB)")
			calls[function] = nil
		} else if match := call.FindStringSubmatch(line); match != nil {
			calls[function] = append(calls[function], match[1])
		} else if strings.Contains(line, "\tCALL ") {
			calls[function] = append(calls[function], "something that it does not name: "+line)
		}
	}
	seen := make(map[string]bool)
	var visit func(string)
	visit = func(function string) {
		if seen[function] {
			return
		}
		seen[function] = true
		list, ok := calls[function]
		if !ok {
			t.Errorf("%s is not in the program", function)
		}
		for _, callee := range list {
			switch {
			case strings.HasPrefix(callee, own):
				visit(callee)
			case !allowed[callee]:
				t.Errorf("%s calls %s", function, callee)
			}
		}
	}
	visit(own + "begin")
	visit(own + "runtimeWrote")
	visit(own + "become")
	if len(seen) < 20 {
		t.Errorf("only %d functions found: %v", len(seen), seen)
	}
}
