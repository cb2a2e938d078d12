package e2e

import (
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/audit"
	"tmpshell/internal/sample"
)

// knownTry has a program of the table make what the table says.
type knownTry struct {
	name, need string
	// pkg is Debian's package, where it is not one of e2e/packages.sh: only `make
	// applications` has it.
	pkg, script string
	// root: the program has privilege, which an audit by a user takes away. long: it is
	// not tried with a share.
	root, long bool
}

const (
	createTemp = `sqlite3 :memory: 'pragma temp_store=1; pragma cache_size=1; create temp table t as select randomblob(3000000);'`
	listenICE  = `import ctypes; c = ctypes; n, o = c.c_int(), c.c_void_p(); c.CDLL("libICE.so.6").IceListenForConnections(c.byref(n), c.byref(o), 256, c.create_string_buffer(256))`
	makeCache  = `from ctypes import *; k = CDLL("libkrb5.so.3"); x, c, p = c_void_p(), c_void_p(), c_void_p(); k.krb5_init_context(byref(x)); k.krb5_cc_default(x, byref(c)); k.krb5_parse_name(x, b"a@E2E", byref(p)); k.krb5_cc_initialize(x, c, p); k.krb5_cc_destroy(x, c)`
)

// knownTries has a row for each of the table.
var knownTries = []knownTry{
	{name: "tmux", need: "tmux", script: "tmux new -d 'sleep 60' && tmux kill-server"},
	{name: "zsh, here-documents", need: "zsh", script: "zsh -c 'cat <<E\nE\n'"},
	{name: "ssh-agent", need: "ssh-agent", script: "ssh-agent true", root: true},
	{name: "D-Bus, session bus", need: "dbus-run-session", script: "dbus-run-session -- true"},
	{name: "X servers", need: "Xvfb", script: "Xvfb :77 -ac -screen 0 64x64x8 & until test -S /tmp/.X11-unix/X77; do sleep 0.05; kill -0 $! || exit 1; done; kill $!; wait"},
	{name: "X session management (ICE)", need: "python3", script: "python3 -c '" + listenICE + "'"},
	{name: "Java, performance data", need: "java", pkg: "openjdk-17-jre-headless", script: "java -version"},
	{name: "MIT Kerberos, credential caches", need: "python3", script: "python3 -c '" + makeCache + "'"},
	{name: "sudoedit", need: "sudoedit", script: "SUDO_EDITOR=true sudoedit /etc/hostname", root: true},
	{name: "crontab -e", need: "crontab", script: "EDITOR=true crontab -e", root: true},
	{name: "Python, shared memory", need: "python3", script: "python3 -c 'import multiprocessing.shared_memory as s; s.SharedMemory(create=True, size=9).unlink()'"},
	{name: "POSIX semaphores", need: "python3", script: "python3 -c 'import multiprocessing as m; m.Lock()'"},
	{name: "tmpfile(3) of the GNU C library", need: "make", script: "cd; printf 'all:\\n\\techo\\n' >Makefile; make -O -j2"},
	{name: "SQLite", need: "sqlite3", script: "env -u TMPDIR -u TMP -u TEMP " + createTemp},
	{name: "GNU screen, exchange file", need: "screen",
		script: "export SCREENDIR=$HOME/.s; mkdir -pm 700 $SCREENDIR; screen -dmS x sleep 60; until screen -S x -X register . text; do sleep 0.05; done; until test -s /tmp/screen-exchange; do screen -S x -X writebuf; sleep 0.05; done; rm /tmp/screen-exchange; screen -S x -X quit"},
	{name: "Emacs, server", need: "emacs", long: true,
		script: "unset XDG_RUNTIME_DIR; emacs -Q --daemon && emacsclient -e '(kill-emacs)'"},
	{name: "PulseAudio", need: "pulseaudio", long: true,
		script: "unset XDG_RUNTIME_DIR; rm -rf ~/.config/pulse; pulseaudio -n --exit-idle-time=-1 -L module-native-protocol-unix & until pactl info; do sleep 0.05; kill -0 $! || exit 1; done; kill $!; wait"},
	{name: "PostgreSQL, socket", need: "psql", long: true, script: runPostgres},
	{name: "PostgreSQL, shared memory", need: "psql", long: true, script: runPostgres},
	{name: "MariaDB and MySQL, socket", need: "mariadbd", long: true, script: "PATH=$PATH:/usr/sbin; cd; rm -rf my; mariadb-install-db --no-defaults --datadir=$PWD/my --auth-root-authentication-method=normal --skip-test-db && { mariadbd --no-defaults --datadir=$PWD/my --tmpdir=$PWD/my --socket=/tmp/mysql.sock --skip-networking & until mariadb-admin --no-defaults -S /tmp/mysql.sock ping; do sleep 0.1; kill -0 $! || exit 1; done; mariadb-admin --no-defaults -u root -S /tmp/mysql.sock shutdown || kill $!; wait; }"},
	{name: "ksh93, here-documents", need: "ksh93", pkg: "ksh93u+m", script: "ksh93 -c 'cat <<E\nx\nE\n'"},
	{name: "Lua, os.tmpname", need: "lua5.4", pkg: "lua5.4", script: "lua5.4 -e 'os.remove(os.tmpname())'"},
	{name: "Open MPI, shared memory", need: "mpirun", pkg: "openmpi-bin", script: "mpirun --oversubscribe -n 2 busybox true"},
}

