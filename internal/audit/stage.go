package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Stage is the name that the auditor's program is called by where it is to prepare
// itself and become the program that is audited: a filter is for the process that
// installs it, and the auditor's own calls are not in question.
const Stage = "tmpshellctl-audit"

// order is what the stage is to do, its only argument.
type order struct {
	Program
	Restricted bool
}

// socket is the descriptor that a stage reports on.
const socket = 3

// started is a program that has been started.
type started struct {
	pid, listener int
	socket        *os.File
}

// start has a stage become the program, with the filter, and returns the descriptor
// that the questions come from.
func start(p Program) (s started, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return s, os.NewSyscallError("socketpair", err)
	}
	other := os.NewFile(uintptr(pair[1]), "stage")
	defer other.Close()
	s.socket = os.NewFile(uintptr(pair[0]), "stage")
	text, err := json.Marshal(order{p, restricted()})
	if err != nil {
		return s, err
	}
	attr := &syscall.ProcAttr{Env: p.Env, Files: append(p.Files[:3:3], uintptr(pair[1]))}
	if len(p.Mounts) > 0 {
		attr.Sys = ownMounts()
	}
	if s.pid, err = syscall.ForkExec("/proc/self/exe", []string{Stage, string(text)}, attr); err != nil {
		if attr.Sys != nil {
			return s, fmt.Errorf("a mount namespace of its own: %w (can users make user namespaces here?)", err)
		}
		return s, os.NewSyscallError("fork", err)
	}
	other.Close()
	if s.listener, err = s.take(); err != nil {
		_, _ = unix.Wait4(s.pid, nil, unix.WALL, nil)
	}
	return s, err
}

// ownMounts is a mount namespace: root's, or in a user namespace with the caller's
// ids, and the capability to mount.
func ownMounts() *syscall.SysProcAttr {
	if !restricted() {
		return &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	}
	one := func(n int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: n, HostID: n, Size: 1}}
	}
	return &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS, UidMappings: one(os.Geteuid()), GidMappings: one(os.Getegid()),
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN}}
}

// take receives the listener, or what has failed.
func (s started) take() (int, error) {
	buf, control := make([]byte, 4096), make([]byte, unix.CmsgSpace(4))
	fd := int(s.socket.Fd())
	n, size, _, _, err := unix.Recvmsg(fd, buf, control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return -1, os.NewSyscallError("recvmsg", err)
	}
	if size == 0 {
		return -1, reported(buf[:n])
	}
	messages, err := unix.ParseSocketControlMessage(control[:size])
	if err != nil || len(messages) != 1 {
		return -1, errors.Join(err, errors.New("the stage has sent no listener"))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return -1, errors.Join(err, errors.New("the stage has sent no listener"))
	}
	return fds[0], nil
}

func reported(text []byte) error {
	if len(text) == 0 {
		return errors.New("the program was killed before it began")
	}
	return errors.New(string(text))
}

// trouble is why the program could not be executed; the stage has ended by then.
func (s started) trouble() error {
	defer s.socket.Close()
	buf := make([]byte, 4096)
	n, _, _, _, err := unix.Recvmsg(int(s.socket.Fd()), buf, nil, unix.MSG_DONTWAIT)
	if err == nil && n > 0 {
		return reported(buf[:n])
	}
	return nil
}

// RunStage is the main function of a stage. It returns only where something failed.
func RunStage() int {
	runtime.LockOSThread()
	unix.CloseOnExec(socket)
	var o order
	err := errors.New("no order")
	if len(os.Args) == 2 {
		err = json.Unmarshal([]byte(os.Args[1]), &o)
	}
	if err == nil {
		err = o.become()
	}
	_, _ = unix.Write(socket, []byte(err.Error()))
	return 125
}

func (o order) become() error {
	if err := mountAll(o.Mounts); err != nil {
		return err
	}
	if o.Restricted {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return os.NewSyscallError("prctl", err)
		}
	}
	if o.Restricted && len(o.Mounts) > 0 {
		if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
			return os.NewSyscallError("prctl", err)
		}
	}
	listener, err := listen(filter(abis))
	if err != nil {
		return unsupported(err)
	}
	if err := unix.Sendmsg(socket, []byte{0}, unix.UnixRights(listener), nil, 0); err != nil {
		return os.NewSyscallError("sendmsg", err)
	}
	unix.Close(listener)
	return &os.PathError{Op: "exec", Path: o.Path, Err: syscall.Exec(o.Path, o.Args, os.Environ())}
}

// mountAll makes the mounts of a namespace, of which nothing travels outside.
func mountAll(list []Mounted) error {
	if len(list) == 0 {
		return nil
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return os.NewSyscallError("mount", err)
	}
	// All are opened before the first covers another.
	for i, m := range list {
		fd, err := unix.Open(m.From, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return &os.PathError{Op: "open", Path: m.From, Err: err}
		}
		list[i].From = descriptorName(fd)
	}
	for _, m := range list {
		if err := unix.Mount(m.From, m.To, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return &os.PathError{Op: "mount", Path: m.To, Err: err}
		}
	}
	return nil
}

func unsupported(err error) error {
	switch {
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("seccomp: %w (an audit inside of an audit, or in a container whose runtime watches system calls)", err)
	case errors.Is(err, unix.EINVAL):
		return fmt.Errorf("seccomp: %w (an audit needs Linux 5.6)", err)
	}
	return os.NewSyscallError("seccomp", err)
}
