package ctl

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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

// seen are names by uid.
type seen map[uint32]string

// readSeen: what is not there, or not as it was written, is not remembered.
func readSeen() (seen, error) {
	var s seen
	text, err := os.ReadFile(seenPath)
	if errors.Is(err, fs.ErrNotExist) {
		return make(seen), nil
	}
	if err != nil {
		return nil, err
	}
	s = make(seen, bytes.Count(text, []byte("\n")))
	for line := range strings.Lines(string(text)) {
		number, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if uid, ok := account.ParseID(number); ok && name != "" {
			s[uid] = name
		}
	}
	return s, nil
}

// before is the account that a uid was, if that has gone and another one has it.
func (s seen) before(uid uint32, now string) string {
	was := s[uid]
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
func (s seen) write(known roster.Known, uids []uint32, report *clean.Report) error {
	name := func(uid uint32) string {
		if a, there := known.Accounts[uid]; there && strings.IndexByte(a.Name, '\n') < 0 {
			return a.Name
		}
		return s[uid]
	}
	if len(s) == len(uids) && !slices.ContainsFunc(uids, func(uid uint32) bool { was, there := s[uid]; return !there || was != name(uid) }) {
		return nil
	}
	now := make(seen, len(uids))
	for _, uid := range uids {
		now[uid] = name(uid)
	}
	for _, r := range report.Results {
		if (r.Why == clean.InUse || r.Action == clean.Failed) && s[r.UID] != "" {
			now[r.UID] = s[r.UID]
		}
	}
	if maps.Equal(s, now) {
		return nil
	}
	var b bytes.Buffer
	for _, uid := range slices.Sorted(maps.Keys(now)) {
		if now[uid] != "" {
			fmt.Fprintf(&b, "%d %s\n", uid, now[uid])
		}
	}
	return compile.Write(seenPath, b.Bytes())
}
