package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseNames(t *testing.T) {
	list, err := parseNames("alice,!b*,?", true)
	want := []Item{{Group: true, Text: "alice"}, {Group: true, Negated: true, Text: "b*"}, {Group: true, Text: "?"}}
	if diff := cmp.Diff(want, list); diff != "" || err != nil {
		t.Errorf("parseNames: %v (-want +got):\n%s", err, diff)
	}
	for i, pattern := range []bool{false, true, true} {
		if got := list[i].IsPattern(); got != pattern {
			t.Errorf("IsPattern of %q = %v; want %v", list[i].Text, got, pattern)
		}
	}
	for _, bad := range []string{"", ",", "a,", ",a", "a,,b", "!", "a,!"} {
		if _, err := parseNames(bad, false); err == nil {
			t.Errorf("parseNames(%q) gives no error; want one", bad)
		}
	}
}

func TestParseNumbers(t *testing.T) {
	for _, test := range []struct {
		list string
		in   []uint32
		out  []uint32
	}{
		{"0", []uint32{0}, []uint32{1, 1<<32 - 2}},
		{"1000", []uint32{1000}, []uint32{999, 1001}},
		{"01000", []uint32{1000}, []uint32{512}},
		{"1000-1999", []uint32{1000, 1500, 1999}, []uint32{999, 2000}},
		{"1000-1000", []uint32{1000}, []uint32{999, 1001}},
		{"1000-", []uint32{1000, 1<<32 - 2}, []uint32{0, 999, 1<<32 - 1}},
		{"4294967294", []uint32{1<<32 - 2}, []uint32{1<<32 - 3}},
		{"1,3-4", []uint32{1, 3, 4}, []uint32{0, 2, 5}},
		{"*", []uint32{0, 1000, 1<<32 - 2}, []uint32{1<<32 - 1}},
		{"*,!0", []uint32{1}, []uint32{0}},
		{"!0,*", []uint32{1}, []uint32{0}},
		{"1000-,!1500-1600", []uint32{1000, 1601}, []uint32{1500, 1600, 1}},
		{"!1000", nil, []uint32{1000, 1001}},
	} {
		list, err := parseNumbers(test.list, false)
		if err != nil {
			t.Errorf("parseNumbers(%q) = %v; want no error", test.list, err)
			continue
		}
		for _, uid := range test.in {
			if !matches(list, uid) {
				t.Errorf("match(%q, %d) = false; want true", test.list, uid)
			}
		}
		for _, uid := range test.out {
			if matches(list, uid) {
				t.Errorf("match(%q, %d) = true; want false", test.list, uid)
			}
		}
	}
	for _, bad := range []string{
		"", ",", "1,", "-", "-5", "!", "a", "1000-999", "1-2-3", "1 - 2", "+5", "0x10",
		"4294967295", "4294967296", "1-4294967295", "99999999999999999999", "1.5", "**", "1*",
	} {
		if _, err := parseNumbers(bad, true); err == nil {
			t.Errorf("parseNumbers(%q) gives no error; want one", bad)
		}
	}
}

// matches is what a list of ranges means.
func matches(list []Item, id uint32) bool {
	found := false
	for _, i := range list {
		if i.First <= id && id <= i.Last {
			if i.Negated {
				return false
			}
			found = true
		}
	}
	return found
}
