package e2e

// pageRow is a program of docs/applications.md.
type pageRow struct {
	topic, name string
	// need is the program that has to be there, and pkg Debian's package of it, where it is
	// not one of e2e/packages.sh.
	need, pkg string
	// script does something with it, and succeeds if it works. It is run by sh, in an
	// empty directory.
	script string
	// root: the program has privilege, which an audit by a user takes away.
	root bool
}

// pageRows is what `make applications` tries.
var pageRows = []pageRow{
	{topic: "shells", name: "bash, large here-document", need: "bash", script: "bash -c 'wc -c <<E\n'\"$(seq 20000)\"'\nE\n'"},
	{topic: "shells", name: "dash, large here-document", need: "dash", script: "printf 'wc -c <<E\\n%s\\nE\\n' \"$(seq 20000)\" >s; dash s"},
	{topic: "shells", name: "zsh, here-document", need: "zsh", script: "zsh -c 'cat <<E\nx\nE\n' | grep x"},
	{topic: "shells", name: "zsh, =(command)", need: "zsh", script: "zsh -c 'cat =(echo x)' | grep x"},
	{topic: "shells", name: "tcsh, here-document", need: "tcsh", script: "printf 'cat <<E\\nx\\nE\\n' >s; tcsh -f s | grep x"},
	{topic: "shells", name: "fish, psub", need: "fish", script: "fish -c 'cat (echo x | psub)' | grep x"},
	{topic: "shells", name: "mksh, here-document", need: "mksh", pkg: "mksh", script: "mksh -c 'cat <<E\nx\nE\n' | grep x"},
	{topic: "shells", name: "ksh93, here-document", need: "ksh93", pkg: "ksh93u+m", script: "ksh93 -c 'cat <<E\nx\nE\n' | grep x"},
	{topic: "tools", name: "mktemp", need: "mktemp", script: "test -f \"$(mktemp)\""},
	{topic: "tools", name: "busybox mktemp", need: "busybox", script: "test -f \"$(busybox mktemp)\""},
	{topic: "tools", name: "sort, more than its memory", need: "sort", script: "seq 200000 | sort -S 100K -R | wc -l | grep 200000"},
	{topic: "tools", name: "tac, of a pipe", need: "tac", script: "seq 9 | tac | head -1 | grep 9"},
	{topic: "tools", name: "patch", need: "patch", pkg: "patch", script: "echo a >x; printf '1c1\\n< a\\n---\\n> b\\n' | patch x && grep b x"},
	{topic: "tools", name: "m4, large diversions", need: "m4", pkg: "m4", script: "{ echo 'divert(1)'; seq 200000; } | m4 | wc -l"},
	{topic: "tools", name: "gawk, printing to a command", need: "gawk", pkg: "gawk", script: "gawk 'BEGIN { print 1 | \"cat\" }' | grep 1"},
	{topic: "tools", name: "script", need: "script", script: "script -qec 'echo x' /dev/null | grep x"},
	{topic: "editors", name: "ed", need: "ed", pkg: "ed", script: "printf 'a\\nx\\n.\\nw f\\nq\\n' | ed -s && grep x f"},
	{topic: "editors", name: "vim, a filter", need: "vim", pkg: "vim", script: "printf 'b\\na\\n' >f; vim -Nes -u NONE -c '%!sort' -c wq f; head -1 f | grep a"},
	{topic: "editors", name: "emacs --batch", need: "emacs", script: "emacs -Q --batch --eval '(princ (make-temp-file \"x\"))' | grep x"},
	{topic: "editors", name: "emacs --daemon", need: "emacs", script: "emacs -Q --daemon 2>/dev/null && emacsclient -e 1 | grep 1; emacsclient -e '(kill-emacs)'"},
	{topic: "editors", name: "crontab -e", need: "crontab", script: "EDITOR=true crontab -e; true", root: true},
	{topic: "editors", name: "sudoedit", need: "sudoedit", script: "SUDO_EDITOR=true sudoedit /etc/hostname", root: true},
	{topic: "interpreters", name: "Python, tempfile", need: "python3", script: "python3 -c 'import tempfile; tempfile.mkdtemp(); tempfile.TemporaryFile()'"},
	{topic: "interpreters", name: "Python, multiprocessing", need: "python3", script: "python3 -c 'import multiprocessing as m; print(m.Manager().list([1]))' | grep 1"},
	{topic: "interpreters", name: "Python, shared memory", need: "python3", script: "python3 -c 'import multiprocessing.shared_memory as s; x = s.SharedMemory(create=True, size=9); x.close(); x.unlink()'"},
	{topic: "interpreters", name: "Perl, File::Temp", need: "perl", script: "perl -MFile::Temp=tempfile -e 'my ($f, $n) = tempfile(); -e $n or die'"},
	{topic: "interpreters", name: "Perl, POSIX tmpfile", need: "perl", script: "perl -e 'open(my $f, \"+>\", undef) or die'"},
	{topic: "interpreters", name: "Ruby, Tempfile", need: "ruby", pkg: "ruby", script: "ruby -rtempfile -e 'Tempfile.create { |f| f.puts 1 }'"},
	{topic: "interpreters", name: "Lua, os.tmpname", need: "lua5.4", pkg: "lua5.4", script: "lua5.4 -e 'assert(io.open(os.tmpname()))'"},
	{topic: "interpreters", name: "Lua, io.tmpfile", need: "lua5.4", pkg: "lua5.4", script: "lua5.4 -e 'assert(io.tmpfile())'"},
	{topic: "interpreters", name: "PHP, tempnam", need: "php", pkg: "php-cli", script: "php -r 'exit(file_exists(tempnam(sys_get_temp_dir(), \"x\")) ? 0 : 1);'"},
	{topic: "interpreters", name: "PHP, tmpfile", need: "php", pkg: "php-cli", script: "php -r 'exit(tmpfile() ? 0 : 1);'"},
	{topic: "interpreters", name: "R, a session", need: "R", pkg: "r-base-core", script: "R --vanilla -s -e 'stopifnot(file.create(tempfile()))'"},
	{topic: "interpreters", name: "Guile, tmpfile", need: "guile", pkg: "guile-3.0", script: "guile -c '(tmpfile)'"},
	{topic: "interpreters", name: "Tcl, file tempfile", need: "tclsh", pkg: "tcl", script: "echo 'close [file tempfile n]; exit [expr {![file exists $n]}]' | tclsh"},
	{topic: "interpreters", name: "OCaml, Filename.temp_file", need: "ocaml", pkg: "ocaml-nox", script: "echo 'Filename.temp_file \"x\" \"\";;' >x.ml; ocaml x.ml"},
	{topic: "interpreters", name: "Java, any program", need: "java", pkg: "openjdk-17-jre-headless", script: "java -version 2>&1 | grep -i openjdk"},
	{topic: "compilers and build tools", name: "gcc", need: "gcc", script: "echo 'int main(void) { return 0; }' >x.c; gcc -o x x.c && ./x"},
	{topic: "compilers and build tools", name: "make -O", need: "make", script: "printf 'all: a b\\na b:\\n\\t@echo $@\\n' >Makefile; make -j2 -O | grep a"},
	{topic: "compilers and build tools", name: "cmake", need: "cmake", pkg: "cmake", script: "printf 'cmake_minimum_required(VERSION 3.1)\\nproject(x C)\\nadd_executable(x x.c)\\n' >CMakeLists.txt; echo 'int main(void) { return 0; }' >x.c; cmake . >/dev/null && make && ./x"},
	{topic: "compilers and build tools", name: "ccache", need: "ccache", pkg: "ccache", script: "echo 'int x;' >x.c; CCACHE_DIR=$PWD/c ccache gcc -c x.c"},
	{topic: "compilers and build tools", name: "autoconf", need: "autoconf", pkg: "autoconf", script: "printf 'AC_INIT(x, 1)\\nAC_OUTPUT\\n' >configure.ac; autoconf && ./configure"},
	{topic: "compilers and build tools", name: "xgettext and msgfmt", need: "msgfmt", pkg: "gettext", script: "printf 'msgid \"\"\\nmsgstr \"\"\\n' >x.po; msgfmt -o x.mo x.po"},
	{topic: "compilers and build tools", name: "gdb", need: "gdb", pkg: "gdb", script: "gdb -nx -batch -ex 'print 6*7' | grep 42"},
	{topic: "compilers and build tools", name: "valgrind", need: "valgrind", pkg: "valgrind", script: "valgrind -q busybox true"},
	{topic: "version control", name: "git, commit and diff", need: "git", script: "git init -q . && git config user.email x@x && git config user.name x && echo a >f && git add f && GIT_EDITOR='echo m >' git commit -q && echo b >f && git -c diff.external=true diff"},
	{topic: "version control", name: "Mercurial, commit", need: "hg", pkg: "mercurial", script: "hg init && echo a >f && hg add f && HGEDITOR='echo m >' hg commit -u x"},
	{topic: "version control", name: "Subversion, commit", need: "svn", pkg: "subversion", script: "svnadmin create r && svn -q checkout file://$PWD/r w && cd w && echo a >f && svn -q add f && svn commit -m m"},
	{topic: "databases", name: "SQLite, a large sort", need: "sqlite3", script: "printf 'pragma cache_size=10; pragma temp_store=1; with recursive c(i) as (select 1 union all select i+1 from c where i<100000) select count(*) from (select hex(randomblob(50)) as x from c order by x limit -1 offset 1);' | sqlite3 | grep ^9"},
	{topic: "databases", name: "PostgreSQL, Debian's socket directory moved to /tmp", need: "psql",
		script: "PATH=$(echo /usr/lib/postgresql/*/bin):$PATH; initdb -A trust -D d >/dev/null && pg_ctl -D d -o '-h \"\" -k /tmp' -l log -w start && psql -h /tmp -d postgres -c 'select 1'; s=$?; pg_ctl -D d -m fast stop; exit $s"},
	{topic: "databases", name: "MariaDB, upstream's socket /tmp/mysql.sock", need: "mariadbd",
		script: "PATH=$PATH:/usr/sbin; mariadb-install-db --no-defaults --datadir=$PWD/d --auth-root-authentication-method=normal >/dev/null && { mariadbd --no-defaults --datadir=$PWD/d --socket=/tmp/mysql.sock --skip-networking 2>log & until mariadb-admin --no-defaults -S /tmp/mysql.sock ping >/dev/null 2>&1; do sleep 0.1; kill -0 $! || exit 1; done; mariadb-admin --no-defaults -u root -S /tmp/mysql.sock shutdown || kill $!; wait; }"},
	{topic: "sessions and agents", name: "tmux", need: "tmux", script: "tmux new -d -s x 'sleep 60' && tmux ls | grep x; s=$?; tmux kill-server; exit $s"},
	{topic: "sessions and agents", name: "screen", need: "screen", script: "screen -dmS x sleep 60; screen -ls | grep '[.]x'; s=$?; screen -S x -X quit; exit $s", root: true},
	{topic: "sessions and agents", name: "ssh-agent", need: "ssh-agent", script: "ssh-agent sh -c 'test -S $SSH_AUTH_SOCK'", root: true},
	{topic: "sessions and agents", name: "gpg-agent", need: "gpg", script: "mkdir -m 700 g; export GNUPGHOME=$PWD/g; gpg -q --batch --passphrase '' --quick-gen-key x@x && gpg -K | grep x@x; s=$?; gpgconf --kill all; exit $s"},
	{topic: "sessions and agents", name: "dbus-run-session", need: "dbus-run-session", script: "dbus-run-session -- dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId"},
	{topic: "sessions and agents", name: "PulseAudio", need: "pulseaudio", script: "pulseaudio -n --exit-idle-time=-1 -L module-native-protocol-unix -L module-null-sink & until pactl info >/dev/null 2>&1; do sleep 0.1; kill -0 $! || exit 1; done; kill $!"},
	{topic: "X", name: "Xvfb, and a client", need: "Xvfb", script: "Xvfb :71 -ac -noreset -nolisten local -screen 0 64x64x8 & until xdpyinfo -display :71 >/dev/null 2>&1; do sleep 0.1; kill -0 $! || exit 1; done; kill $!; wait"},
	{topic: "X", name: "xauth", need: "xauth", script: "xauth -f x add :1 . 00 && xauth -f x list | grep MIT"},
	{topic: "MPI", name: "Open MPI", need: "mpirun", pkg: "openmpi-bin", script: "mpirun --oversubscribe -n 2 busybox true"},
	{topic: "mail and documents", name: "mutt", need: "mutt", pkg: "mutt", script: "echo text | mutt -n -F /dev/null -e 'set sendmail=true copy=no' -s x nobody"},
	{topic: "mail and documents", name: "man", need: "man", pkg: "man-db", script: "printf '.TH X 1\\n.SH NAME\\nx\\n' >x.1; man -P cat ./x.1 | grep NAME"},
	{topic: "mail and documents", name: "groff", need: "groff", pkg: "groff", script: "printf '.SH\\nx\\n' | groff -ms -Tps | grep -a PS"},
	{topic: "mail and documents", name: "Ghostscript", need: "gs", pkg: "ghostscript", script: "echo '0 0 moveto 9 9 lineto stroke showpage' | gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile=x.pdf - && test -s x.pdf"},
	{topic: "mail and documents", name: "gnuplot", need: "gnuplot", pkg: "gnuplot-nox", script: "gnuplot -e 'set terminal dumb; plot x' | grep x"},
	{topic: "mail and documents", name: "lynx -dump", need: "lynx", pkg: "lynx", script: "echo '<p>x' >x.html; lynx -dump ./x.html | grep x"},
	{topic: "mail and documents", name: "w3m -dump", need: "w3m", pkg: "w3m", script: "echo '<p>x' >x.html; w3m -dump x.html | grep x"},
	{topic: "archivers", name: "zip and unzip", need: "zip", pkg: "zip", script: "echo a >f; zip -q x.zip f && unzip -p x.zip | grep a"},
	{topic: "archivers", name: "zip to a pipe", need: "zip", pkg: "zip", script: "echo a >f; zip -q - f | cat >x.zip && unzip -p x.zip | grep a"},
	{topic: "archivers", name: "tar and gzip", need: "tar", script: "echo a >f; tar czf x.tgz f && tar xzOf x.tgz | grep a"},
	{topic: "archivers", name: "cpio", need: "cpio", pkg: "cpio", script: "echo a >f; echo f | cpio -o >x 2>/dev/null && test -s x"},
	{topic: "archivers", name: "dpkg-deb --build", need: "dpkg-deb", script: "mkdir -p p/DEBIAN; chmod 755 p p/DEBIAN; printf 'Package: x\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@x>\\nDescription: x\\n' >p/DEBIAN/control; dpkg-deb -b p x.deb"},
	{topic: "archivers", name: "rsync", need: "rsync", script: "mkdir a b; echo x >a/f; rsync -a a/ b && grep x b/f"},
}
