package rig

import (
	"testing"
	"time"

	"tmpshell/e2e/view"
)

// Await waits until the condition is true. It gives up, and fails the test with
// what is missing, when nothing in the view moves any more but the caller: how
// long it takes on the machine decides nothing.
func Await(t testing.TB, missing func() string, condition func() bool) {
	t.Helper()
	const first, last = time.Millisecond, 20 * time.Millisecond
	pause := first
	for stood := (view.Activity{}); !condition(); {
		time.Sleep(pause)
		pause = min(2*pause, last)
		if stood.Stalled() {
			t.Fatalf("nothing moves any more, and still: %s\n%s", missing(), view.Processes())
		}
	}
}

// AwaitOn is Await with a condition that only changes when something is sent on
// the channel, or it is closed.
func AwaitOn(t testing.TB, changed <-chan struct{}, missing func() string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for stood := (view.Activity{}); !condition(); {
		select {
		case <-changed:
			stood.Touch()
		case <-tick.C:
			if stood.Stalled() {
				t.Fatalf("nothing moves any more, and still: %s\n%s", missing(), view.Processes())
			}
		}
	}
}

// AwaitEnd waits until the channel is closed.
func AwaitEnd(t testing.TB, done <-chan struct{}, missing func() string) {
	t.Helper()
	AwaitOn(t, done, missing, func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
}
