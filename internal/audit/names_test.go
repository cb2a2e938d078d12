package audit

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// Names of real programs, and what differs in them.
func TestPattern(t *testing.T) {
	p := process{pid: 4711, parent: 815}
	now := time.Now()
	for _, test := range []struct {
		name    string
		private bool
		want    string
		random  bool
	}{
		{"tmp.Y9BC9jUvgj", true, "tmp.XXXXXX", true},              // mktemp
		{"ssh-Xy3kVb9QwEuI/agent.4711", true, "", true},           // ssh-agent 9
		{"tmpw_lxwty1", true, "tmpXXXXXX", true},                  // Python
		{"fhdlab5n", true, "XXXXXX", true},                        //
		{"RtmpAbCdEf", true, "RtmpXXXXXX", true},                  // R
		{"ccY2pXq9.s", true, "ccXXXXXX.s", true},                  // gcc
		{"go-build1234567890", true, "go-buildXXXXXX", true},      // Go
		{"dbus-Vk3TzPq8Lm", false, "dbus-XXXXXX", true},           // dbus-daemon
		{"tmux-1000", true, "tmux-<n>", false},                    // tmux
		{".X99-lock", false, ".X<n>-lock", false},                 // X
		{".X11-unix", false, ".X11-unix", false},                  //
		{"krb5cc_1000", true, "krb<n>cc_<n>", false},              // krb5
		{"hsperfdata_alice", false, "hsperfdata_alice", false},    // Java
		{".java_pid4711", true, ".java_pid<pid>", false},          //
		{"mozilla_alice815", true, "mozilla_alice<pid>", false},   //
		{"emacs1000", true, "emacs<n>", false},                    //
		{".X11-unix/X7", false, ".X11-unix/X<n>", false},          //
		{"PostgreSQL.1234567", true, "", true},                    // POSIX shared memory
		{"PostgreSQL", true, "PostgreSQL", false},                 //
		{"pymp-lz4cq_m7", true, "pymp-XXXXXX", true},              // Python
		{"hostname.29OGjNkpAA", true, "hostname.XXXXXX", true},    // sudoedit
		{"o7J5aBcD3f", true, "XXXXXX", true},                      // Perl
		{"MyFile", false, "MyFile", false},                        // a word
		{"socket", true, "socket", false},                         //
		{"config.lock", true, "config.lock", false},               //
		{"screen-exchange", false, "screen-exchange", false},      //
		{fmt.Sprint("log.", now.Unix()), false, "log.<n>", false}, // a time
		{now.Format("log.20060102"), false, "log.<n>", false},     // a date
	} {
		got, random := pattern(test.name, p, test.private)
		if test.want != "" && got != test.want || random != test.random {
			t.Errorf("pattern(%q) = %q, %v; want %q, %v", test.name, got, random, test.want, test.random)
		}
	}
}

// Of the names that are made at random, few do not look so, and those are counted with
// the others.
func TestPatternRandom(t *testing.T) {
	dir := t.TempDir()
	r := newRecords()
	const names = 2000
	for range names {
		f, err := os.CreateTemp(dir, "x.")
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		text, random := pattern(f.Name()[len(dir)+1:], process{}, true)
		r.add(Object{Path: f.Name(), Pattern: dir + "/" + text, Kind: kindFile, Predictable: !random}, "")
	}
	random := 0
	for _, o := range r.list() {
		if !o.Predictable {
			random += o.Count
		}
	}
	if random < names*99/100 {
		t.Errorf("%d of %d random names look random", random, names)
	}
}
