package config

import (
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Method is how a private directory is given to a session.
type Method string

// The methods of section Directory in tmpshell.conf(5).
const (
	Env   Method = "env"   // named by variables
	Mount Method = "mount" // mounted over the shared one
	Tmpfs Method = "tmpfs" // a file system of its own, mounted over it
	Off   Method = "off"   // the shared one
)

// Where the directories of method mount are kept, and what a boot forgets.
const (
	Store = "/var/lib/tmpshell"
	Run   = "/run/tmpshell"
)

// InstanceName is what the directory that stands for a path is called: the path
// without its first slash, the others written as hyphens.
func InstanceName(path string) string {
	return strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "-")
}

// DirectoryLine is one Directory line.
type DirectoryLine struct {
	Pos    Pos
	Path   string
	Method Method
	// Options are those that it gives, by their name without "=".
	Options map[string]string
}

// Directory is the policy for one path, all lines taken together.
type Directory struct {
	Pos         Pos
	Path        string
	Method      Method
	Variables   []string
	Share       []string
	MaxAge      string
	Size        string
	Inodes      string
	Options     []string
	Propagation string
	Inherit     string
	Store       string
	Per         string // a variable; empty for one of the user's
	Link        []string
}

// Mounted tells whether the session sees something else at the path.
func (d Directory) Mounted() bool { return d.Method == Mount || d.Method == Tmpfs }

type optionRule struct {
	methods []Method
	check   func(string) error
}

var options = map[string]optionRule{
	"variables":   {[]Method{Env, Mount, Tmpfs}, checkVariables},
	"share":       {[]Method{Mount}, checkShare},
	"max-age":     {[]Method{Env, Mount}, checkAge},
	"size":        {[]Method{Tmpfs}, checkSize},
	"inodes":      {[]Method{Tmpfs}, checkInodes},
	"options":     {[]Method{Mount, Tmpfs}, checkMountOptions},
	"propagation": {[]Method{Mount, Tmpfs}, checkPropagation},
	"inherit":     {[]Method{Env, Mount, Tmpfs}, checkInherit},
	"per":         {[]Method{Mount}, checkPer},
	"store":       {[]Method{Mount}, checkStore},
	"link":        {[]Method{Mount, Tmpfs}, checkVariables},
}

func parseDirectory(pos Pos, args []string) (DirectoryLine, error) {
	d := DirectoryLine{Pos: pos}
	if len(args) < 2 {
		return d, errors.New("Directory takes a path, a method (env, mount, tmpfs, off) and options")
	}
	d.Path, d.Method = args[0], Method(strings.ToLower(args[1]))
	if err := checkPath(d.Path); err != nil {
		return d, err
	}
	switch d.Method {
	case Env, Off:
	case Mount, Tmpfs:
		if err := checkMountPath(d.Path); err != nil {
			return d, err
		}
	default:
		return d, errors.New("the method is env, mount, tmpfs or off, not " + strconv.Quote(args[1]) + meant(args[1], "", "env", "mount", "tmpfs"))
	}
	for _, word := range args[2:] {
		name, value, ok := strings.Cut(word, "=")
		name = strings.ToLower(name)
		rule, known := options[name]
		if !known || !ok {
			return d, errors.New(strconv.Quote(word) + " is no option of Directory (" + optionNames() + ")" + meant(name+"=", "", strings.Split(optionNames(), ", ")...))
		}
		if !slices.Contains(rule.methods, d.Method) {
			return d, errors.New(name + "= does not go with method " + string(d.Method))
		}
		if err := rule.check(value); err != nil {
			return d, err
		}
		if _, twice := d.Options[name]; twice {
			return d, errors.New(name + "= is given twice")
		}
		if d.Options == nil {
			d.Options = make(map[string]string)
		}
		d.Options[name] = value
	}
	return d, nil
}

func optionNames() string {
	var list []string
	for name := range options {
		list = append(list, name+"=")
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// systems are directories whose content programs with privilege obey or execute,
// in a session as well: sudo reads /etc/pam.d, every program /lib.
var systems = []string{"/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/libexec", "/libx32", "/root", "/sbin", "/usr"}

func checkPath(p string) error {
	switch {
	case !strings.HasPrefix(p, "/"):
		return errors.New(strconv.Quote(p) + " is not an absolute path")
	case p == "/":
		return errors.New("the root directory cannot be a private directory")
	case path.Clean(p) != p:
		return errors.New(strconv.Quote(p) + " should be written " + path.Clean(p))
	case slices.Contains(strings.Split(p, "/"), ".private"):
		return errors.New(p + " is inside a base of private directories; name the directory that contains .private")
	case slices.ContainsFunc(systems, func(dir string) bool { return within(p, dir) }):
		return errors.New(p + " is the system's own, and is what setuid programs go by; it cannot be a private directory")
	}
	return nil
}

// merge builds the policy of one path; lines are in order of precedence, and
// the first that names an option gives its value.
func merge(lines []DirectoryLine) Directory {
	d := Directory{Pos: lines[0].Pos, Path: lines[0].Path, Method: lines[0].Method}
	value := func(name string) string {
		if !slices.Contains(options[name].methods, d.Method) {
			return ""
		}
		for _, l := range lines {
			if v, ok := l.Options[name]; ok {
				return v
			}
		}
		return ""
	}
	d.Variables = list(value("variables"))
	d.Share = list(value("share"))
	d.MaxAge, d.Size, d.Inodes = value("max-age"), value("size"), value("inodes")
	d.Inherit, d.Store = value("inherit"), value("store")
	if per := value("per"); per != "user" && per != "session" {
		d.Per = per
	}
	d.Link = list(value("link"))
	if d.Mounted() {
		d.Options = []string{"nosuid", "nodev"} // nobody needs the opposite in a temporary directory
		for _, o := range list(value("options")) {
			if !slices.Contains(d.Options, o) {
				d.Options = append(d.Options, o)
			}
		}
		if d.Propagation = value("propagation"); d.Propagation == "" {
			d.Propagation = "slave"
		}
	}
	return d
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
