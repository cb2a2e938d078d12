package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// shippedImages are built by podman of the files in etc/container, as they are, from
// a base of busybox under the name that they give it; with all rows, of Debian's. It works
// in a view: without cgroups, and with networks of nobody's.
func shippedImages(t *testing.T) {
	t.Helper()
	view.Need(t, "podman", "crun", "runc", "busybox")
	rig.CopyPrograms(t)
	base := rig.MakeImage(t)
	rig.Sh(t, "rm "+base+"/usr/bin/tmpshell "+base+"/usr/libexec/tmpshell-helper")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	bin, err := view.Binaries()
	if err != nil {
		t.Fatal(err)
	}
	rig.Write(t, "/etc/containers/storage.conf", "[storage]\ndriver = \"overlay\"\nrunroot = \"/run/containers\"\ngraphroot = \"/var/lib/containers\"\n", 0o644)
	rig.Write(t, "/etc/containers/containers.conf", "[engine]\ncgroup_manager = \"cgroupfs\"\nruntime = \"crun\"\nevents_logger = \"none\"\n[containers]\ncgroups = \"disabled\"\nnetns = \"none\"\nlog_driver = \"none\"\n", 0o644)
	// An overlay needs another file system below it than the view's.
	rig.Must(t, "sh", "-ec", "mkdir -p /var/lib/containers; mount -t tmpfs -o nodev images /var/lib/containers")
	rig.Must(t, "sh", "-ec", `mkdir /run/context && cp -r "$1/etc" /run/context && mkdir /run/context/bin && cp "$2"/tmpshell* /run/context/bin`, "sh", root, bin)
	image := `tar -C "$1" -c .`
	if sample.All() {
		list := suites(t)
		base, image = filepath.Join(cleanRoots, list[len(list)-1]+".tar"), `cat "$1"`
	}
	rig.Must(t, "sh", "-ec", image+` | podman import - docker.io/library/debian:stable-slim`, "sh", base)
	// The configuration is compiled in the build: at run time it is another file, by
	// its device, inode and times, and nothing has the privilege to compile it.
	rig.Write(t, "/run/context/etc/container/Configured", `FROM my-server
USER root
RUN printf '%s\n' 'Match Uid 1000' 'OnFailure deny' 'SetEnv MARK=set' >/etc/tmpshell.conf && tmpshellctl setup
USER 1000
CMD ["sh", "-c", "echo \"my files are in $TMPDIR\"; [ \"$MARK\" = set ]"]
`, 0o644)
	for _, image := range []struct{ name, file string }{{"my-server", "Containerfile"}, {"stepdown", "Containerfile.stepdown"}, {"configured", "Configured"}} {
		rig.Must(t, "podman", "build", "--isolation=chroot", "--pull=never", "--layers=false",
			"-f", "/run/context/etc/container/"+image.file, "-t", image.name, "/run/context")
	}
}

// pod is what runPod reads of a pod.
type pod struct {
	Spec struct {
		SecurityContext struct {
			RunAsUser, RunAsGroup, FsGroup uint32
			RunAsNonRoot                   bool
		}
		InitContainers, Containers []podContainer
	}
}

type podContainer struct {
	Image, Name     string
	Command         []string
	SecurityContext struct {
		AllowPrivilegeEscalation, ReadOnlyRootFilesystem bool
		Capabilities                                     struct{ Drop []string }
	}
	VolumeMounts []struct{ MountPath, SubPath string }
}

// runPod does what kubelet does with the example for Kubernetes: an emptyDir that
// everybody can write to, of the group fsGroup, and its containers one after the
// other.
func runPod(t *testing.T) {
	t.Helper()
	var p pod
	var text map[string]any
	if err := yaml.Unmarshal([]byte(readSource(t, "etc/container/kubernetes.yaml")), &text); err != nil {
		t.Fatal(err)
	}
	// Names are those of JSON, in which case does not matter.
	if asJSON, err := json.Marshal(text); err != nil || json.Unmarshal(asJSON, &p) != nil {
		t.Fatalf("kubernetes.yaml: %v", err)
	}
	of := p.Spec.SecurityContext
	rig.Must(t, "install", "-d", "-m", "2777", "-g", strconv.Itoa(int(of.FsGroup)), "/run/emptydir")
	var r rig.Result
	for _, c := range append(p.Spec.InitContainers, p.Spec.Containers...) {
		is := c.SecurityContext
		if !of.RunAsNonRoot || of.RunAsUser == 0 || is.AllowPrivilegeEscalation || !is.ReadOnlyRootFilesystem || !slices.Equal(is.Capabilities.Drop, []string{"ALL"}) {
			t.Errorf("%s does not keep to the restricted standard: %+v", c.Name, c)
		}
		args := []string{"run", "--rm", "--read-only", "--read-only-tmpfs=false", "--cap-drop", "all", "--security-opt", "no-new-privileges",
			"--user", fmt.Sprintf("%d:%d", of.RunAsUser, of.RunAsGroup), "--group-add", strconv.Itoa(int(of.FsGroup))}
		for _, v := range c.VolumeMounts {
			args = append(args, "-v", filepath.Join("/run/emptydir", v.SubPath)+":"+v.MountPath)
		}
		if len(c.Command) > 0 {
			args = append(args, "--entrypoint", c.Command[0])
			c.Command = c.Command[1:]
		}
		r = rig.Command{Path: "/usr/bin/podman", Args: slices.Concat([]string{"podman"}, args, []string{c.Image}, c.Command), Env: os.Environ()}.Run(t)
		if r.Status != 0 || r.Stderr != "" && !strings.HasSuffix(r.Stderr, "; using /tmp\n") {
			t.Errorf("%s: %d, %q, %q", c.Name, r.Status, r.Stdout, r.Stderr)
		}
	}
	if r.Stdout != "my files are in /tmp\n" {
		t.Errorf("kubernetes.yaml: %q; want /tmp", r.Stdout)
	}
}

