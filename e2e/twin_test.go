package e2e

import "tmpshell/e2e/rig"

// exitStatus is what the session's script ends with: a value that no program
// on the way has a meaning for.
const exitStatus = 7

// probe is the script of every session.
const probe = rig.Probe + "; exit 7"

// own are the variables that tmpshell may change.
var own = append([]string{"XDG_RUNTIME_DIR"}, rig.Variables...)

// changing are variables that differ between two sessions of one kind, or name
// the passwd shell for what it is.
var changing = []string{"SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY", "SUDO_COMMAND", "_"}
