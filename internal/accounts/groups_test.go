package accounts

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

func TestByName(t *testing.T) {
	put(t, &Passwd, "#alice:x:1:1::/:/bin/sh\nalic:x:2:2::/:/bin/sh\nalice:x:1000:100::/home/alice:/bin/zsh\nalice:x:3:3::/:/bin/sh\n")
	for name, want := range map[string]uint32{"alice": 1000, "alic": 2, "ali": 0, "": 0, "1000": 0, "#alice": 0} {
		var a Account
		found, trouble := ByName(name, &a)
		if !trouble.OK() || found != (want != 0) || found && (a.UID != want || a.Name != name) {
			t.Errorf("ByName(%q) = %v, %+v, %v; want uid %d", name, found, a, trouble.Err(), want)
		}
	}
}

func TestGroupByName(t *testing.T) {
	put(t, &Group, "root:x:0:\nstaff:x:50:alice\nstaff:x:51:\nbroken:x::\n")
	for name, want := range map[string]uint32{"root": 0, "staff": 50, "stafF": 1, "broken": 1, "": 1} {
		gid, found, trouble := GroupByName(name)
		if !trouble.OK() || found != (want != 1) || found && gid != want {
			t.Errorf("GroupByName(%q) = %d, %v, %v; want %d", name, gid, found, trouble.Err(), want)
		}
	}
}

// A member is found at every place of a line of any length.
func TestGroupsOf(t *testing.T) {
	many := strings.Repeat("somebody,", 40_000)
	put(t, &Group, strings.Join([]string{
		"root:x:0:", "alone:x:1:alice", "first:x:2:alice,bob", "last:x:3:bob,alice", "middle:x:4:bob,alice,carol",
		"other:x:5:alicea,xalice,alic,lice,", "large:x:6:" + many + "alice," + many, "empty:x:7:,,alice,",
		"broken:x:y:alice", "short:x:8", "alice:x:9:", "#no:x:10:alice", "+alice:x:11:alice", "twice:x:1:alice", "more:x:12:bob:alice", "end:x:13:alice",
	}, "\n"))
	for user, want := range map[string][]uint32{
		"alice": {1, 2, 3, 4, 6, 7, 1, 13}, "somebody": {6}, "bob": {2, 3, 4}, "nobody": {}, "bob:alice": {12},
	} {
		var buf [8]uint32
		got, trouble := GroupsOf(user, buf[:])
		if !trouble.OK() || !slices.Equal(got, want) {
			t.Errorf("GroupsOf(%q) = %v, %v; want %v", user, got, trouble.Err(), want)
		}
	}
	var buf [7]uint32
	if _, trouble := GroupsOf("alice", buf[:]); trouble.Errno != bare.Errno(unix.EFBIG) {
		t.Errorf("GroupsOf with too little room: %v", trouble.Err())
	}
	Group = "/"
	if _, trouble := GroupsOf("alice", buf[:]); trouble.OK() {
		t.Error("GroupsOf of a directory: no trouble")
	}
}

// FuzzGroupsOf: who is listed is found, whatever stands around it.
func FuzzGroupsOf(f *testing.F) {
	f.Add("root:x:0:\nstaff:x:50:alice,bob\nusers:x:100:bob,alice", "alice", uint16(0))
	f.Add("a:x:1:alice\n#b:x:2:alice\nc::3:\nd:x:4:alice:\n", "alice", uint16(16300))
	f.Fuzz(func(t *testing.T, text, user string, stretch uint16) {
		if user == "" || strings.ContainsAny(user, ",\n:") || len(text) >= maxLine {
			return
		}
		if stretch > 0 {
			text = "long:x:7:" + strings.Repeat("y", int(stretch)) + "," + user + "\n" + text
		}
		put(t, &Group, text)
		var want []uint32
		for _, f := range entries(text, func(n int) bool { return n >= 4 }) {
			if slices.Contains(strings.Split(strings.Join(f[3:], ":"), ","), user) {
				want = append(want, id(f[2]))
			}
		}
		var buf [maxLine]uint32
		got, trouble := GroupsOf(user, buf[:])
		if !trouble.OK() || !slices.Equal(got, want) {
			t.Errorf("GroupsOf(%q) = %v, %v; want %v\n%s", user, got, trouble.Err(), want, fmt.Sprintf("%.2000q", text))
		}
	})
}
