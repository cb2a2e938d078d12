// Package build holds what is decided when tmpshell is built: its version and
// where its programs and files live. Nothing here can be changed at run time:
// a path that came from the environment would be one that the caller chooses.
package build

// Set by the linker (-X), see the Makefile. Paths are whole: a program without
// the runtime cannot put them together.
var (
	// Version is the release, as printed by --version: VERSION of the Makefile.
	Version = "devel"
	// Bindir holds tmpshell and tmpshellctl.
	Bindir = "/usr/bin"
	// Examples has what an administrator copies.
	Examples = "/usr/share/doc/tmpshell"

	launcher = "/usr/bin/tmpshell"
	session  = "/usr/libexec/tmpshell-session"
	helper   = "/usr/libexec/tmpshell-helper"

	supervise = "/usr/libexec/tmpshell-supervise"
	remover   = "/usr/libexec/tmpshell-remover"
)

// Config is the configuration file. It does not move with PREFIX: every
// installation on a machine obeys the one policy of that machine.
const Config = "/etc/tmpshell.conf"

// Launcher returns the path of the login shell wrapper.
func Launcher() string { return launcher }

// Session returns the path of the same program with file capabilities.
func Session() string { return session }

// SyslogSocket is the socket of syslog(3).
const SyslogSocket = "/dev/log"

// Helper returns the path of the program that makes what is missing.
func Helper() string { return helper }

// Supervise returns the path of the program that stays while a session lives.
func Supervise() string { return supervise }

// Remover returns the path of the program that removes what a session has left.
func Remover() string { return remover }

// SFTPServers are where distributions keep the program that internal-sftp of
// sshd is built from. The first that is there is used.
var SFTPServers = []string{
	"/usr/lib/openssh/sftp-server",
	"/usr/libexec/openssh/sftp-server",
	"/usr/lib/ssh/sftp-server",
	"/usr/libexec/sftp-server",
}
