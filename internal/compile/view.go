package compile

import (
	"strconv"

	"tmpshell/internal/capset"
	"tmpshell/internal/config"
	"tmpshell/internal/policy"
)

var methodNames = map[uint32]config.Method{
	policy.Off: config.Off, policy.Env: config.Env, policy.Mount: config.Mount, policy.Tmpfs: config.Tmpfs,
}

// View is what a policy says for one session in the words of the configuration.
func View(p *policy.Policy) config.Policy {
	v := config.Policy{
		Exempt: p.Exempt, RuntimeDirectory: p.Runtime, Shell: p.Shell, Deny: p.Deny, Supervise: p.Supervise,
		NoNewPrivileges: p.NoNewPrivileges, Log: config.LogLevelOf(p.Log),
	}
	v.SetAmbient(capset.Set(p.Ambient))
	for slot := uint32(0); ; {
		var d policy.Directory
		next, ok := p.Directory(slot, &d)
		if !ok {
			break
		}
		v.Directories = append(v.Directories, viewDirectory(d))
		slot = next
	}
	for slot := uint32(0); ; {
		next, name, value, ok := p.SetEnv(slot)
		if !ok {
			break
		}
		v.SetEnv = append(v.SetEnv, config.Setting{Name: name, Value: value})
		slot = next
	}
	return v
}

func viewDirectory(p policy.Directory) config.Directory {
	d := config.Directory{
		Path: p.Path, Method: methodNames[p.Method], Variables: config.List(p.Variables), Share: config.List(p.Share),
		Size: p.Size, Inodes: p.Inodes,
	}
	if d.Method == config.Off {
		d.Variables = nil
	}
	if p.Inherit == policy.InheritNo && d.Method != config.Off {
		d.Inherit = "no"
	}
	if d.Method == config.Mount {
		d.Store, d.Per = p.Store, p.Per
	}
	if p.MaxAge != 0 && (d.Method == config.Env || d.Method == config.Mount) {
		d.MaxAge = age(p.MaxAge)
	}
	if d.Mounted() {
		d.Link = config.List(p.Link)
		for _, name := range []string{"nosuid", "nodev", "noexec", "noatime"} {
			if p.Options&flagsByName[name] != 0 {
				d.Options = append(d.Options, name)
			}
		}
		d.Propagation = "slave"
		switch p.Propagation {
		case policy.PropagationPrivate:
			d.Propagation = "private"
		case policy.PropagationShared:
			d.Propagation = "shared"
		}
	}
	return d
}

// age writes seconds as max-age= takes them.
func age(seconds uint32) string {
	for _, unit := range []struct {
		seconds uint32
		letter  string
	}{{86400, "d"}, {3600, "h"}, {60, "m"}} {
		if seconds%unit.seconds == 0 {
			return strconv.FormatUint(uint64(seconds/unit.seconds), 10) + unit.letter
		}
	}
	return strconv.FormatUint(uint64(seconds), 10) + "s"
}
