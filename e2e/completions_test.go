package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// completing are scripts of each shell that have it complete the words of $1, with the
// file of completions where it looks for it.
var completing = map[string]struct{ file, script string }{
	"bash": {"/usr/share/bash-completion/completions/tmpshellctl", `. /usr/share/bash-completion/bash_completion
_completion_loader tmpshellctl
read -ra COMP_WORDS <<<"$1"
COMP_LINE=$1 COMP_POINT=${#1} COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_TYPE=9
$(complete -p tmpshellctl | sed 's/.*-F \([^ ]*\) .*/\1/') 2>/dev/null
echo "${COMPREPLY[*]}"`},
	// At a prompt, as it has no other way: the completed line is printed.
	"zsh": {"/usr/share/zsh/vendor-completions/_tmpshellctl", `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'bindkey -e; autoload -U compinit; compinit -D; PS1= TERM=dumb; print read''y'
zpty -r -m z seen '*ready*'
zpty -w -n z "$1"$'\t'
zpty -w z $'\x01print -r -- "g""ot" '
zpty -r -m z seen '*got *'$'\n'
print -r -- ${seen##*got }`},
	"fish": {"/usr/share/fish/vendor_completions.d/tmpshellctl.fish", `complete -C $argv[1]`},
}

// TestCompletions: the shells themselves complete the names of checks and accounts.
func TestCompletions(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Unpack(t, "bash-completion")
	rig.CopyPrograms(t)
	for shell, c := range completing {
		view.Need(t, shell)
		rig.Must(t, "sh", "-ec", `mkdir -p "${2%/*}"; tmpshellctl completion "$1" >"$2"`, "sh", shell, c.file)
		for words, want := range map[string]string{
			"tmpshellctl doctor --only cap": "capabilities", "tmpshellctl enable roo": "root", "tmpshellctl purge roo": "root",
			"tmpshellctl doctor --only links,cap": "links,capabilities",
		} {
			script := c.script
			args := []string{shell, "-c", script, shell, words}
			if shell == "fish" {
				args = []string{shell, "-c", script, words}
			}
			r := rig.Command{Path: "/usr/bin/env", Args: append([]string{"env"}, args...), Dir: "/"}.Run(t)
			if !strings.Contains(strings.ReplaceAll(r.Stdout, `\`, ""), want) { // bash quotes a comma
				t.Errorf("%s completes %q to %q, %q; want %s", shell, words, r.Stdout, r.Stderr, want)
			}
		}
	}
}
