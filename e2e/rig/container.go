package rig

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"tmpshell/e2e/view"
)

// Container is what a container runtime decides about a process.
type Container struct {
	UID uint32
	// GID is the group, 0 for the number of the user.
	GID uint32
	// Groups are supplementary ones, as Kubernetes' fsGroup is.
	Groups []uint32
	// Tmp is a directory of the machine that is a volume on /tmp, empty for
	// none.
	Tmp string
	// Capabilities are in the bounding set and, for root, in all others
	// but the ambient one, as Docker has it.
	Capabilities    []string
	NoNewPrivileges bool
	ReadOnly        bool
	Args            []string
	// Env is nil for the usual one.
	Env []string
}

// DockerCapabilities is Docker's default bounding set (moby,
// oci/caps/defaults.go).
var DockerCapabilities = []string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW",
	"CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE",
	"CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
}

// bundle is not below /tmp or /run: those are nosuid, where file capabilities
// have no effect.
const bundle = "/var/lib/e2e-containers"

// MakeImage builds the root file system that Run's containers start from:
// busybox, the installed programs with their file capabilities, and two
// accounts. It returns where that is.
func MakeImage(t testing.TB) string {
	t.Helper()
	view.Need(t, "runc", "busybox")
	Must(t, "sh", "-ec", `
		mkdir -p "$1" && cd "$1"
		mkdir -p bin usr/bin usr/libexec etc proc dev sys tmp
		chmod 1777 tmp
		cp "$(command -v busybox)" bin/busybox
		bin/busybox --install bin
		cp --preserve=all /usr/bin/tmpshell usr/bin
		cp --preserve=all /usr/libexec/tmpshell-helper /usr/libexec/tmpshell-supervise /usr/libexec/tmpshell-remover usr/libexec
		printf 'root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n' >etc/passwd
		printf 'root:x:0:\napp:x:1000:\n' >etc/group
		echo /bin/sh >etc/shells
		`, "sh", bundle+"/image")
	// runc looks for its cgroups; with none that it can change, and told
	// to expect that, it does without.
	Must(t, "mount", "-t", "cgroup2", "-o", "ro", "cgroup2", "/sys/fs/cgroup")
	return bundle + "/image"
}

// AddToImage copies programs of the machine into the image, with the libraries that
// they need.
func AddToImage(t testing.TB, programs ...string) {
	t.Helper()
	view.Need(t, append(programs, "ldd")...)
	for _, p := range programs {
		Must(t, "sh", "-ec", `
			program=$(command -v "$2")
			cp "$program" "$1/usr/bin/"
			for lib in $(ldd "$program" | grep -o '/[^ ]*'); do
				mkdir -p "$1${lib%/*}"
				cp -L "$lib" "$1$lib"
			done`, "sh", bundle+"/image", p)
	}
}

// Run runs one process in a new container of the image. What it leaves in its
// root file system is found below the returned directory.
func (c Container) Run(t testing.TB) (Result, string) {
	t.Helper()
	dir, err := os.MkdirTemp(bundle, "")
	if err != nil {
		t.Fatal(err)
	}
	rootfs := filepath.Join(dir, "rootfs")
	Must(t, "cp", "-a", bundle+"/image", rootfs)
	env := c.Env
	if env == nil {
		env = []string{"PATH=/usr/bin:/bin", "HOME=/", "TMPDIR=/inherited"}
	}
	sets := map[string][]string{"bounding": c.Capabilities}
	if c.UID == 0 {
		sets["permitted"], sets["effective"] = c.Capabilities, c.Capabilities
	}
	user := map[string]any{"uid": c.UID, "gid": c.UID, "additionalGids": c.Groups}
	config := map[string]any{
		"ociVersion": "1.0.2",
		"process": map[string]any{
			"user":            user,
			"args":            c.Args,
			"env":             env,
			"cwd":             "/",
			"capabilities":    sets,
			"noNewPrivileges": c.NoNewPrivileges,
		},
		"root": map[string]any{"path": "rootfs", "readonly": c.ReadOnly},
		"mounts": []map[string]any{
			{"destination": "/proc", "type": "proc", "source": "proc"},
			{"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
			{"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": []string{"newinstance", "ptmxmode=0666", "mode=0620"}},
		},
		"linux": map[string]any{"namespaces": []map[string]any{
			{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}, {"type": "network"},
		}},
	}
	if c.GID != 0 {
		user["gid"] = c.GID
	}
	if c.Tmp != "" {
		config["mounts"] = append(config["mounts"].([]map[string]any),
			map[string]any{"destination": "/tmp", "type": "bind", "source": c.Tmp, "options": []string{"bind"}})
	}
	text, err := json.Marshal(config)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "config.json"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := Command{
		Path: "/usr/bin/env",
		Args: []string{"env", "runc", "--root", dir + "/state", "--rootless=true", "run", "--bundle", dir, "e2e-" + filepath.Base(dir)},
		Env:  os.Environ(),
	}.Run(t)
	return r, rootfs
}
