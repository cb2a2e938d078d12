#!/bin/sh
# Writes docs/applications.md and the table of tmpshell-apps(7) anew, and tries the table
# of `tmpshellctl audit --list`: installs the Debian packages of their programs, and runs
# them. For root; e2e/packages.sh has been run.
set -eu
cd "$(dirname "$0")/.."

packages=$(sed -n 's/.*pkg: "\([^"]*\)".*/\1/p' e2e/applicationsrows_test.go e2e/auditknown_test.go | sort -u)
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -q -y --no-install-recommends $packages
rm -rf bin/programs/manual
TMPSHELL_MUST_RUN=1 TMPSHELL_KEPT_APPLICATIONS=1 "${GO:-go}" test -count=1 -skip 'TestApplicationsManual$' -run '^TestApplications|TestAuditKnown$' ./e2e
cp bin/programs/applications.md docs/applications.md
# The lines of the table after its head.
awk '
	/^\.Bl -column "PostgreSQL/ { print; getline; print; while (("cat bin/programs/manual/*" | getline line) > 0) print line; skip = 1; next }
	/^\.El/ { skip = 0 }
	!skip' man/tmpshell-apps.7 >bin/programs/tmpshell-apps.7
cat bin/programs/tmpshell-apps.7 >man/tmpshell-apps.7
"${GO:-go}" test -count=1 -run 'TestApplicationsManual$' ./e2e
