#!/bin/sh
# Makes login.txt and login.svg, the picture of a login in the README, from what the
# programs print in "make try": picture.sh [DIRECTORY], which is docs by default.
set -eu
cd "$(dirname "$0")/.."
to=${1:-docs}

session() {
	LC_ALL=C make -s try COMMAND=sh <<'INSIDE'
useradd -M -d / -u 4001 -s /bin/bash alice
root() { printf '# %s\n' "$1"; sh -c "$1"; }
alice() { printf 'alice$ %s\n' "$1"; su - alice -c "$1"; }
exec 2>&1
echo BEGIN
root 'tmpshellctl enable alice'
echo
alice 'echo $0 $SHELL $TMPDIR'
alice 'stat -c "%A %U %n" /tmp /tmp/.private $TMPDIR'
alice mktemp
echo
root 'echo Directory /tmp mount >/etc/tmpshell.conf'
root 'tmpshellctl setup | grep ^mount'
alice 'mktemp; ls -A /tmp'
echo END
INSIDE
}

picture() {
	session | sed -n '/^BEGIN$/,/^END$/ { /^BEGIN$/d; /^END$/d; p; }' >"$to/session"
	directory=$(awk '$1 == "-bash" { print $3 }' "$to/session")
	[ -n "$directory" ] || { cat "$to/session" >&2; exit 1; }
	cat <<EOD
sshd, login, su, cron, runc
     | execve
tmpshell -- something is missing --> tmpshell-helper makes it, once
     | execve, the same process
-bash       TMPDIR=$directory, TMP, TEMP, TEMPDIR
            or a /tmp of the user's own, mounted over the shared one

EOD
	cat "$to/session"
	rm "$to/session"
}

svg() {
	awk '
	function text(s) { gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s); return s }
	{ line[NR] = $0; if (length($0) > wide) wide = length($0) }
	END {
		w = wide * 8 + 32; h = NR * 18 + 28
		printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"A login with tmpshell\">\n", w, h, w, h
		print "<style>text { font: 13px monospace; white-space: pre; fill: #d0d7de } .typed { fill: #ffffff; font-weight: bold }</style>"
		printf "<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#161b22\"/>\n", w, h
		for (i = 1; i <= NR; i++) if (line[i] != "")
			printf "<text x=\"16\" y=\"%d\" textLength=\"%d\"%s xml:space=\"preserve\">%s</text>\n", i * 18 + 10, length(line[i]) * 8,
				line[i] ~ /^(#|alice\$) / ? " class=\"typed\"" : "", text(line[i])
		print "</svg>"
	}' "$1"
}

picture >"$to/login.txt.new"
svg "$to/login.txt.new" >"$to/login.svg.new"
mv "$to/login.txt.new" "$to/login.txt"
mv "$to/login.svg.new" "$to/login.svg"
