package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/sys"
)

// An entry is one wherever the text is cut, and however large the rest of it.
func TestEntries(t *testing.T) {
	huge := "huge:x:70000:" + strings.Repeat("member,", 300_000) + "\n"
	for _, test := range []struct {
		database, text string
		want           string
	}{
		{Users, passwd, "root=0 toor=0 alice=1000 alice=2000 late=1000 long=3000 after=4000"},
		{Groups, group, "root=0 adm=4 admin=4 staff=50 almost=60 alice=1000 adm=4 late=70"},
		{Groups, huge + "small:x:1:", "huge=70000 small=1"},
		{Groups, strings.Repeat("n", 600) + ":x:1:\nb:x:2:\n", "b=2"},
		{Users, "a:x:1:4294967295:::\nb:x:1:1::\nc:x:1:1:::\n", "c=1"},
		{Groups, "\n\n:x:1:\n", ""},
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			var got []string
			e := NewEntries(test.database, func(name string, id uint32) bool {
				got = append(got, fmt.Sprintf("%s=%d", name, id))
				return true
			})
			r := strings.NewReader(test.text)
			buf := make([]byte, size)
			for n, err := r.Read(buf); err == nil; n, err = r.Read(buf) {
				e.Add(buf[:n])
			}
			e.End()
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("entries of %.40q…, %d bytes at a time = %s; want %s", test.text, size, got, test.want)
			}
		}
	}
}

// The streaming reader and the one that cuts lines see the same entries.
func FuzzEntries(f *testing.F) {
	f.Add(passwd)
	f.Add(group)
	f.Fuzz(func(t *testing.T, text string) {
		for _, database := range []string{Users, Groups} {
			var got, want []string
			e := NewEntries(database, func(name string, id uint32) bool {
				got = append(got, fmt.Sprint(name, id))
				return true
			})
			e.Add([]byte(text))
			e.End()
			for line := range strings.SplitSeq(text, "\n") {
				if database == Users {
					if a, ok := ParsePasswd([]byte(line)); ok && len(a.Name) < keptBytes {
						want = append(want, fmt.Sprint(a.Name, a.UID))
					}
				} else if name, gid, _, ok := parseGroup([]byte(line)); ok && len(name) < keptBytes {
					want = append(want, fmt.Sprint(name, gid))
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %q (-want +got):\n%s", database, text, diff)
			}
		}
	})
}

// service answers with these lines, and counts the questions.
func service(text string, err error, asked *[]string) *Service {
	return &Service{Ask: func(read func([]byte) bool, database string, keys ...string) error {
		*asked = append(*asked, database+" "+strings.Join(keys, " "))
		read([]byte(text))
		return err
	}}
}

func TestService(t *testing.T) {
	const lines = "net:*:7000:" + "a,b\nALICE:x:8:\nweb:*:7001:\nnet:*:9:\n"
	var asked []string
	s := service(lines, ErrNotFound, &asked)
	ids, err := s.IDs(Groups, []string{"net", "web", "alice", "-s", "", "a:b", "net"})
	if diff := cmp.Diff(map[string]uint32{"net": 7000, "web": 7001}, ids); diff != "" || err != nil {
		t.Errorf("IDs: %v (-want +got):\n%s", err, diff)
	}
	names, err := s.Names(Groups, []uint32{7001, 5, 7001})
	if diff := cmp.Diff(map[uint32]string{7001: "web"}, names); diff != "" || err != nil {
		t.Errorf("Names: %v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"group net web alice", "group 7001 5"}, asked); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
}

// One that has not answered is not asked again; what it said before counts.
func TestServiceFails(t *testing.T) {
	var asked []string
	s := service("net:*:7000:\n", errServer, &asked)
	ids, err := s.IDs(Groups, []string{"net", "web"})
	if err != errServer || ids["net"] != 7000 {
		t.Errorf("IDs = %v, %v; want net and %v", ids, err, errServer)
	}
	if _, err := s.Names(Users, []uint32{1}); err != errServer {
		t.Errorf("Names = %v; want %v", err, errServer)
	}
	if len(asked) != 1 {
		t.Errorf("it was asked %q; want once", asked)
	}
}

// One name that takes long leaves the others known.
func TestServiceSlowName(t *testing.T) {
	fakeGetent(t, `shift; for name; do case $name in huge) exec sleep 1000;; esac; done; echo "$1:x:8:"`)
	getentMillis = 3000 // the usual one: the others have to answer on a busy machine
	s := NewService()
	ids, err := s.IDs(Groups, []string{"lab", "huge", "web"})
	if !errors.Is(err, sys.ErrTimeout) || ids["lab"] != 8 || ids["web"] != 8 || len(ids) != 2 {
		t.Errorf("IDs = %v, %v; want lab, web and %v", ids, err, sys.ErrTimeout)
	}
	if names, err := s.Names(Groups, []uint32{8}); err == nil {
		t.Errorf("the slow database is asked again: %v", names)
	}
	fakeGetent(t, `echo "carol:x:9:9::/:/bin/sh"`)
	if users, err := s.IDs(Users, []string{"carol"}); err != nil || users["carol"] != 9 {
		t.Errorf("the other database: %v, %v; want carol", users, err)
	}
	var asked []string
	s = service("", serviceError{sys.ErrTimeout}, &asked)
	if _, err := s.IDs(Groups, []string{"lab", "huge", "web"}); !errors.Is(err, sys.ErrTimeout) || len(asked) != 2 {
		t.Errorf("a server that does not answer: %v, asked %q; want two questions", err, asked)
	}
}

// Many names need more than one command line, and a large group no memory.
func TestServiceMany(t *testing.T) {
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprint("user", i))
	}
	var asked []string
	if _, err := service("", ErrNotFound, &asked).IDs(Users, names); err != nil || len(asked) != 5 {
		t.Errorf("IDs of 1000 names = %v, in %d questions; want 5", err, len(asked))
	}
	fakeGetent(t, `printf 'big:x:77:'; head -c 3000000 /dev/zero | tr '\0' a; echo; echo small:x:78:`)
	ids, err := NewService().IDs(Groups, []string{"big", "small"})
	if diff := cmp.Diff(map[string]uint32{"big": 77, "small": 78}, ids); diff != "" || err != nil {
		t.Errorf("IDs of a group of 3 MB: %v (-want +got):\n%s", err, diff)
	}
}
