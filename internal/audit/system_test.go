package audit

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestLossForgets: where events have been lost, the program that a process has executed
// may be one of an earlier one: a name that may be wrong is not told.
func TestLossForgets(t *testing.T) {
	const gone = 1 << 30 // no process has this number
	w := &SystemWatcher{execs: map[int32]execution{gone: {"chrt", 0}}, known: known{byThread: map[target]knownThread{}}}
	if p := w.process(gone); p.exe != "chrt" {
		t.Fatalf("before: %+v", p)
	}
	e := unix.FanotifyEventMetadata{Event_len: uint32(unsafe.Sizeof(unix.FanotifyEventMetadata{})), Mask: unix.FAN_Q_OVERFLOW, Fd: unix.FAN_NOFD}
	w.read((*[unsafe.Sizeof(e)]byte)(unsafe.Pointer(&e))[:])
	if p := w.process(gone); p.exe != unknown || p.uid != nobody || w.Lost != 1 || !w.lossy {
		t.Errorf("after: %+v, lost %d, %v", p, w.Lost, w.lossy)
	}
}
