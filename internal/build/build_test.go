package build_test

import (
	"path"
	"testing"

	"tmpshell/internal/build"
	"tmpshell/internal/config"
)

// The programs find each other by these, from any directory.
func TestPaths(t *testing.T) {
	for _, p := range []string{build.Launcher(), build.Helper(), build.Config} {
		if !path.IsAbs(p) || path.Clean(p) != p {
			t.Errorf("%q is no clean absolute path", p)
		}
	}
	if !config.IsWrapperName(build.Launcher()) {
		t.Errorf("IsWrapperName(%q) = false; a shell would start itself again", build.Launcher())
	}
	if build.Version == "" {
		t.Error("no version")
	}
}