const runPostgres = "PATH=$(echo /usr/lib/postgresql/*/bin):$PATH; cd; rm -rf pg; initdb --wal-segsize=1 -A trust --no-sync -D pg && pg_ctl -D pg -o '-h \"\" -k /tmp' -l log -w start && pg_ctl -D pg -m fast stop"

// TestAuditKnown: programs of the table make what it says, and the line for
// tmpshell.conf moves that.
func TestAuditKnown(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	rig.Must(t, "install", "-d", "-m", "1777", "/tmp/.X11-unix", "/tmp/.ICE-unix")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash"})
	rig.Write(t, "/etc/sudoers.d/e2e", "ALL ALL=(ALL) NOPASSWD: ALL\n", 0o440)
	table := map[string]audit.Known{}
	for _, k := range audit.Applications() {
		table[k.Name] = k
	}
	share, all := sample.Of(4), os.Getenv(pageVar) != ""
	for _, try := range knownTries {
		k, ok := table[try.name]
		if !ok {
			t.Errorf("the table has no row %s", try.name)
			continue
		}
		delete(table, try.name)
		if !all && (try.pkg != "" || try.long && !sample.All() || !share.Has("known", try.name)) {
			continue
		}
		view.Need(t, try.need)
		try.judge(t, alice, k)
	}
	for name := range table {
		t.Errorf("the row %s is not tried", name)
	}
}

// judge runs the program without, with env and with mount, and the line.
func (try knownTry) judge(t *testing.T, alice *rig.Account, k audit.Known) {
	who, lines := alice, []string{k.Line}
	if try.root {
		who, lines = nil, append(lines, "Exempt none")
	}
	rig.Configure(t, lines...)
	rig.Must(t, rig.Ctl, "check")
	report, r := runAudit(t, who, "--compare", "bash", "-c", "exec </dev/null >/dev/null 2>&1; "+try.script)
	if len(report.Runs) != 3 {
		t.Fatalf("%s: %d, %s", k.Name, r.Status, r.Stderr)
	}
	if list := report.Runs[0].Objects; len(of(k, list, nil)) == 0 {
		t.Errorf("%s: without a session, found %q; want %q", k.Name, sharedObjects(list), k.Paths)
	}
	moved := report.Runs[2] // mount
	if strings.HasPrefix(k.Line, "SetEnv ") || strings.HasSuffix(k.Line, " env") {
		moved = report.Runs[1]
	}
	if left := of(k, moved.Objects, k.Share); len(left) > 0 {
		t.Errorf("%s: %s with %s leaves %q in the shared directories", k.Name, k.Line, moved.Method, left)
	}
	if moved.Status != report.Runs[0].Status {
		t.Errorf("%s: status %d with %s; want %d, as without", k.Name, moved.Status, k.Line, report.Runs[0].Status)
	}
}

// of are the shared objects that a row of the table is about, but for those in
// directories where they are to be met.
func of(k audit.Known, list []audit.Object, share []string) []string {
	var found []string
	for _, o := range list {
		met := slices.ContainsFunc(share, func(s string) bool { return strings.HasPrefix(o.Path, path.Join("/tmp", s)+"/") })
		if _, ok := audit.Find([]audit.Known{k}, o); ok && !o.Private && !met {
			found = append(found, o.Kind+" "+o.Path)
		}
	}
	return found
}
