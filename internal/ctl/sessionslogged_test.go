package ctl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/config"
)

// journal has the machine's log be journald's, with a journalctl that prints these
// entries: with a match those of them that have it, as the program does.
func journal(t *testing.T, entries ...string) {
	t.Helper()
	dir := t.TempDir()
	program, file, socket := dir+"/journalctl", dir+"/entries", dir+"/socket"
	script := "#!/bin/sh\nfor w; do case $w in SYSLOG_IDENTIFIER=*) grep -F '\"SYSLOG_IDENTIFIER\":\"'${w#*=}'\"' " + file + "; exit 0; esac; done\nexec cat " + file + "\n"
	for name, text := range map[string]string{program: script, file: strings.Join(entries, ""), socket: ""} {
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	swap(t, &journalctls, []string{dir + "/missing", program})
	swap(t, &logSocket, filepath.Join(dir, "log"))
	swap(t, &journalSocket, socket)
	if err := os.Symlink(socket, logSocket); err != nil {
		t.Fatal(err)
	}
}

func swap[T any](t *testing.T, variable *T, value T) {
	old := *variable
	*variable = value
	t.Cleanup(func() { *variable = old })
}

// journalNow is when the tests look.
var journalNow = time.Unix(2_000_000_000, 0)

// logLine is an entry of so many seconds ago.
func logLine(ago int, uid, pid, message string) string {
	return fmt.Sprintf(`{"__REALTIME_TIMESTAMP":"%d","_BOOT_ID":"b","SYSLOG_IDENTIFIER":"tmpshell","_UID":%q,"_PID":%q,"MESSAGE":%s}`+"\n",
		journalNow.Add(-time.Duration(ago)*time.Second).UnixMicro(), uid, pid, message)
}

// TestSessionsLogged: sessions, and not lines, of those who are named.
func TestSessionsLogged(t *testing.T) {
	boot := strings.Replace(logLine(7200, "0", "1", `"started"`), `"tmpshell"`, `"systemd"`, 1)
	for name, c := range map[string]struct {
		entries string
		want    logged
	}{
		"nothing":                        {"", logged{}},
		"one of each":                    {logLine(9, "7", "1", `"fallback uid=7 user=a: x"`) + logLine(8, "8", "2", `"denied uid=8: x"`), logged{fallback: 1, denied: 1}},
		"notices and grants":             {logLine(9, "7", "1", `"notice uid=7: denied uid=7: x"`) + logLine(8, "7", "2", `"granted uid=7: x"`), logged{}},
		"two directories of one session": {logLine(9, "7", "1", `"fallback uid=7: /tmp"`) + logLine(8, "7", "1", `"fallback uid=7: /run"`), logged{fallback: 1}},
		"refused in the end":             {logLine(9, "7", "1", `"fallback uid=7: /tmp"`) + logLine(8, "7", "1", `"denied uid=7: /run"`), logged{denied: 1}},
		"said once more":                 {logLine(9, "7", "1", `"denied uid=7: /tmp"`) + logLine(8, "7", "1", `"fallback uid=7: /run"`) + logLine(7, "7", "1", `"denied uid=7: x"`), logged{denied: 1}},
		"a process ID used again":        {logLine(900, "7", "1", `"fallback uid=7: /tmp"`) + logLine(8, "7", "1", `"fallback uid=7: /tmp"`), logged{fallback: 2}},
		"written by another user":        {logLine(9, "8", "1", `"denied uid=7: x"`), logged{}},
		"no user":                        {logLine(9, "8", "1", `"denied uid=: x"`) + logLine(9, "", "2", `"denied uid=: x"`), logged{}},
		"bytes":                          {logLine(9, "7", "1", `[100,101]`) + logLine(8, "7", "1", `null`), logged{}},
	} {
		t.Run(name, func(t *testing.T) {
			journal(t, boot, c.entries)
			got, err := sessionsLogged(&config.Config{}, nil, journalNow)
			c.want.reach = 2 * time.Hour
			if diff := cmp.Diff(&c.want, got, cmp.AllowUnexported(logged{})); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	journal(t, boot, logLine(9, "7", "1", `"fallback uid=7: x"`), logLine(8, "8", "2", `"fallback uid=8: x"`))
	got, err := sessionsLogged(&config.Config{}, func(uid uint32) bool { return uid == 8 }, journalNow)
	if err != nil || got == nil || got.fallback != 1 {
		t.Errorf("of one user: %+v, %v; want one fallback", got, err)
	}
}

// TestSessionsNotLogged: where they are not known, there is no number.
func TestSessionsNotLogged(t *testing.T) {
	line := logLine(9, "7", "1", `"fallback uid=7: x"`)
	silent, err := config.Parse("f", "Match User a\nLog none\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		conf *config.Config
		do   func()
	}{
		"the configuration is refused": {nil, func() {}},
		"some sessions write none":     {silent, func() {}},
		"the log is another daemon's":  {&config.Config{}, func() { logSocket = "/dev/null" }},
		"there is no log":              {&config.Config{}, func() { logSocket = "/dev/log/missing" }},
		"journald keeps nothing":       {&config.Config{}, func() { journal(t) }},
	} {
		journal(t, line)
		c.do()
		if got, err := sessionsLogged(c.conf, nil, journalNow); got != nil || err != nil {
			t.Errorf("%s: %+v, %v; want neither", name, got, err)
		}
	}
	journal(t, line)
	journalctls = journalctls[:1]
	if got, err := sessionsLogged(&config.Config{}, nil, journalNow); err == nil || got != nil {
		t.Error("no error without journalctl")
	}
	journal(t, line, `no JSON "SYSLOG_IDENTIFIER":"tmpshell"`+"\n")
	if got, err := sessionsLogged(&config.Config{}, nil, journalNow); err == nil || got != nil {
		t.Error("no error where journalctl prints something else")
	}
}
