package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/config"
)

const (
	sshdProgram = "/usr/sbin/sshd"
	sshdConfig  = "/etc/ssh/sshd_config"
	// sshdUsers is how many accounts sshd is asked about, one after the
	// other.
	sshdUsers = 50
	sshdLimit = 10 * time.Second
)

// checkSSHD: sftp runs a shell, and so tmpshell. internal-sftp runs none, unless
// ForceCommand makes it a program.
func checkSSHD(m *machine, r *report) error {
	files, err := sshdFiles(sshdConfig, 0)
	if errors.Is(err, fs.ErrNotExist) {
		r.otherwise("there is no " + sshdConfig)
		return nil
	}
	if errors.Is(err, fs.ErrPermission) {
		r.note(err.Error() + ": only root can tell")
		return nil
	}
	if err != nil {
		return err
	}
	var internal, forced []numbered
	for _, l := range files {
		switch keyword, value := sshdKeyword(l.text); {
		case keyword == "subsystem" && strings.Contains(value, "internal-sftp"):
			internal = append(internal, l)
		case keyword == "forcecommand" && config.IsWrapperName(firstWord(value)):
			forced = append(forced, l)
		}
	}
	if len(forced) > 0 && sftpServer() == "" {
		r.warn(forced[0].at()+" runs tmpshell, and there is no sftp-server that it could run for sftp",
			installServer())
	}
	if len(internal) > 0 && len(m.users) > 0 {
		if err := r.internalSFTP(m, internal); err != nil {
			return err
		}
	}
	r.otherwise("sftp runs tmpshell for the accounts that have it as their shell")
	return nil
}

// internalSFTP asks sshd itself which of the accounts are concerned.
func (r *report) internalSFTP(m *machine, lines []numbered) error {
	if unix.Geteuid() != 0 {
		r.note(lines[0].at() + " has internal-sftp: only root can tell whom sshd runs it for")
		return nil
	}
	var who []string
	for i, a := range m.users {
		if i == sshdUsers {
			r.note(fmt.Sprintf("sshd was asked about %d accounts of %d", sshdUsers, len(m.users)))
			break
		}
		settings, err := sshdSettings(a)
		if err != nil {
			return err
		}
		if strings.Contains(settings["subsystem"], "internal-sftp") && !config.IsWrapperName(firstWord(settings["forcecommand"])) {
			who = append(who, a.Name)
		}
	}
	if len(who) == 0 {
		return nil
	}
	server := sftpServer()
	for _, l := range lines {
		fix := installServer()
		if server != "" {
			fix = run("sed", "-i", fmt.Sprintf("%ds|internal-sftp|%s|", l.line, server), l.file)
		}
		r.warn(fmt.Sprintf("%s: internal-sftp runs no shell, and so no tmpshell, for %s (reload sshd after a change)", l.at(), strings.Join(who, ", ")), fix)
	}
	return nil
}

// sshdSettings are what sshd -T says for an account.
func sshdSettings(a account.Account) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), sshdLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, sshdProgram, "-T", "-C", "user="+a.Name+",host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22")
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("sshd -T for %s: %w: %s", a.Name, err, bytes.TrimSpace(complaint.Bytes()))
	}
	settings := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "subsystem" || strings.HasPrefix(value, "sftp ") {
			settings[name] = value
		}
	}
	return settings, nil
}

// sshdFiles reads sshd_config(5) and what it includes, in the order of sshd.
func sshdFiles(file string, depth int) ([]numbered, error) {
	if depth > 16 {
		return nil, errors.New(file + ": files include each other more than 16 levels deep")
	}
	own, err := lines(file)
	if err != nil {
		return nil, err
	}
	var all []numbered
	for _, l := range own {
		keyword, value := sshdKeyword(l.text)
		if keyword != "include" {
			all = append(all, l)
			continue
		}
		for _, pattern := range strings.Fields(value) {
			pattern = strings.Trim(pattern, `"`)
			if !filepath.IsAbs(pattern) {
				pattern = filepath.Join(filepath.Dir(sshdConfig), pattern)
			}
			found, _ := filepath.Glob(pattern) // sshd complains about a bad one
			for _, f := range found {
				inner, err := sshdFiles(f, depth+1)
				if err != nil {
					return nil, err
				}
				all = append(all, inner...)
			}
		}
	}
	return all, nil
}

// sshdKeyword splits a line: keywords are case-insensitive, and a '=' may stand
// after them.
func sshdKeyword(line string) (keyword, value string) {
	end := strings.IndexAny(line, " \t=")
	if end < 0 {
		return strings.ToLower(line), ""
	}
	return strings.ToLower(line[:end]), strings.TrimSpace(strings.TrimPrefix(strings.TrimLeft(line[end:], " \t"), "="))
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.Trim(s, `"`), " ")
	return word
}

// installServer is known where the package has a name of its own.
func installServer() *Fix {
	if unix.Access("/usr/bin/apt-get", unix.X_OK) != nil {
		return nil
	}
	return run("apt-get", "install", "openssh-sftp-server")
}

// sftpServer is the one that tmpshell would run.
func sftpServer() string {
	for _, p := range build.SFTPServers {
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	return ""
}
