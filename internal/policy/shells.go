package policy

import "slices"

// unrestricted are the shells that everybody knows not to restrict their users: others
// may stand in for them. tmpshell itself, which shells(5) lists, stands for the default
// one.
var unrestricted = [...]string{"tmpshell", "sh", "bash", "dash", "ash", "zsh", "fish", "ksh", "mksh", "csh", "tcsh", "busybox"}

// IsUnrestricted tells whether a program with this name is one of them.
func IsUnrestricted(name string) bool { return slices.Contains(unrestricted[:], name) }
