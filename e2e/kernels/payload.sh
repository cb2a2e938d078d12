#!/bin/sh
# Makes the archive of what guests run, of the programs in bin: payload.sh OUT UNIT...
# The tests of e2e and of the packages UNIT of internal are compiled; their sources go
# along, as they have files beside them.
set -eu
out=$(realpath "$1")
shift
cd "$(dirname "$0")/../.."
: "${GO:=go}"
export CGO_ENABLED=0 # a guest has a C library of its own
run=$(dirname "$out")/run
rm -rf "$run"
mkdir "$run"
$GO test -c -tags guest -ldflags '-s -w' -o "$run/e2e.test" ./e2e
for unit; do
	$GO test -c -ldflags '-s -w' -o "$run/$unit.test" "./internal/$unit"
done
tar -cf "$out" --owner=root --group=root --transform 's,^,tests/,S' go.mod e2e etc internal man \
	bin/tmpshell bin/tmpshell-* bin/tmpshellctl -C "$(dirname "$run")" run
rm -rf "$run"
