package e2e

// Sets of signals as the kernel prints them, but KILL and STOP.
const allSignals = "fffffffffffbfeff"

var signalStates = []startState{
	{name: "all signals ignored", steps: []string{"ignore=all"}, shows: []string{`status: SigIgn:\x09` + allSignals}},
	{name: "all signals blocked", steps: []string{"block=all"}, shows: []string{"signals blocked: " + allSignals}},
	{name: "all signals ignored and blocked", steps: []string{"ignore=all", "block=all"},
		shows: []string{"signals blocked: " + allSignals, `status: SigIgn:\x09` + allSignals}},
	{name: "HUP ignored, as by nohup", steps: []string{"ignore=1"}, shows: []string{`status: SigIgn:\x090000000000000001`}},
	{name: "PIPE ignored, as by systemd", steps: []string{"ignore=13"}, shows: []string{`status: SigIgn:\x090000000000001000`}},
	{name: "signals of the keyboard ignored", steps: []string{"ignore=2,3,20"}, shows: []string{`status: SigIgn:\x090000000000080006`}},
	{name: "stops ignored", steps: []string{"ignore=20,21,22"}, shows: []string{`status: SigIgn:\x090000000000380000`}},
	{name: "CHLD ignored", steps: []string{"ignore=17"}, shows: []string{`status: SigIgn:\x090000000000010000`}},
	{name: "faults ignored", steps: []string{"ignore=4,5,6,7,8,11,31"}, shows: []string{`status: SigIgn:\x0900000000400004f8`}},
	{name: "libc's own ignored", steps: []string{"ignore=32,33"}, shows: []string{`status: SigIgn:\x090000000180000000`}},
	{name: "realtime signals ignored", steps: []string{"ignore=34,35,50,63,64"}, shows: []string{`status: SigIgn:\x09c002000600000000`}},
	{name: "CHLD blocked", steps: []string{"block=17"}, shows: []string{"signals blocked: 0000000000010000"}},
	{name: "CHLD blocked and ignored", steps: []string{"block=17", "ignore=17"}, shows: []string{"signals blocked: 0000000000010000"}},
	{name: "CHLD blocked and pending", steps: []string{"block=17", "ended=3"},
		shows: []string{"signals pending: 0000000000010000", "pending: signal 17, code 1, *", "child: status 0x300"}},
	{name: "CHLD blocked, ignored and pending", steps: []string{"ignore=17", "block=17", "process=17"}, shows: []string{"signals pending: 0000000000010000"}},
	{name: "CHLD pending twice", steps: []string{"block=17", "process=17", "thread=17"},
		shows: []string{`status: SigPnd:\x090000000000010000`, `status: ShdPnd:\x090000000000010000`}},
	{name: "all signals pending for the process", steps: []string{"block=all", "process=all", "process=20,21,22"},
		shows: []string{`status: ShdPnd:\x09fffffffffff9feff`, "pending: signal 64, code 0, from self, *"}},
	{name: "all signals pending for the thread", steps: []string{"block=all", "thread=all"},
		shows: []string{"signals pending: ffffffffff*", "pending: signal 33, code -6, from self, *"}},
	{name: "HUP, INT, QUIT and TERM pending", steps: []string{"block=1,2,3,15", "process=1,2,3,15"},
		shows: []string{"signals pending: 0000000000004007", "pending: signal 1, code 0, from self, *", "pending: signal 15, code 0, from self, *"}},
	{name: "HUP, INT, QUIT and TERM pending, and ignored", steps: []string{"block=1,2,3,15", "ignore=1,2,3,15", "process=1,2,3,15"},
		shows: []string{"signals pending: 0000000000004007", "pending: signal 3, code 0, from self, *"}},
	{name: "CONT pending", steps: []string{"block=18", "process=18"}, shows: []string{"signals pending: 0000000000020000"}},
	{name: "signals that the Go runtime uses pending", steps: []string{"block=23,27,33", "process=23,27,33", "thread=23,27,33"},
		shows: []string{`status: SigPnd:\x090000000104400000`, `status: ShdPnd:\x090000000104400000`}},
	{name: "realtime signals queued in their order", steps: []string{"block=34,40,64", "queue=40:1", "queue=40:2", "queue=34:3", "queue=40:4", "queue=64:5"},
		shows: []string{"pending: signal 40, code -1, from self, *, value 4", "pending: signal 64, *, value 5"}},
	{name: "a fault pending", steps: []string{"block=11,7,8", "process=11,7", "thread=8"}, shows: []string{"signals pending: 00000000000004c0"}},
	{name: "a real timer", steps: []string{"timer=0:6000:7"}, shows: []string{"timer, real: set, about 6000 s left, every 7.000000 s"}},
	{name: "timers of processor time", steps: []string{"timer=1:3000:11", "timer=2:4200:0"},
		shows: []string{"timer, virtual: set, about 3000 s left, every 11.000000 s", "timer, profiling: set, about 4200 s left, *"}},
	{name: "a parent-death signal", steps: []string{"user", "deathsig=12"}, shows: []string{"parent-death signal: 12"}},
}

var relationStates = []startState{
	{name: "a process group of its own", steps: []string{"group"}, shows: []string{"process group: self", "session: 1"}},
	{name: "a session of its own", steps: []string{"session"}, shows: []string{"process group: self", "session: self"}},
	{name: "a child that has ended", steps: []string{"ended=5"}, shows: []string{"children: one has ended", "child: status 0x500"}},
	{name: "a child that runs", steps: []string{"user", "running"}, shows: []string{"children: running"}},
	{name: "children of both kinds, CHLD ignored", steps: []string{"ended=6", "user", "running", "ignore=17"}, shows: []string{"child: status 0x600"}},
}

var terminalStates = []startState{
	{name: "in the foreground of a terminal", steps: []string{"session", "terminal=8"},
		shows: []string{"terminal on 0: foreground group self", "terminal on 2: session self", "controlling terminal: there is one"}},
	{name: "in the background of a terminal", steps: []string{"session", "terminal=8", "background"},
		shows: []string{"terminal on 0: foreground group another", "children: running"}},
	{name: "raw modes and a window size", steps: []string{"session", "terminal=8", "raw", "size=123:45:6:7"},
		shows: []string{"terminal on 1: 123 rows, 45 columns, 6 by 7", "terminal on 0: character 3 is 103", "terminal on 0: input 50000, output 4, *"}},
	{name: "typed ahead", steps: []string{"session", "terminal=8", "typed=8:exit"}, shows: []string{"descriptor 0: *, 5 bytes to read, *"}},
	{name: "a terminal that is not the controlling one", steps: []string{"terminal=8"},
		shows: []string{"terminal on 0: unknown, ENOTTY"}},
	{name: "a controlling terminal and 0 to 2 closed", steps: []string{"session", "terminal=8", "close=0", "close=1", "close=2"},
		shows: []string{"controlling terminal: there is one", "terminal on 0: unknown, EBADF"}},
	{name: "a terminal that was given up", steps: []string{"ignore=1,18", "session", "terminal=8", "hangup"}, shows: []string{"controlling terminal: unknown, ENXIO"}},
	{name: "a terminal that is gone", steps: []string{"ignore=1", "session", "terminal=8", "close=8"}, shows: []string{"terminal on 0: unknown, EIO"}},
}
