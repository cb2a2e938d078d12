package e2e

import (
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/policy"
)

// TestBadPolicy: a policy that is missing, stale, cut, of another version, not
// root's alone or damaged is never obeyed. It is made anew; where it cannot be, a
// user has no session and root a plain one, and without a configuration it does not
// matter.
func TestBadPolicy(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	const part = "/etc/tmpshell.part"
	rig.Write(t, part, "SetEnv MARK=one\n", 0o644)
	conf := []string{"Exempt none", "Include " + part}
	rig.Install(t, conf...)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	alice.Login(t, "true")
	root := func(script string) rig.Result { return rig.Sh(t, `exec tmpshell -c "$1"`, script) }
	root("true")
	good, err := os.ReadFile(rig.Policy)
	if err != nil {
		t.Fatal(err)
	}
	helper := rig.Must(t, "getcap", "-n", rig.Helper) // the way to spoil it is to take them away
	_, caps, _ := strings.Cut(strings.TrimSpace(helper), " ")
	give := func() { rig.Must(t, "setcap", caps, rig.Helper) }
	const hint = "tmpshell: hint: an administrator can run \"tmpshellctl setup\"\n"
	const say, want = "echo $MARK $TMPDIR", "one /tmp/.private/1000\n"

	for _, c := range badPolicies(good) {
		t.Run(c.name, func(t *testing.T) {
			spoil := func() {
				t.Helper()
				rig.Configure(t, conf...)
				rig.Write(t, part, "SetEnv MARK=one\n", 0o644)
				rig.Setup(t)
				c.spoil(t)
			}
			spoil()
			rig.Must(t, "setcap", "-r", rig.Helper)
			if r := alice.Login(t, "echo in"); r.Status != 125 || r.Stdout != "" || !strings.HasSuffix(r.Stderr, "; no session\n"+hint) || strings.Count(r.Stderr, "tmpshell: ") != 2 {
				t.Errorf("nobody can make it anew: %+v", r)
			}
			give()
			rig.Must(t, "mv", rig.Helper, rig.Helper+".away")
			if r := root(say); r.Status != 0 || r.Stdout != "\n" {
				t.Errorf("nobody can make it anew, root: %+v", r)
			}
			rig.Must(t, "mv", rig.Helper+".away", rig.Helper)

			// Anew, and for the next one.
			for _, login := range []string{"anew", "usual"} {
				if r := alice.Login(t, say); r.Stdout != want || r.Stderr != "" {
					t.Errorf("%s: %+v; want %q", login, r, want)
				}
				var st unix.Stat_t
				if err := unix.Lstat(rig.Policy, &st); err != nil || st.Mode != unix.S_IFREG|0o644 || st.Uid != 0 || st.Nlink != 1 {
					t.Errorf("%s: %v, mode %o, uid %d, %d names", login, err, st.Mode, st.Uid, st.Nlink)
				}
			}

			spoil()
			rig.Must(t, "rm", rig.Conf)
			rig.Must(t, "setcap", "-r", rig.Helper)
			if r := alice.Login(t, say); r.Stdout != "/tmp/.private/1000\n" || r.Stderr != "" {
				t.Errorf("without a configuration: %+v", r)
			}
			give()
		})
	}
	// The same, and nothing is wrong: or the tests above show nothing.
	rig.Configure(t, conf...)
	rig.Write(t, part, "SetEnv MARK=one\n", 0o644)
	rig.Setup(t)
	rig.Must(t, "setcap", "-r", rig.Helper)
	if r := alice.Login(t, say); r.Stdout != want || r.Stderr != "" {
		t.Errorf("with a good policy and no helper: %+v", r)
	}
}

type badPolicy struct {
	name  string
	spoil func(t *testing.T)
}

// badPolicies are what can be wrong with the policy that is good.
func badPolicies(good []byte) []badPolicy {
	// The length is that of the file as it is when it is spoiled.
	changed := func(change func([]byte) []byte) func(*testing.T) {
		return func(t *testing.T) {
			t.Helper()
			data, err := os.ReadFile(rig.Policy)
			if err != nil {
				t.Fatal(err)
			}
			rig.Write(t, rig.Policy, string(change(data)), 0o644)
		}
	}
	sealed := func(change func([]byte)) func(*testing.T) {
		return changed(func(b []byte) []byte {
			change(b)
			return policy.Seal(b)
		})
	}
	sh := func(script string) func(*testing.T) {
		return func(t *testing.T) { rig.Must(t, "sh", "-ec", script, "sh", rig.Policy) }
	}
	list := []badPolicy{
		{"missing", sh(`rm "$1"`)},
		{"empty", changed(func([]byte) []byte { return nil })},
		{"cut in the header", changed(func(b []byte) []byte { return b[:policy.HeaderSize/2] })},
		{"cut in the middle", changed(func(b []byte) []byte { return b[:len(b)/2] })},
		{"cut by a byte", changed(func(b []byte) []byte { return b[:len(b)-1] })},
		{"a byte more", changed(func(b []byte) []byte { return append(b, 0) })},
		{"too large", changed(func(b []byte) []byte { return append(b, make([]byte, policy.MaxSize)...) })},
		{"the next version", changed(func(b []byte) []byte { b[len(policy.Magic)-1]++; return b })},
		{"something else", changed(func([]byte) []byte { return []byte(strings.Repeat("Exempt alice\n", 1000)) })},
		{"a user's", sh(`chown 1000 "$1"`)},
		{"writable by its group", sh(`chmod 664 "$1"`)},
		{"writable by others", sh(`chmod 646 "$1"`)},
		{"readable by root alone", sh(`chmod 600 "$1"`)},
		{"readable by its group alone", sh(`chmod 640 "$1"`)},
		{"a link to a good one", sh(`mv "$1" "$1.good"; ln -s "$1.good" "$1"`)},
		{"a FIFO", sh(`rm "$1"; mkfifo "$1"`)},
		{"tables outside of the file", sealed(func(b []byte) { binary.LittleEndian.PutUint32(b[policy.AtBlocks:], 1<<31) })},
		{"more blocks than there are", sealed(func(b []byte) { binary.LittleEndian.PutUint32(b[policy.AtBlocks+4:], 1<<28) })},
		{"expired", sealed(func(b []byte) { binary.LittleEndian.PutUint64(b[policy.AtExpires:], 1) })},
		{"made in the future", sealed(func(b []byte) {
			binary.LittleEndian.PutUint64(b[policy.AtExpires:], 1<<40)
			binary.LittleEndian.PutUint64(b[policy.AtMade:], 1<<39)
		})},
		{"of another configuration", sh(`cp -p "$1" "$1.old"; echo 'SetEnv MARK=two' >/etc/tmpshell.part; tmpshellctl setup >/dev/null
			grep -q two "$1"; cp -p "$1" "$1.two"; echo 'SetEnv MARK=one' >/etc/tmpshell.part; cp -p "$1.two" "$1"`)},
		{"the configuration was written again", sh(`cat /etc/tmpshell.conf >/etc/new; echo >>/etc/new; mv /etc/new /etc/tmpshell.conf`)},
		{"the configuration of the same size and time", sh(`touch -r /etc/tmpshell.part /run/then; sed -i s/SetEnv/setENV/ /etc/tmpshell.part
			touch -r /run/then /etc/tmpshell.part`)},
	}
	for at := 0; at < len(good); at += 97 {
		list = append(list, badPolicy{"a bit changed", changed(func(b []byte) []byte { b[at] ^= 0x10; return b })})
	}
	return list
}
