package ctl

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"tmpshell/internal/account"
	"tmpshell/internal/clean"
	"tmpshell/internal/compile"
	"tmpshell/internal/roster"
)

// seenPath is what clean remembers: which account a uid was when it last saw a
// directory of that. By it a run knows that the uid is another's now, where the account
// before has gone since.
const seenPath = "/var/lib/misc/tmpshell.seen"

// seen are names by uid, in order.
type seen []seenAs

type seenAs struct {
	uid  uint32
	name string
}

// at is where a uid is, or would be.
func (s seen) at(uid uint32) (i int, there bool) {
	return slices.BinarySearchFunc(s, uid, func(a seenAs, uid uint32) int { return cmp.Compare(a.uid, uid) })
}

// of is empty for one that is not remembered.
func (s seen) of(uid uint32) string {
	if i, there := s.at(uid); there {
		return s[i].name
	}
	return ""
}

// readSeen: what is not there, or not as it was written, is not remembered.
func readSeen() (seen, error) {
	text, err := os.ReadFile(seenPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseSeen(string(text)), nil
}

func parseSeen(text string) seen {
	s := make(seen, 0, strings.Count(text, "\n"))
	for line := range strings.Lines(text) {
		number, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		uid, ok := account.ParseID(number)
		if inOrder := len(s) == 0 || s[len(s)-1].uid < uid; ok && inOrder && name != "" {
			s = append(s, seenAs{uid, name})
		}
	}
	return s
}

// before is the account that a uid was, if that has gone and another one has it.
func (s seen) before(uid uint32, now string) string {
	was := s.of(uid)
	if was == "" || was == now {
		return ""
	}
	// One uid may have several names, or it is not known.
	a, err := roster.Machine().ByName(was)
	if err == nil && a.UID == uid || err != nil && err != account.ErrNotFound {
		return ""
	}
	return was
}

// write remembers who has directories now. Where one of the account before is still
// there, because it is in use, that is remembered.
func (s seen) write(known *roster.Known, uids []uint32, report *clean.Report) error {
	now := make(seen, 0, len(uids))
	for _, uid := range uids {
		who, there := known.Of(uid)
		if !there || strings.IndexByte(who.Name, '\n') >= 0 {
			who.Name = s.of(uid)
		}
		now = append(now, seenAs{uid, who.Name})
	}
	for _, r := range report.Results {
		was := s.of(r.UID)
		if was == "" || r.Why != clean.InUse && r.Action != clean.Failed {
			continue
		}
		i, there := now.at(r.UID)
		if !there {
			now = slices.Insert(now, i, seenAs{uid: r.UID})
		}
		now[i].name = was
	}
	now = slices.DeleteFunc(now, func(a seenAs) bool { return a.name == "" })
	if slices.Equal(s, now) {
		return nil
	}
	var b bytes.Buffer
	for _, a := range now {
		fmt.Fprintf(&b, "%d %s\n", a.uid, a.name)
	}
	return compile.Write(seenPath, b.Bytes())
}
