package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// running knows the tests that have begun and not ended: of a run that hangs, or is
// ended from outside, nothing else tells where it was.
type running struct {
	mu    sync.Mutex
	since map[string]time.Time // by package and test
	moved time.Time            // when the last one began or ended
}

// add notes what `go test -json` says of a test. One that is paused waits for its turn.
func (r *running) add(action, key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch action {
	case "run", "cont":
		r.since[key] = time.Now()
	case "pause", "pass", "fail", "skip":
		delete(r.since, key)
	default:
		return
	}
	r.moved = time.Now()
}

// list has a line for each test, the one that runs longest first.
func (r *running) list() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := slices.SortedFunc(maps.Keys(r.since), func(a, b string) int { return r.since[a].Compare(r.since[b]) })
	var b strings.Builder
	for _, key := range keys {
		if name := strings.TrimSpace(key); strings.Contains(name, " ") {
			fmt.Fprintf(&b, "running for %.0f s: %s\n", time.Since(r.since[key]).Seconds(), name)
		}
	}
	return b.String()
}

func (r *running) quiet() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.moved)
}

// quietFor is how long no test begins or ends before those that run are named. It
// decides nothing.
const quietFor = 10 * time.Minute

// watch names the tests that run when nothing has moved for long, and when the run is
// ended by a signal; then stop is called, which has them say where they are.
func (r *running) watch(signals <-chan os.Signal, to io.Writer, stop func()) {
	look := time.NewTicker(quietFor)
	for {
		select {
		case s := <-signals:
			fmt.Fprintf(to, "suite: ended by a signal: %v\n%s", s, r.list())
			stop()
		case <-look.C:
			if quiet := r.quiet(); quiet >= quietFor {
				fmt.Fprintf(to, "suite: no test has ended for %.0f s\n%s", quiet.Seconds(), r.list())
			}
		}
	}
}
