package view

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A test fails when nothing has moved for a while, not when a clock has run
// down: on a machine that is slow or busy everything takes longer, and is right
// all the same.

// sampleEvery is how often the processes are looked at.
const sampleEvery = 2 * time.Second

// stallSamples is how many looks in a row that find nothing moving are a
// standstill. Looks, not seconds: a machine that stands still altogether takes
// none. It is more than the minute for which cron and at wait.
const stallSamples = 60

// looksVar is for the test of this.
const looksVar = KeptVars + "LOOKS"

var usualLooks = sync.OnceValue(func() int {
	if n, err := strconv.Atoi(os.Getenv(looksVar)); err == nil {
		return n
	}
	return stallSamples
})

// moves is how much processor time, in ticks of 10 ms, is a movement from one look to
// the next: a server that wakes up now and then to look at its clock is none, such as
// slurmctld(8), which takes one tick.
const moves = 10

// Activity tells whether the processes that the caller sees in /proc, a view's
// from inside, do anything. The caller itself does not count.
type Activity struct {
	// Looks, if it is not 0, is how many looks in a row that find nothing
	// moving are a standstill.
	Looks  int
	used   map[string]uint64 // ticks, by process
	idle   int               // looks in a row without a movement
	looked time.Time
}

// Touch notes a movement that processor time does not show, such as output.
func (a *Activity) Touch() { a.idle = 0 }

// Stalled looks at the processes, every two seconds at most, and reports whether
// nothing has moved for long.
func (a *Activity) Stalled() bool {
	now := time.Now()
	if now.Sub(a.looked) < sampleEvery {
		return false
	}
	a.looked = now
	return a.stands(a.look())
}

// stands is Stalled, for what one look has found.
func (a *Activity) stands(ticks uint64) bool {
	if ticks >= moves {
		a.Touch()
	}
	a.idle++
	looks := a.Looks
	if looks == 0 {
		looks = usualLooks()
	}
	return a.idle > looks
}

// look adds up what the processes have used since the last time. One that waits
// for a processor moves, or for a disk: it cannot help it. What was not there the last time does
// not count yet: it may be a question of somebody who waits as well, and those
// would keep each other waiting for ever. What short-lived processes have used is
// their parent's.
func (a *Activity) look() (sum uint64) {
	self := os.Getpid()
	used := map[string]uint64{}
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range names {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		p, ok := readStat(name)
		if !ok || pid == self && pid != 1 {
			continue
		}
		ticks := p.own + p.children
		if pid == 1 { // it looks at the processes, too
			ticks = p.children
		}
		key := fmt.Sprint(pid, " ", p.start)
		used[key] = ticks
		switch before, there := a.used[key]; {
		case !there:
		case pid != 1 && (p.state == "R" || p.state == "D"):
			sum += moves
		case ticks > before:
			sum += ticks - before
		}
	}
	a.used = used
	return sum
}

type processStat struct {
	state                string
	own, children, start uint64
}

// readStat reads /proc/PID/stat, see proc_pid_stat(5).
func readStat(name string) (p processStat, ok bool) {
	text, err := os.ReadFile(name)
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if err != nil || len(fields) < 20 {
		return p, false // it has ended
	}
	number := func(i int) uint64 { n, _ := strconv.ParseUint(fields[i], 10, 64); return n }
	return processStat{fields[0], number(11) + number(12), number(13) + number(14), number(19)}, true
}

// Processes lists what runs, for the report of a standstill.
func Processes() string {
	var b strings.Builder
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range names {
		dir := filepath.Dir(name)
		p, ok := readStat(name)
		if !ok {
			continue
		}
		args, _ := os.ReadFile(dir + "/cmdline")
		at, _ := os.ReadFile(dir + "/wchan")
		fmt.Fprintf(&b, "process %s: %s %s, %d ticks: %.200q\n", filepath.Base(dir), p.state, at, p.own,
			strings.TrimSuffix(strings.ReplaceAll(string(args), "\x00", " "), " "))
	}
	return b.String()
}

// Rests reports how much processor time a process, by its directory in /proc, has
// used, and whether it waits for something other than a processor.
func Rests(dir string) (used string, rests bool) {
	p, ok := readStat(dir + "/stat")
	return fmt.Sprint(p.own, " ", p.children), !ok || p.state != "R"
}
