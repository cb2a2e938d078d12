package ctl

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSeen(t *testing.T) {
	got := map[uint32]string{}
	for _, a := range parseSeen("5 eve\n7 a b\n\n6 late\n8\nx y\n4294967295 nobody\n1000 alice\n1000 bob\n2000 carl") {
		got[a.uid] = a.name
	}
	if diff := cmp.Diff(map[uint32]string{5: "eve", 7: "a b", 1000: "alice", 2000: "carl"}, got); diff != "" {
		t.Error(diff)
	}
	s := parseSeen("5 eve\n1000 alice\n")
	for uid, want := range map[uint32]string{4: "", 5: "eve", 6: "", 1000: "alice", 1001: ""} {
		if got := s.of(uid); got != want {
			t.Errorf("uid %d was %q; want %q", uid, got, want)
		}
	}
}
