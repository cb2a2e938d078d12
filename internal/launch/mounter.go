package launch

import (
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

func (kernelMounter) May(p namespace.Plan) (bool, error) {
	have, err := caps.Get()
	switch {
	case err != nil:
		return false, err
	case have.Permitted.Has(p.Needs()):
		return false, nil // Enter looks, and looks closer
	case p.Present():
		return true, nil
	}
	return false, lacking(p.Needs())
}

func (k kernelMounter) Enter(p namespace.Plan) error {
	// A crash half-way must not end in the last-resort shell.
	start.Disarm()
	entered := false
	err := caps.Quietly(func() error {
		err := p.Enter()
		entered = err == nil
		return err
	})
	if !entered {
		return err
	}
	// What Quietly could not give back does not outlive the execve(2), and
	// the session is where it should be.
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
