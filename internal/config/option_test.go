package config

import (
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	for _, test := range []struct {
		name  string
		check func(string) error
		good  []string
		bad   []string
		want  string
	}{
		{"variables", checkVariables,
			[]string{"", "A", "_", "a1", "TMPDIR,TMP"},
			[]string{",", "A,", "1A", "A=B", "A B", "A-B", "\xc3\x84", "A\x01"},
			"is not the name of an environment variable"},
		{"share", checkShare,
			[]string{"", ".X11-unix/", ".s.PGSQL.5432", "a/,b", "..."},
			[]string{"/", ".", "..", "../", "a/b", "/tmp/x", "a//", "a,", ",a"},
			"share= takes names inside the directory, not "},
		{"max-age", checkAge,
			[]string{"0", "90", "90s", "30m", "12h", "10d", "4w", "4294967295w"},
			[]string{"", "d", "1y", "-1d", "1.5h", "1d12h", " 1d", "4294967296", "10D", "+1d"},
			"max-age= takes a time such as 12h, 10d or 4w, not "},
		{"size", checkSize,
			[]string{"1", "512k", "64M", "1g", "1G", "1%", "100%", "5368709120", "8589934591g"},
			[]string{"", "0", "0%", "101%", "%", "g", "1t", "-1", "1.5g", "1gb", "1,2", "8589934592g", "9223372036854775808", "1e9", "300%"},
			"size= takes bytes with k, m or g, or a percentage of memory, not "},
		{"inodes", checkInodes,
			[]string{"1", "10k", "1m", "5000000000"},
			[]string{"", "0", "k", "10%", "-1", "many"},
			"inodes= takes a number, with k or m, not "},
		{"options", checkMountOptions,
			[]string{"", "nosuid", "nodev,noexec", "noatime"},
			[]string{"suid", "dev", "NOSUID", "nosuid,", "ro", "nosuid nodev"},
			"options= takes nosuid, nodev, noexec, noatime, not "},
		{"propagation", checkPropagation,
			[]string{"slave", "private", "shared"},
			[]string{"", "unbindable", "Shared", "rslave"},
			"propagation= is slave, private or shared, not "},
	} {
		for _, v := range test.good {
			if err := test.check(v); err != nil {
				t.Errorf("%s=%s: %v; want no error", test.name, v, err)
			}
		}
		for _, v := range test.bad {
			if err := test.check(v); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s=%s: %v; want: %s…", test.name, v, err, test.want)
			}
		}
	}
}

func TestParseAge(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "90": 90, "90s": 90, "2m": 120, "3h": 10800, "10d": 864000, "4w": 2419200, "4294967295w": 4294967295 * 604800,
	} {
		if got, ok := ParseAge(s); !ok || got != want {
			t.Errorf("ParseAge(%q) = %d, %v; want %d", s, got, ok, want)
		}
	}
}
