package accounts

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// entries are the lines of a passwd or group file that are entries, by the letter
// of the manual pages.
func entries(text string, fits func(fields int) bool) [][]string {
	var list [][]string
	for _, line := range strings.Split(text, "\n") {
		f := strings.Split(line, ":")
		if line != "" && !strings.ContainsRune("#+-:", rune(line[0])) && fits(len(f)) && isID(f[2]) {
			list = append(list, f)
		}
	}
	return list
}

func isID(s string) bool {
	n, err := strconv.ParseUint(s, 10, 32)
	return err == nil && n < 1<<32-1 && !strings.ContainsAny(s, "+_")
}

func id(s string) uint32 {
	n, _ := strconv.ParseUint(s, 10, 32)
	return uint32(n)
}

// FuzzPasswd: the first entry with the uid is found, whatever stands around it.
func FuzzPasswd(f *testing.F) {
	f.Add("root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/zsh\n", uint32(1000), uint16(0))
	f.Add("a:x:1:1::/:/bin/sh\nb:x:1:1::/:/bin/sh", uint32(1), uint16(16380))
	f.Add("a:x:01:4294967295::/:\n\na:x:4294967294:0::/:\r\n\x00:::1:1:::", uint32(1<<32-2), uint16(3))
	f.Fuzz(func(t *testing.T, text string, uid uint32, stretch uint16) {
		if len(text) >= maxLine {
			return // a longer line is another one, see TestByUID
		}
		if stretch > 0 { // lines that do not fit into the first buffer
			text = "#" + strings.Repeat("y", int(stretch)) + "\n" + text
		}
		put(t, &Passwd, text)
		var want Account
		found := false
		for _, f := range entries(text, func(n int) bool { return n == 7 }) {
			if isID(f[3]) && id(f[2]) == uid {
				want, found = Account{Name: f[0], UID: uid, GID: id(f[3]), Home: f[5], Shell: f[6]}, true
				break
			}
		}
		var a Account
		got, trouble := ByUID(uid, &a)
		if !trouble.OK() || got != found || found && account(a) != want {
			t.Errorf("ByUID(%d) = %v, %+v, %v; want %v, %+v", uid, got, a, trouble.Err(), found, want)
		}
	})
}

// FuzzGroup: every group is visited, in order.
func FuzzGroup(f *testing.F) {
	f.Add("root:x:0:\nwheel:x:10:alice,bob\n", uint16(0))
	f.Add("a:x:1:b,,c,\nb:x:1:c\n,:x:2:,\nd::3:b", uint16(9000))
	f.Fuzz(func(t *testing.T, text string, stretch uint16) {
		if len(text) >= maxLine {
			return
		}
		text += strings.Repeat("m", int(stretch)) + "\nlast:x:77:\n"
		put(t, &Group, text)
		var want []group
		for _, f := range entries(text, func(n int) bool { return n >= 3 }) {
			want = append(want, group{f[0], id(f[2])})
		}
		got := groups(t)
		// A name or gid that is stretched beyond a line's room is not one.
		if stretch < maxLine/2 && !slices.Equal(got, want) {
			t.Errorf("groups %v; want %v", got, want)
		}
		if len(got) == 0 || got[len(got)-1] != (group{"last", 77}) {
			t.Errorf("groups %v; want the last one", got)
		}
	})
}
