package helper

import (
	"strconv"

	"tmpshell/internal/build"
	"tmpshell/internal/capset"
	"tmpshell/internal/compile"
	"tmpshell/internal/making"
	"tmpshell/internal/policy"
	"tmpshell/internal/private"
)

func decimal(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// want is a directory to be made.
type want struct {
	path func(uid uint32) string
	make func(*making.Maker) error
}

// tmp is the shared directory whose private one has the runtime directory, where no
// logind makes /run/user/UID: that is on a file system of its own with a limit, and
// a plain directory in its place would let every account fill /run.
const tmp = "/tmp"

// wants lists what is to be made, in the order of the configuration.
func wants(all compile.Everybody, said *policy.Policy) []want {
	var list []want
	runtime := all.Runtime && !private.HasLogind()
	for _, p := range all.Paths {
		var need capset.Set
		if p.Mount {
			d := said.Of(p.At)
			i := private.Instance{At: p.At, Share: d.Share, User: said.User, Store: d.Store}
			need |= i.Needs()
			list = append(list, ofInstance(i))
			if runtime && p.At == tmp {
				list = append(list, want{
					func(uid uint32) string { return making.InstancePath(i, uid) + "/" + private.RuntimeName },
					func(m *making.Maker) error { return m.InstanceRuntime(i) },
				})
			}
		}
		if p.Tmpfs {
			i := private.Instance{At: p.At, Fresh: true}
			need |= i.Needs()
			list = append(list, ofInstance(i))
		}
		if p.Env || need != 0 && !canMount(need) {
			list = append(list, ofEnv(p.At))
		}
		if p.Env && p.At == tmp && runtime {
			list = append(list, want{
				func(uid uint32) string { return making.EnvPath(tmp, uid) + "/" + private.RuntimeName },
				func(m *making.Maker) error { return m.EnvRuntime(tmp) },
			})
		}
	}
	return list
}

func ofInstance(i private.Instance) want {
	return want{
		func(uid uint32) string { return making.InstancePath(i, uid) },
		func(m *making.Maker) error { return m.Instance(i) },
	}
}

func ofEnv(at string) want {
	return want{
		func(uid uint32) string { return making.EnvPath(at, uid) },
		func(m *making.Maker) error { return m.Env(at) },
	}
}

// canMount tells whether a session can mount anything: where it cannot, it gets
// the directory of method env, which then has to be made, too.
func canMount(need capset.Set) bool {
	return capset.Bounding(need) == need && capset.OfFile(build.Session()).Has(need)
}
