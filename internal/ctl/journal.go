package ctl

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strconv"
	"time"
)

// journalctls are where distributions have journalctl(1), which has a minute to answer:
// variables for the tests alone.
var (
	journalctls  = []string{"/usr/bin/journalctl", "/bin/journalctl"}
	journalLimit = time.Minute
)

// entry is one of the journal's, as journalctl -o json prints it. What is no text, or
// is there twice, is no string.
type entry map[string]any

func (e entry) text(field string) string { s, _ := e[field].(string); return s }

// at is when journald got it.
func (e entry) at() time.Time {
	us, _ := strconv.ParseInt(e.text("__REALTIME_TIMESTAMP"), 10, 64)
	return time.UnixMicro(us)
}

// readJournal hands on entries, the oldest first, until take says false.
func readJournal(since time.Time, matches []string, take func(entry) bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), journalLimit)
	defer cancel()
	words := append([]string{"--quiet", "--no-pager", "--output=json", "--output-fields=MESSAGE,_UID,_PID", "--since=@" + strconv.FormatInt(since.Unix(), 10)}, matches...)
	for _, path := range journalctls {
		cmd := exec.CommandContext(ctx, path, words...)
		cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
		var complaint bytes.Buffer
		cmd.Stderr = &complaint
		out, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		more, err := eachEntry(out, take)
		if !more {
			cancel() // the rest is not wanted
			_ = cmd.Wait()
			return err
		}
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("%s: %w: %s", path, err, bytes.TrimSpace(complaint.Bytes()))
		}
		return nil
	}
	return fmt.Errorf("%s: %w", journalctls[0], fs.ErrNotExist)
}

// eachEntry tells whether it has read all.
func eachEntry(r io.Reader, take func(entry) bool) (bool, error) {
	in := json.NewDecoder(bufio.NewReader(r))
	for {
		var e entry
		switch err := in.Decode(&e); {
		case errors.Is(err, io.EOF):
			return true, nil
		case err != nil:
			return false, fmt.Errorf("journalctl: %w", err)
		case !take(e):
			return false, nil
		}
	}
}
