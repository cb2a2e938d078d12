package e2e

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// database is a server that meets its clients in /tmp. Its commands are scripts
// with $DATA and $SOCKET.
type database struct {
	title, account string
	// manual is the line of tmpshell-apps(7) for one of the user's own.
	manual string
	// make makes a data directory, before makes room for the user's own server,
	// serve runs the server, ask is a client.
	make, before, serve, ask string
	// socket is in the example configuration, other is not.
	socket, other string
}

// TestApplicationsPostgreSQL has the server listen in Debian's place, too. That sudo
// reaches it says something where links in /tmp are protected.
func TestApplicationsPostgreSQL(t *testing.T) {
	if !view.EnterWith(t, "fs/protected_symlinks", "1") {
		return
	}
	bin, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // a bad pattern only
	if view.Need(t, "psql", "sudo"); len(bin) == 0 {
		view.Missing(t, "postgres: run e2e/packages.sh")
	}
	path := "PATH=$PATH:" + filepath.Dir(bin[0]) + "; "
	rig.Must(t, "install", "-d", "-m", "1777", "/run/postgresql")
	rig.Write(t, "/etc/sudoers.d/e2e", "ALL ALL=(ALL) NOPASSWD: ALL\n", 0o440)
	sudo := application{name: "sudo -u postgres psql -h /tmp", want: [4]string{"reached", "reached", "reached", notReached},
		try: func(c *cell) string {
			if out, status := c.first.Do("sudo -u postgres psql -h /tmp -Atc 'SELECT current_user'"); status == 0 && out == "postgres\n" {
				return "reached"
			}
			return notReached
		}}
	debian := sudo
	debian.name, debian.want = "sudo -u postgres psql", [4]string{"reached", "reached", "reached", "reached"}
	debian.try = func(c *cell) string {
		if got := c.do(c.first, "sudo -u postgres psql -Atc 'SELECT current_user'"); got != "postgres" {
			c.Errorf("psql says %q", got)
		}
		return "reached"
	}
	database{
		title: "PostgreSQL", manual: "PostgreSQL of the user's", account: "postgres", socket: "/tmp/.s.PGSQL.5432", other: "/tmp/.s.PGSQL.5433",
		make:  path + `initdb -D $DATA --wal-segsize=1 -A trust -U postgres --no-sync --no-instructions >/dev/null`,
		serve: path + `exec postgres -D $DATA -k /tmp$(test $USER = postgres && echo ,/run/postgresql) -p ${SOCKET##*.} -c listen_addresses= -c fsync=off`,
		// Debian's psql is a program in Perl that looks for this one.
		ask: `exec ` + filepath.Dir(bin[0]) + `/psql -h /tmp -p ${SOCKET##*.} -U postgres -Atc 'SELECT 6 * 7' postgres`,
	}.appTable(t, sudo, debian)
}

func TestApplicationsMariaDB(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "mariadbd", "mariadb", "mariadb-install-db")
	const small = " --innodb-log-file-size=4M --innodb-buffer-pool-size=8M"
	d := database{
		title: "MariaDB", manual: "MariaDB of the user's", account: "mysql", socket: "/tmp/mysql.sock", other: "/tmp/other.sock",
		// It replaces what is there, but not a link that leads nowhere.
		before: `test -e $SOCKET || rm -f $SOCKET`,
		make:   `mariadb-install-db --no-defaults --datadir=$DATA --auth-root-authentication-method=normal --skip-test-db --innodb-log-file-size=4M >/dev/null`,
		serve: `PATH=$PATH:/usr/sbin; exec mariadbd --no-defaults --datadir=$DATA --tmpdir=$DATA --socket=$SOCKET --pid-file=$DATA/pid --skip-networking` +
			small + ` --innodb-flush-log-at-trx-commit=0`,
		ask: `mariadb --no-defaults -S $SOCKET -u root -Ne 'SELECT 6 * 7'`,
	}
	users, stop := d.appTable(t)
	// A pattern is a link only where a server is there: no link leads nowhere.
	rig.Configure(t, "Match User mount", "Directory /tmp mount share=mysql.soc?")
	a := users[slices.Index(methods, "mount")]
	if out := a.Login(t, askScript+" - "+d.socket).Stdout; out != "42\n" {
		t.Errorf("by a pattern, the server outside says %q", out)
	}
	stop()
	d.before = ""
	t.Run("of the user's own, on a name that a pattern has", func(t *testing.T) {
		c := &cell{T: t, Account: a, method: a.Name, first: a.Open(t), second: a.Open(t)}
		if got := d.own(d.socket)(c); got != "private" {
			t.Errorf("%q, want private", got)
		}
	})
}

