package launch

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"tmpshell/internal/build"
	"tmpshell/internal/caps"
	"tmpshell/internal/dirs"
	"tmpshell/internal/helper"
	"tmpshell/internal/start"
	"tmpshell/internal/sys"
)

// Reasons says why directories could not be made.
type Reasons struct {
	byPath  map[string]string // of the user's directory
	general string
	// setup: "tmpshellctl setup" would mend it.
	setup bool
}

func (r Reasons) of(path string) string {
	if why, ok := r.byPath[path]; ok {
		return why
	}
	return r.general
}

// makeMissing has directories made: by this process where it may (root in a
// container, capabilities that a runtime handed down), else by the helper.
func makeMissing(uid uint32, missing []need, notice func(string)) Reasons {
	if uid != 0 && !mayMake() {
		return runHelper(build.Helper())
	}
	// A crash with privilege at work must not end in the last-resort shell.
	start.Disarm()
	r := Reasons{byPath: map[string]string{}}
	m := dirs.Maker{UID: uid, Notice: notice}
	err := caps.Quietly(func() error {
		for _, n := range missing {
			var err error
			switch n := n.(type) {
			case dirs.Spec:
				err = m.Make(n)
			case dirs.Instance:
				err = m.MakeInstance(n)
			}
			if err != nil {
				r.byPath[n.Path(uid)] = err.Error()
			}
		}
		return nil
	})
	if err != nil {
		r.general = err.Error()
	}
	if uid != 0 && len(r.byPath) > 0 {
		return runHelper(build.Helper())
	}
	return r
}

func mayMake() bool {
	s, err := caps.Get()
	return err == nil && s.Permitted&caps.Helper != 0
}

// helperSeconds bounds the helper: it may ask a name service that is slow.
const helperSeconds = 15

// runHelper starts the helper and waits for it. The helper takes no argument
// and reads no environment; what it says on its standard error is the reason.
func runHelper(path string) Reasons {
	failed := func(why string) Reasons { return Reasons{general: path + ": " + why} }
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return failed(err.Error())
	}
	defer unix.Close(p[0])
	w := uintptr(p[1])
	pid, err := syscall.ForkExec(path, []string{"tmpshell-helper"}, &syscall.ProcAttr{
		Dir: "/", Env: []string{}, Files: []uintptr{w, w, w},
	})
	unix.Close(p[1])
	if err != nil {
		r := failed(err.Error())
		r.setup = err == syscall.ENOENT
		return r
	}
	said, err := sys.ReadFor(p[0], helperSeconds*1000, 4096)
	if err != nil {
		_ = syscall.Kill(pid, syscall.SIGKILL) // our child, not yet waited for
	}
	status, waitErr := sys.Wait(pid)
	switch {
	case err != nil:
		return failed(err.Error())
	case waitErr != nil:
		return failed(waitErr.Error())
	case status.Signaled():
		return failed("killed by a signal: " + status.Signal().String())
	case status.ExitStatus() == helper.ExitOK:
		return Reasons{}
	}
	r := parseReasons(string(said))
	if r.general != "" || len(r.byPath) == 0 {
		r = failed(r.general)
	}
	r.setup = status.ExitStatus() == helper.ExitSetup
	return r
}

// parseReasons reads what the helper says on its standard error.
func parseReasons(said string) Reasons {
	r := Reasons{byPath: map[string]string{}}
	for line := range strings.Lines(said) {
		line = strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "tmpshell-helper: ")
		if about, ok := strings.CutPrefix(line, helper.CannotMake); ok {
			path, why, _ := strings.Cut(about, ": ")
			r.byPath[path] = why
		} else if r.general == "" {
			r.general = line
		}
	}
	return r
}
