package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// TestPackagesSame makes packages in two folders, as two users with their own umask,
// language and time zone, of files of two dates, and compares them byte for byte: those
// that TestPackages does not install. With all rows it is all kinds, and the programs
// are compiled twice, too, by users with a cache of their own.
func TestPackagesSame(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "make", "rpmbuild")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	bin, err := view.Binaries()
	if err != nil {
		t.Fatal(err)
	}
	goTool := "/usr/local/go/bin"
	if path, err := exec.LookPath("go"); err == nil {
		goTool = filepath.Dir(path)
	}
	_, kinds := packageKinds()
	formats := ""
	for _, k := range kinds {
		formats += " " + k.name
	}
	compile, processors := "", []string{runtime.GOARCH}
	if sample.All() {
		compile, processors = "all", []string{"amd64", "arm64"}
		rig.Must(t, "sh", "-ec", `mkdir /run/modules && mount --bind "$(PATH=$1:$PATH go env GOMODCACHE)" /run/modules`, "sh", goTool)
	}
	for _, b := range []struct{ dir, uid, umask, date, zone, lang string }{
		{"/run/one", "0", "022", "2001-02-03", "UTC", "C"},
		{"/run/another place", "1234", "077", "2019-12-31", "Asia/Tokyo", "de_DE.UTF-8"},
	} {
		rig.Must(t, "sh", "-ec", `
			umask $5 # as of who has cloned it
			mkdir "$3" && cd "$1"
			cp -r Makefile go.mod go.sum cmd internal etc man docs *.md LICENSE "$3"
			cp -r "$2" "$3/bin"
			find "$3" -exec touch -h -d "$6" {} +
			touch "$3"/bin/* # nothing is to be made anew
			chown -R $4:$4 "$3"; chmod 755 "$3"
			cd "$3"
			export HOME=$3/home TZ=$7 LANG=$8 SOURCE_DATE_EPOCH=1700000000 PATH="$9:$PATH"
			[ -z "${10}" ] || { export GOMODCACHE=/run/modules GOPROXY=off GOTOOLCHAIN=local; rm -rf bin/tmpshell* bin/amd64 bin/arm64; }
			exec setpriv --reuid $4 --regid $4 --clear-groups make -s package FORMATS="${11}" ARCHS="${12}"`,
			"sh", root, bin, b.dir, b.uid, b.umask, b.date, b.zone, b.lang, goTool, compile, formats, strings.Join(processors, " "))
	}
	list, err := filepath.Glob("/run/one/dist/*")
	if err != nil || len(list) != len(kinds)*len(processors) {
		t.Fatalf("%d packages, %v; want%s for %q: %q", len(list), err, formats, processors, list)
	}
	for _, one := range list {
		a, err := os.ReadFile(one)
		b, err2 := os.ReadFile(filepath.Join("/run/another place/dist", filepath.Base(one)))
		if err != nil || err2 != nil || string(a) != string(b) {
			t.Errorf("%s is not the same for another user in another folder (%v, %v)", filepath.Base(one), err, err2)
		}
	}
}