// The scripts of a database in a view.
const (
	serveScript = "/usr/local/bin/serve-db"
	askScript   = "/usr/local/bin/ask-db"
)

// appTable returns the users, and what stops the server that is then left.
func (d database) appTable(t *testing.T, more ...application) ([]*rig.Account, func()) {
	const data = "/home/db"
	account := systemAccount(t, d.account)
	users := installMethods(t)
	script := func(text string) string { return "#!/bin/bash\nDATA=$1 SOCKET=$2\n" + text + "\n" }
	rig.Write(t, serveScript, script(d.serve), 0o755)
	rig.Write(t, askScript, script(d.ask), 0o755)
	rig.Write(t, "/usr/local/bin/make-db", script(d.make), 0o755)
	rig.Must(t, "install", "-d", "-m", "700", "-o", d.account, data)
	if r := (rig.Command{As: account, Path: "/bin/bash", Args: []string{"bash", "-c", "make-db " + data + "/d"}}).Run(t); r.Status != 0 {
		t.Fatalf("make-db: %d, %s%s", r.Status, r.Stdout, r.Stderr)
	}
	for _, a := range users {
		rig.Sh(t, `cp -r `+data+`/d "$1/db" && chown -R "$2": "$1/db" && chmod 700 "$1/db"`, a.Home, a.Name)
	}
	start := func(t testing.TB) (stop func()) {
		t.Helper()
		return daemon(t, "test -S "+d.socket+" && "+askScript+" - "+d.socket, account, serveScript, data+"/d", d.socket)
	}
	reach := func(c *cell) string { return c.reaches(d.socket, askScript+" - "+d.socket) }
	meets := [4]string{"shared", "shared", "share=", notReached}
	files := []string{filepath.Base(d.socket), filepath.Base(d.socket) + ".lock"}
	appTable(t, d.title, users, []application{
		{name: "of the user's own, on the shared name", manual: d.manual, want: [4]string{"shared", "shared", "private", "private" + oneLogin}, try: d.own(d.socket)},
		{name: "of the user's own, on another name", manual: d.manual, want: [4]string{"shared", "shared", "private", "private" + oneLogin}, try: d.own(d.other)},
	})
	// The same two servers for sessions of everybody's that were there before them.
	early := map[string]*rig.Open{}
	for _, a := range users {
		early[a.Name] = a.Open(t)
	}
	reachEarly := func(c *cell) string {
		c.first = early[c.Name]
		return reach(c)
	}
	stop := start(t)
	appTable(t, d.title+", later", users, []application{{name: "started after the login", manual: "PostgreSQL, MariaDB outside", want: meets, outside: files, try: reachEarly}})
	stop()
	for _, a := range users {
		if out, status := early[a.Name].Do(askScript + " - " + d.socket); status == 0 {
			t.Errorf("%s: the server was to be stopped: %s", a.Name, out)
		}
	}
	stop = start(t)
	appTable(t, d.title+", again", users, []application{{name: "started again during the session", manual: "PostgreSQL, MariaDB outside", want: meets, outside: files, try: reachEarly}})
	for _, o := range early {
		o.Close()
	}
	appTable(t, d.title+", always there", users, append([]application{{name: "started before the login", manual: "PostgreSQL, MariaDB outside", want: meets, try: reach}}, more...))
	return users, stop
}

// own has the user run the server.
func (d database) own(socket string) func(*cell) string {
	ask := askScript + " - " + socket
	return func(c *cell) string {
		return c.meet(server{
			start: `SOCKET=` + socket + `; ` + d.before + `
				` + serveScript + ` ~/db ` + socket + ` >~/log 2>&1 & PID=$!
				until test -S ` + socket + ` && ` + ask + ` >/dev/null 2>&1; do
					kill -0 $PID 2>/dev/null || { cat ~/log; exit 1; }
					sleep 0.05
				done; echo ` + socket + ` $PID`,
			talk: ask, stop: "kill $PID",
		})
	}
}

// systemAccount is an account that a package of Debian has made.
func systemAccount(t *testing.T, name string) *rig.Account {
	t.Helper()
	fields := strings.Split(strings.TrimSpace(rig.Must(t, "getent", "passwd", name)), ":")
	uid, err := strconv.ParseUint(fields[2], 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(fields[3], 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return &rig.Account{Name: name, UID: uint32(uid), GID: uint32(gid), Home: fields[5], Shell: fields[6]}
}
