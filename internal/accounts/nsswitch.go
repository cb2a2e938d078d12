package accounts

import "tmpshell/internal/bare"

// NSSwitch is nsswitch.conf(5). It is a variable for the tests alone.
var NSSwitch = "/etc/nsswitch.conf"

// FilesOnly tells whether the name service has no accounts but those of
// /etc/passwd. Without the file it has none: musl knows no other source, and
// that is glibc's default, too.
func FilesOnly() (bool, bare.Trouble) {
	if t := lines.open(NSSwitch); !t.OK() {
		return false, t
	}
	only := true
	for {
		line, ok := lines.next()
		if !ok {
			break
		}
		line, _, _ = bare.Cut(line, '#')
		database, sources, found := bare.Cut(trim(line), ':')
		if !found || trim(database) != "passwd" {
			continue
		}
		for rest := trim(sources); rest != ""; rest = trim(rest) {
			var word string
			word, rest, _ = bare.Cut(rest, ' ')
			only = only && trim(word) == "files"
		}
	}
	return only, lines.close(NSSwitch)
}
