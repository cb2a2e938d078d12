package e2e

import (
	"testing"

	"tmpshell/e2e/view"
)

// spill has SQLite sort more than its cache holds.
const spill = `sqlite3 -bail "$HOME/db" 'PRAGMA cache_size=10; PRAGMA temp_store=1;
	CREATE TEMP TABLE t AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<20000) SELECT x, hex(randomblob(50)) AS y FROM c;
	SELECT count(*) FROM (SELECT * FROM t ORDER BY y);'`

// TestApplicationsFiles: programs that make temporary files.
func TestApplicationsFiles(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "sqlite3", "gcc", "git", "python3", "zsh")
	users := installMethods(t, "SetEnv TMPPREFIX=${TMPDIR}/zsh SQLITE_TMPDIR=${TMPDIR}")
	makes := func(beginning, script string) func(*cell) string {
		return func(c *cell) string { return c.made(beginning, script) }
	}
	obedient := [4]string{"shared", "private", "private", "private"}
	const zsh = `zsh -fc 'cat <<EOF >/dev/null
$(seq 100)
EOF'`
	appTable(t, "temporary files", users, []application{
		{name: "mktemp", manual: "mktemp, sort, bash, gcc", try: makes("tmp.", "mktemp"), want: obedient},
		{name: "sort", manual: "mktemp, sort, bash, gcc", try: makes("sort", "seq 100000 | sort -S 100k >/dev/null"), want: obedient},
		{name: "bash, a large here-document", manual: "mktemp, sort, bash, gcc", try: makes("sh-thd", "cat >/dev/null <<EOF\n$(seq 100000)\nEOF"), want: obedient},
		{name: "zsh, a here-document", manual: "zsh, here-documents", try: makes("zsh", "unset TMPPREFIX; "+zsh),
			want: [4]string{"shared", "shared", "private", "private"}},
		{name: "zsh, with TMPPREFIX", try: makes("zsh", zsh), want: obedient},
		{name: "gcc", manual: "mktemp, sort, bash, gcc", try: makes("cc", "echo 'int main(void) { return 0; }' | gcc -x c - -o ~/a.out && ~/a.out"), want: obedient},
		{name: "python3 tempfile", manual: "python3, git, SQLite", try: makes("py", `python3 -c 'import tempfile; tempfile.NamedTemporaryFile(prefix="py")'`), want: obedient},
		{name: "git, for a diff program", manual: "python3, git, SQLite", try: makes("git-blob-", `rm -rf ~/r; git init -q ~/r && cd ~/r && echo a >f && git add f && echo b >f && GIT_EXTERNAL_DIFF=true git diff`), want: obedient},
		{name: "sqlite3", manual: "python3, git, SQLite", try: makes("etilqs_", "unset SQLITE_TMPDIR; "+spill),
			want: [4]string{"/var/tmp", "private", "private", "private"}},
		{name: "sqlite3, with SQLITE_TMPDIR", try: makes("etilqs_", spill),
			want: [4]string{"/var/tmp", "private", "private", "private"}},
		{name: "sqlite3, without TMPDIR", try: makes("etilqs_", "unset TMPDIR SQLITE_TMPDIR; "+spill),
			want: [4]string{"/var/tmp", "/var/tmp", "/var/tmp", "/var/tmp"}},
	})
}
