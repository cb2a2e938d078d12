package dirs

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/config"
	"tmpshell/internal/sys"
)

// Places are where what belongs to methods mount and tmpfs is kept: out of
// reach for the cleaners of /tmp, which have been led to remove a directory
// that was then mounted for root (CVE-2026-3888).
type Places struct {
	// Store holds the instances, STORE/UID/NAME. It and STORE/UID are root's
	// and 0700: an instance is reached where it is mounted and nowhere else.
	Store string
	// Run holds what a boot forgets: RUN/shared/NAME, where a session still
	// finds the shared directory, and RUN/sessions/UID, the list that
	// package namespace keeps, in a directory that is root's and 0700.
	Run string
}

// System are the places of the machine.
var System = Places{Store: config.Store, Run: config.Run}

// Instance is the private directory that is mounted in the place of a shared
// one.
type Instance struct {
	At    string // the shared directory
	Fresh bool   // method tmpfs: nothing is kept
	Share string // what stays shared, comma-separated
	In    Places
}

// Instances lists the instances that a policy asks for, in their order.
func Instances(p config.Policy) []Instance {
	var list []Instance
	for _, d := range p.Directories {
		if d.Mounted() {
			list = append(list, Of(d))
		}
	}
	return list
}

// Of returns the instance for one directory of a policy.
func Of(d config.Directory) Instance {
	return Instance{At: d.Path, Fresh: d.Method == config.Tmpfs, Share: strings.Join(d.Share, ","), In: System}
}

// Needs returns the capabilities that mounting it takes.
func (i Instance) Needs() caps.Set {
	if i.Fresh {
		return caps.Mounter
	}
	return caps.Keeper
}

// Name is what the instance is called in the places.
func (i Instance) Name() string { return config.InstanceName(i.At) }

// Path returns the directory of a uid, or for a fresh one where it is mounted.
func (i Instance) Path(uid uint32) string {
	if i.Fresh {
		return i.At
	}
	return i.In.Store + "/" + name(uid) + "/" + i.Name()
}

// SharedPath is where a session finds the shared directory.
func (i Instance) SharedPath() string { return i.In.Run + "/shared/" + i.Name() }

// Rendezvous are the shared directories, without their final '/'.
func (i Instance) Rendezvous() []string { return i.shares(true) }

// Links are the shared files and sockets.
func (i Instance) Links() []string { return i.shares(false) }

func (i Instance) shares(directories bool) []string {
	var list []string
	for entry := range strings.SplitSeq(i.Share, ",") {
		if name, isDir := strings.CutSuffix(entry, "/"); isDir == directories && name != "" {
			list = append(list, name)
		}
	}
	return list
}

// OpenShared opens the directory that everybody shares (O_PATH): what is at At,
// or in a session that has something else there, where that is kept.
func (i Instance) OpenShared() (int, error) {
	fd, err := openParent(i.SharedPath())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrUnsafe) {
		return openParent(i.At) // no session is inside one then
	}
	if err != nil {
		return -1, err
	}
	kept, err := i.mounted(fd)
	if kept {
		return fd, nil
	}
	sys.Close(fd)
	if err != nil {
		return -1, err
	}
	return openParent(i.At)
}

// CheckMountPoint tells why nothing can be mounted over the shared directory.
func (i Instance) CheckMountPoint() error {
	fd, err := i.OpenShared()
	sys.Close(fd)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("it does not exist; tmpshellctl setup makes it, if the directory that it is in exists")
	}
	return err
}

// mounted: is something mounted on the directory that fd, at SharedPath, is?
func (i Instance) mounted(fd int) (bool, error) {
	here, err := sys.MountID(fd)
	if err != nil {
		return false, err
	}
	parent, err := openParent(path.Dir(i.SharedPath()))
	if err != nil {
		return false, err
	}
	defer sys.Close(parent)
	outside, err := sys.MountID(parent)
	return err == nil && here != outside, err
}

// RootsOwn tells whether what stands for a directory has to be root's, 1777, as
// the directory itself: only then do protected_symlinks and its kin
// (proc_sys_fs(5)) go on guarding sudo and other setuid programs in a session.
// What stands for any other directory is the user's, 0700.
func RootsOwn(shared sys.Stat) bool {
	const public = unix.S_ISVTX | 0o002
	return shared.UID == 0 && shared.Perm()&public == public
}
