package testas

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// ownTmpVar: the process has a directory for temporary files that is gone
	// with it.
	ownTmpVar = "TMPSHELL_TEST_TMP"
	// suiteVar is set where all the tests have one, see e2e/suite.
	suiteVar = "TMPSHELL_TABLES"
)

// ownTmp gives the process, which is root's, a directory for temporary files that is
// gone with it and its children, however they end: a test that is killed cleans
// nothing up. The process begins again in a namespace in which a tmpfs covers an
// empty directory. Not /tmp: go test has the process write below it. Where that
// cannot be, all is as it was.
func ownTmp() {
	if os.Getenv(ownTmpVar) != "" || os.Getenv(suiteVar) != "" {
		return
	}
	for _, place := range []string{"/mnt", "/media", "/srv"} {
		if entries, err := os.ReadDir(place); err != nil || len(entries) > 0 {
			continue
		}
		// The thread that runs this executes the program, and is then the process.
		if unix.Unshare(unix.CLONE_NEWNS) != nil ||
			unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, "") != nil ||
			unix.Mount("tests", place, "tmpfs", 0, "mode=1777") != nil {
			return
		}
		env := append(os.Environ(), ownTmpVar+"=1", "TMPDIR="+place)
		_ = syscall.Exec("/proc/self/exe", os.Args, env)
		return
	}
}
