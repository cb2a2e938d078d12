package ctl

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"path"
	"syscall"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
	"tmpshell/internal/audit"
	"tmpshell/internal/msg"
)

// watchSystem reports who uses the shared directories, until a time is over or a
// signal comes.
func (f auditFlags) watchSystem(out *output, stderr io.Writer) error {
	if os.Geteuid() != 0 {
		return errors.New("audit --system needs root")
	}
	w, err := audit.NewSystemWatcher(audit.Shared)
	if err != nil {
		return err
	}
	defer w.Close()
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return os.NewSyscallError("pipe2", err)
	}
	defer unix.Close(pipe[0])
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	var over <-chan time.Time
	if f.limited {
		over = time.After(f.limit)
	} else {
		printError(stderr, "watching; an interrupt ends it")
	}
	go func() {
		select {
		case <-signals:
		case <-over:
		}
		unix.Close(pipe[1])
	}()
	if err := w.Serve(pipe[0]); err != nil {
		return err
	}
	r := w.Result()
	source := account.System()
	for i, u := range r.Users {
		if a, err := source.ByUID(u.UID); err == nil {
			r.Users[i].Name = a.Name
		}
	}
	return out.system(r)
}

// system prints who uses the shared directories.
func (o *output) system(r audit.SystemResult) error {
	found := error(nil)
	if len(r.Users)+len(r.Unwatched)+r.Lost > 0 {
		found = errFindings
	}
	if o.json {
		return errors.Join(o.asJSON(r), found)
	}
	var t table.Writer
	if isTerminal(o.w) && len(r.Users) > 0 {
		noColor()
		t = table.NewWriter()
		t.SetOutputMirror(o.w)
		t.SetStyle(table.StyleLight)
		t.Style().Options = table.OptionsNoBordersAndSeparators
		t.AppendHeader(table.Row{"path", "kind", "user", "program", "times", "name"})
	}
	for _, u := range r.Users {
		row := systemRow(u)
		if t != nil {
			t.AppendRow(row)
		} else {
			fmt.Fprintf(o.w, "%v: %v, by %v with %v, %v, %v\n", row...)
		}
	}
	if t != nil {
		t.Render()
	}
	fmt.Fprintf(o.w, "%d made in shared directories, %d elsewhere on their file systems\n", r.Events, r.Elsewhere)
	for _, why := range r.Unwatched {
		fmt.Fprintf(o.w, "note: not watched: %s\n", why)
	}
	if r.Lost > 0 {
		fmt.Fprintf(o.w, "note: the kernel has dropped events, %d times: the list is not complete\n", r.Lost)
	}
	if r.Uncounted > 0 {
		fmt.Fprintf(o.w, "note: %d more are not listed\n", r.Uncounted)
	}
	return found
}

func systemRow(u audit.User) table.Row {
	file, times, name := u.Path, "once", "random"
	if u.Count > 1 {
		file, times = u.Pattern, fmt.Sprintf("%d times", u.Count)
	}
	if u.Predictable {
		name = "guessable"
	}
	user := u.Name
	switch {
	case u.UID == math.MaxUint32:
		user = "nobody knows whom"
	case user == "":
		user = fmt.Sprintf("uid %d", u.UID)
	}
	return table.Row{msg.Line(path.Clean(file)), u.Kind, msg.Line(user), msg.Line(u.Program), times, name}
}
