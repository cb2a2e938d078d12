package dirs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/caps"
	"tmpshell/internal/config"
)

// What a policy asks for, by method.
func TestOfPolicy(t *testing.T) {
	p := config.Policy{Directories: []config.Directory{
		{Path: "/tmp", Method: config.Env},
		{Path: "/var/tmp", Method: config.Off},
		{Path: "/dev/shm", Method: config.Tmpfs},
		{Path: "/var/cache/xdg", Method: config.Mount, Share: []string{"a/", "b"}},
	}}
	kept := Instance{At: "/var/cache/xdg", Share: "a/,b", In: System}
	fresh := Instance{At: "/dev/shm", Fresh: true, In: System}
	for _, c := range []struct{ got, want any }{
		{Specs(p), []Spec{Private("/tmp")}},
		{Fallbacks(p), []Spec{Private("/dev/shm"), Private("/var/cache/xdg")}},
		{Instances(p), []Instance{fresh, kept}},
		{kept.Path(1000), "/var/lib/tmpshell/1000/var-cache-xdg"},
		{fresh.Path(1000), "/dev/shm"},
		{[]caps.Set{kept.Needs(), fresh.Needs()}, []caps.Set{caps.Keeper, caps.Mounter}},
		{kept.Rendezvous(), []string{"a"}},
		{kept.Links(), []string{"b"}},
		{append(fresh.Links(), fresh.Rendezvous()...), []string(nil)},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	p.RuntimeDirectory = true
	if diff := cmp.Diff([]Spec{Private("/tmp"), Runtime}, Specs(p)); diff != "" {
		t.Errorf("with RuntimeDirectory (-want +got):\n%s", diff)
	}
}
