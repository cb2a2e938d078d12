package launch

import (
	"errors"

	"golang.org/x/sys/unix"

	"tmpshell/internal/build"
	"tmpshell/internal/caps"
	"tmpshell/internal/config"
	"tmpshell/internal/dirs"
	"tmpshell/internal/mnt"
	"tmpshell/internal/namespace"
	"tmpshell/internal/start"
)

// mounter puts directories in the place of the shared ones.
type mounter interface {
	// May tells why it cannot, as far as is known before it tries, or that
	// it need not, because everything is in place.
	May(namespace.Plan) (inPlace bool, err error)
	// Enter does it, all or nothing.
	Enter(namespace.Plan) error
}

// kernelMounter is the mounter of a login.
type kernelMounter struct{ env Environment }

// errSetup is wrapped by reasons that tmpshellctl setup removes.
var errSetup = errors.New("setup")

type setupError struct{ text string }

func (e setupError) Error() string        { return e.text }
func (e setupError) Is(target error) bool { return target == errSetup }

func (kernelMounter) May(p namespace.Plan) (bool, error) {
	have, err := caps.Get()
	switch {
	case err != nil:
		return false, err
	case have.Permitted.Has(p.Needs()):
		return false, nil // Enter looks, and looks closer
	case p.Present():
		return true, nil
	case caps.Bounding(p.Needs()) != p.Needs():
		return false, errors.New("this process may not have " + p.Needs().String() + " (bounding set)")
	}
	launcher := build.Launcher()
	if n, _ := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); n == 1 {
		return false, errors.New("no_new_privs is set, so that the capabilities of " + launcher + " do nothing")
	}
	if caps.OfFile(launcher).Has(p.Needs()) {
		return false, errors.New("the capabilities of " + launcher + " do nothing here (nosuid mount, or a user namespace)")
	}
	return false, setupError{launcher + " does not have the capabilities " + p.Needs().String()}
}

func (k kernelMounter) Enter(p namespace.Plan) error {
	// A crash half-way must not end in the last-resort shell.
	start.Disarm()
	if err := caps.Quietly(p.Enter); err != nil {
		return err
	}
	linkNamed(p, k.env)
	return nil
}

// planOf is what a policy asks to have mounted.
func planOf(uid uint32, p config.Policy, notice func(string)) namespace.Plan {
	plan := namespace.Plan{UID: uid, Propagation: mnt.Slave, Notice: notice}
	for _, d := range p.Directories {
		if !d.Mounted() {
			continue
		}
		if d.Propagation == "private" {
			plan.Propagation = mnt.Private
		}
		one := namespace.Directory{Instance: dirs.Of(d), Size: d.Size, Inodes: d.Inodes}
		for _, o := range d.Options {
			one.Flags |= mountFlags[o]
		}
		plan.Directories = append(plan.Directories, one)
	}
	return plan
}

var mountFlags = map[string]mnt.Flags{
	"nosuid": mnt.NoSUID, "nodev": mnt.NoDev, "noexec": mnt.NoExec, "noatime": mnt.NoATime,
}
