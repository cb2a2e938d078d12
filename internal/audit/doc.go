// Package audit finds out where a program and everything that it starts makes
// files, directories, sockets and links in the shared directories.
//
// The kernel asks about each call that may make something (seccomp_unotify(2)),
// before it is made. The filter lets all others through, an open(2) that makes
// nothing included: they cost next to nothing. What is to be made, and where, is read
// out of the asking process. Whether it was made is what inotify(7) says of the
// directory, which is watched before the call goes on: no call is made in place of
// the program, and none is judged by its arguments alone.
//
//	start.go    installs the filter and starts the program
//	filter.go   the filter; calls.go and calls_*.go: what it asks about
//	watch.go    the loop: question, look, answer, events
//	target.go   reads memory and directories of the asking process
//	remembered.go  directories that need not be found again
//	place.go    which shared or private directory a file is in
//	record.go   what was made, counted
//
// An audit is a report and no barrier: a thread that changes the path while
// another one's call is looked at has another object made, which is reported under
// no name. The program is the auditor's own, or the auditor is root.
//
// system.go watches a whole machine by other means: fanotify(7).
package audit
