package e2e

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const (
	mega     = 1 << 20
	infinity = unix.RLIM_INFINITY
)

// limitState is one resource's limits.
func limitState(name string, resource int, soft, hard uint64) startState {
	return startState{name: name, steps: []string{limit(resource, soft, hard)}, shows: []string{limitLine(resource, soft, hard)}}
}

// raisedState needs CAP_SYS_RESOURCE where the limit is not that high already.
func raisedState(name string, resource int, soft, hard uint64) startState {
	s := limitState(name, resource, soft, hard)
	s.optional = true
	return s
}

var limitStates = []startState{
	limitState("processor time", unix.RLIMIT_CPU, 1000, 2000),
	limitState("no file may grow", unix.RLIMIT_FSIZE, 0, 0),
	limitState("file size, soft", unix.RLIMIT_FSIZE, 5000, infinity),
	limitState("data, soft", unix.RLIMIT_DATA, 20*mega, infinity),
	limitState("data", unix.RLIMIT_DATA, 200*mega, 300*mega),
	limitState("a small stack", unix.RLIMIT_STACK, 140_000, 140_000),
	limitState("a stack of 64 KiB", unix.RLIMIT_STACK, 64<<10, 64<<10),
	limitState("stack, soft", unix.RLIMIT_STACK, 512<<10, infinity),
	limitState("an unlimited stack", unix.RLIMIT_STACK, infinity, infinity),
	limitState("core files", unix.RLIMIT_CORE, 12345, 54321),
	limitState("core files unlimited", unix.RLIMIT_CORE, infinity, infinity),
	limitState("resident set", unix.RLIMIT_RSS, mega, 2*mega),
	// As the user: setresuid(2) would have execve(2) refuse, for the user's
	// processes in other views count, too.
	{name: "processes, soft", steps: []string{"user", limit(unix.RLIMIT_NPROC, 5, 3000)}, shows: []string{limitLine(unix.RLIMIT_NPROC, 5, 3000)}, noProcess: true},
	limitState("files, soft", unix.RLIMIT_NOFILE, 256, 1000),
	limitState("files, soft and hard", unix.RLIMIT_NOFILE, 777, 777),
	limitState("few files", unix.RLIMIT_NOFILE, leastFiles, leastFiles),
	raisedState("many files", unix.RLIMIT_NOFILE, 1024, 500_000),
	limitState("locked memory", unix.RLIMIT_MEMLOCK, 0, 4096),
	limitState("address space, soft", unix.RLIMIT_AS, 100*mega, infinity),
	limitState("address space", unix.RLIMIT_AS, 2000*mega, 3000*mega),
	limitState("locks", unix.RLIMIT_LOCKS, 5, 6),
	// All that root has queued on the machine counts when the helper is root's.
	limitState("no signal may be queued", unix.RLIMIT_SIGPENDING, 0, 5000),
	limitState("message queues", unix.RLIMIT_MSGQUEUE, 0, 4096),
	raisedState("nice may rise", unix.RLIMIT_NICE, 25, 30),
	raisedState("realtime priority", unix.RLIMIT_RTPRIO, 5, 9),
	limitState("realtime processor time", unix.RLIMIT_RTTIME, 1_000_000, 2_000_000),
	{name: "every limit at once", steps: everyLimit(func(i int, soft, hard uint64) string { return limit(i, soft, hard) }),
		shows: everyLimit(limitLine)},
}

func everyLimit(line func(resource int, soft, hard uint64) string) []string {
	var list []string
	for i := range 16 {
		soft, hard := uint64(5000+i), uint64(6000+i)
		switch i {
		case unix.RLIMIT_DATA, unix.RLIMIT_STACK, unix.RLIMIT_AS:
			soft, hard = 100*mega+uint64(i), 2000*mega+uint64(i)
		}
		var now unix.Rlimit
		if err := unix.Getrlimit(i, &now); err != nil {
			panic(err)
		}
		list = append(list, line(i, min(soft, now.Max), min(hard, now.Max)))
	}
	return list
}

// Numbers of sched_setattr(2) and prctl(2).
var schedulingStates = []startState{
	{name: "nice 19", steps: []string{"nice=19"}, shows: []string{"nice: 19"}},
	{name: "nice -11", steps: []string{"nice=-11"}, shows: []string{"nice: -11"}},
	{name: "batch scheduling", steps: []string{"scheduling=3:0"}, shows: []string{"scheduling: policy 3, *"}},
	{name: "idle scheduling", steps: []string{"scheduling=5:0"}, shows: []string{"scheduling: policy 5, *"}},
	{name: "first in, first out", steps: []string{"scheduling=1:7"}, shows: []string{"scheduling: policy 1, flags 0, nice 0, priority 7, *"}, optional: true}, // a control group may have no time for it
	{name: "round robin, reset on fork", steps: []string{"scheduling=2:99:1"}, shows: []string{"scheduling: policy 2, flags 0x1, nice 0, priority 99, *"}, optional: true},
	{name: "nice -5, reset on fork", steps: []string{"nice=-5", "scheduling=0:0:1"}, shows: []string{"scheduling: policy 0, flags 0x1, *"}},
	{name: "deadline, reset on fork", steps: []string{"scheduling=6:0:1:10000000:30000000:30000000"},
		shows: []string{"scheduling: policy 6, flags 0x1, nice 0, priority 0, runtime 10000000, *"}, optional: true},
	{name: "clamped utilization", steps: []string{"scheduling=0:0:0x60:0:0:0:100:200"}, shows: []string{"scheduling: *, clamps 100 200"}, optional: true},
	{name: "one processor", steps: []string{"affinity=1"}, shows: []string{"affinity: 0 0000000000000001"}},
	{name: "idle input and output", steps: []string{"ioprio=0x6000"}, shows: []string{"io priority: 0x6000"}},
	{name: "the lowest input and output", steps: []string{"ioprio=0x4007"}, shows: []string{"io priority: 0x4007"}},
	{name: "realtime input and output", steps: []string{"ioprio=0x2003"}, shows: []string{"io priority: 0x2003"}},
	{name: "timer slack", steps: []string{prctl(unix.PR_SET_TIMERSLACK, 123456)}, shows: []string{"timer slack: 123456"}},
	{name: "memory of one node", steps: []string{"mempolicy=2:1"}, shows: []string{"memory policy: 0x2, nodes 1"}, optional: true},
	{name: "a core's cookie", steps: []string{prctl(unix.PR_SCHED_CORE, 1)}, shows: []string{"core scheduling: with a cookie"}, optional: true},
}

// prctl is a step of stage.
func prctl(option int, operands ...int) string {
	step := fmt.Sprintf("control=%d", option)
	for _, n := range operands {
		step += fmt.Sprintf(":%d", n)
	}
	return step
}
