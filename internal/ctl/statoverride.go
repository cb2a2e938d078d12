package ctl

import (
	"fmt"
	"os"
	"os/exec"
	osuser "os/user"
	"strconv"
	"strings"
)

// overridden is a program with the group and the mode that dpkg-statoverride(1) has for
// its path. dpkg honours that for what it unpacks, and does not know of what setup
// puts in place. What would give a program's privilege to others is an error.
func (p program) overridden() (program, error) {
	tool, err := exec.LookPath("dpkg-statoverride")
	if err != nil {
		return p, nil // no Debian
	}
	out, err := exec.Command(tool, "--list", p.to).Output()
	if err != nil {
		if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == 1 && len(exit.Stderr) == 0 {
			return p, nil // there is none
		}
		return p, fmt.Errorf("dpkg-statoverride --list %s: %w", p.to, err)
	}
	return p.withOverride(string(out))
}

// withOverride reads "USER GROUP MODE PATH", with # before a number.
func (p program) withOverride(line string) (program, error) {
	bad := func(why string) (program, error) {
		return p, fmt.Errorf("dpkg-statoverride has %s for it; run: dpkg-statoverride --remove %s", why, p.to)
	}
	fields := strings.Fields(line)
	if len(fields) != 4 || fields[3] != p.to {
		return bad(fmt.Sprintf("%q", strings.TrimSpace(line)))
	}
	mode, err := strconv.ParseUint(fields[2], 8, 32)
	switch {
	case err != nil:
		return bad("the mode " + fields[2])
	case fields[0] != "root" && fields[0] != "#0":
		return bad("the owner " + fields[0])
	case mode&^0o777 != 0:
		return bad("the mode " + fields[2] + ", and tmpshell is never setuid or setgid,")
	case mode&0o022 != 0:
		return bad("the mode " + fields[2] + ", with which others can write it,")
	}
	gid, ok := strings.CutPrefix(fields[1], "#")
	if !ok {
		g, err := osuser.LookupGroup(fields[1])
		if err != nil {
			return bad("the group " + fields[1])
		}
		gid = g.Gid
	}
	if p.gid, err = strconv.Atoi(gid); err != nil {
		return bad("the group " + fields[1])
	}
	p.mode = os.FileMode(mode)
	return p, nil
}