// TestShippedContainers: the examples for images, by podman and
// runc.
func TestShippedContainers(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	t.Setenv("GOGC", "off") // podman's and runc's: none runs for long
	shippedImages(t)
	const based = "/tmp/.private/1000"
	for _, c := range []struct{ name, args, want string }{
		{"as it is", "my-server", based},
		{"no-new-privileges", "--security-opt no-new-privileges my-server", based},
		{"no capability", "--cap-drop all my-server", based},
		{"both, read-only", "--cap-drop all --security-opt no-new-privileges --read-only --tmpfs /tmp:mode=1777 my-server", based},
		{"with a configuration", "--cap-drop all --security-opt no-new-privileges configured", based},
		{"read-only with a volume", "--read-only --tmpfs /tmp:mode=1777 my-server", based},
		{"another user", "--user 4242 my-server", "/tmp/.private/4242"},
		{"another user, no-new-privileges", "--user 4242 --security-opt no-new-privileges my-server", "/tmp/.private-4242"},
		{"stepping down", "stepdown", based},
		{"stepping down, with three capabilities", "--cap-drop all --cap-add SETUID,SETGID,DAC_OVERRIDE,CHOWN stepdown", based},
		{"stepping down, begun as the user", "--user 1000 stepdown", based},
		{"stepping down in a user namespace", "--uidmap 0:100000:65536 --gidmap 0:100000:65536 stepdown", based},
		{"a user namespace", "--uidmap 0:100000:65536 --gidmap 0:100000:65536 my-server", based},
	} {
		r := rig.Sh(t, "podman run --rm "+c.args)
		if r.Stdout != "my files are in "+c.want+"\n" || r.Status != 0 || (r.Stderr == "") != !strings.Contains(c.want, "private-") {
			t.Errorf("%s: %d, %q, %q; want %s", c.name, r.Status, r.Stdout, r.Stderr, c.want)
		}
	}
	// Where the entrypoint cannot do what it is for, no program runs.
	for _, c := range []struct{ name, args, want string }{
		{"read-only", "--read-only --tmpfs /tmp:mode=1777 stepdown", "Read-only file system"},
		{"read-only, with a volume", "--read-only --tmpfs /tmp:mode=1777 --tmpfs /var/lib/app stepdown", ""},
	} {
		r := rig.Sh(t, "podman run --rm "+c.args)
		if c.want == "" && (r.Stdout != "my files are in "+based+"\n" || r.Stderr != "" || r.Status != 0) {
			t.Errorf("%s: %d, %q, %q; want %s", c.name, r.Status, r.Stdout, r.Stderr, based)
		}
		if c.want != "" && (r.Stdout != "" || !strings.Contains(r.Stderr, c.want) || r.Status == 0) {
			t.Errorf("%s: %d, %q, %q; want no program, and %q", c.name, r.Status, r.Stdout, r.Stderr, c.want)
		}
	}
	runPod(t)

	// The bundles for runc, each with a root file system as README makes it.
	for _, root := range []struct{ name, mapped string }{{"plain", ""}, {"mapped", "--uidmap 0:100000:65536 --gidmap 0:100000:65536"}} {
		rig.Must(t, "sh", "-ec", `mkdir -p /var/lib/bundles; ln -s "$(podman mount "$(podman create `+root.mapped+` my-server)")" "/var/lib/bundles/$1"`, "sh", root.name)
	}
	for _, name := range []string{"nonroot", "restricted", "stepdown", "userns"} {
		dir := "/var/lib/bundles/" + name
		root := "plain"
		if name == "userns" {
			root = "mapped"
		}
		rig.Must(t, "sh", "-ec", `cp -r "$1" "$2"; mkdir "$2/rootfs"; cp -a "/var/lib/bundles/$3/." "$2/rootfs"`,
			"sh", "/run/context/etc/container/bundle/"+name, dir, root)
		if r := runBundle(t, dir); r.Stdout != "my files are in "+based+"\n" || r.Stderr != "" || r.Status != 0 {
			t.Errorf("%s: %d, %q, %q; want %s", name, r.Status, r.Stdout, r.Stderr, based)
		}
	}
	// Outside, the mapped root is an ordinary user, who has to reach rootfs.
	rig.Must(t, "sh", "-ec", "cd /var/lib/bundles; mkdir -m 700 closed; mv userns closed")
	if r := runBundle(t, "/var/lib/bundles/closed/userns"); r.Status != 1 || r.Stdout != "" || !strings.Contains(r.Stderr, "permission denied") {
		t.Errorf("userns in a directory of mode 0700: %d, %q, %q; want 1, permission denied", r.Status, r.Stdout, r.Stderr)
	}
	rig.Must(t, "chmod", "711", "/var/lib/bundles/closed")
	if r := runBundle(t, "/var/lib/bundles/closed/userns"); r.Stdout != "my files are in "+based+"\n" || r.Status != 0 {
		t.Errorf("userns in a directory of mode 0711: %d, %q, %q; want %s", r.Status, r.Stdout, r.Stderr, based)
	}
}

func runBundle(t *testing.T, dir string) rig.Result {
	t.Helper()
	name := filepath.Base(dir)
	return rig.Command{Path: "/usr/sbin/runc", Dir: filepath.Dir(dir), Env: os.Environ(),
		Args: []string{"runc", "--root", dir + ".state", "--rootless=true", "run", "--bundle", dir, "e2e-" + name}}.Run(t)
}
