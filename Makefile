# tmpshell: private temporary directories for every session.
#
#   make build     bin/tmpshell, bin/tmpshell-helper and others, bin/tmpshellctl
#   make build-all the same for each processor, bin/arm64/tmpshell and others
#   make install   [DESTDIR=] [PREFIX=/usr]; the first time, then run: tmpshellctl setup
#   make package   dist/: deb, rpm, apk and an archive [ARCHS="amd64 arm64"] [FORMATS=deb]
#   make uninstall [DISABLE=1] [FORCE=1]: stops while somebody could not log in without
#                  tmpshell; gives them their shells back first; only warns
#   make try       a shell with a private directory, in a throw-away view;
#                  COMMAND='...' runs one command in its place
#   make test      everything (root or sudo; installs the Debian packages it needs);
#                  of large tables the share that TMPSHELL_SEED=… chooses
#   make test-all  the same with all rows of all tables: an hour
#   make test-e2e  RUN='regexp': the end-to-end tests of these names
#   make test-packages  packages in clean systems, thousands of logins; and compared
#   make test-packages-foreign [PROCESSOR=arm64]: in a Debian of that, under qemu-user
#   make test-kernels  [KERNELS=bullseye]: the core of it on the kernels of Debian 11 to
#                  13 and sid, in qemu; downloads them once
#   make test-selinux  in such a guest: SELinux enforcing
#   make test-arch [PROCESSORS="arm64 s390x"]: other processors, under qemu-user; prints
#                  a table, in half an hour
#   make test-unit without root
#   make applications  writes docs/applications.md: tries programs, in some minutes
#   make bench     [ROUNDS=] [PEERS=]: what a login costs, beside other programs; writes
#                  docs/benchmarks.md in some ten minutes
#   make bench-scale  the same with thousands of sessions and accounts
#   make fuzz      each fuzz test for FUZZTIME, 20s
#   make lint      gofmt, vet, staticcheck, manual pages, shell scripts, workflows
#   make lint-package  lintian, with the exceptions of etc/packaging/lintian-overrides

PREFIX     ?= /usr
override PREFIX := $(patsubst %/,%,$(PREFIX))
BINDIR     ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec
MANDIR     ?= $(PREFIX)/share/man
SYSCONFDIR ?= /etc
TMPFILES   ?= $(PREFIX)/lib/tmpfiles.d
UNITS      ?= $(PREFIX)/lib/systemd/system
EXAMPLES   ?= $(PREFIX)/share/doc/tmpshell
BASHCOMP   ?= $(PREFIX)/share/bash-completion/completions
# Debian's zsh looks in the first one, below /usr alone; others' in the second.
ZSHCOMP    ?= $(PREFIX)/share/zsh/$(if $(and $(filter /usr,$(PREFIX)),$(wildcard /usr/share/zsh/vendor-completions)),vendor-completions,site-functions)
FISHCOMP   ?= $(PREFIX)/share/fish/vendor_completions.d

GO      ?= go
BIN     ?= bin
DIST    ?= dist
NATIVE   = $(shell $(GO) env GOARCH 2>/dev/null)
# Those with an entry point in internal/bare.
ALL_PROCESSORS := amd64 arm64 arm 386 ppc64le riscv64 s390x loong64
PROCESSORS ?= $(ALL_PROCESSORS)
ARCHS   ?= $(NATIVE)
FORMATS ?= deb apk $(if $(shell command -v rpmbuild),rpm) tar
# The tag, and the commits since, where there is one: 0.1.0+5.gabcdef0. A checkout
# need not have a .git, nor git trust its owner.
ifndef VERSION
VERSION := $(shell [ -e .git ] && git -c 'safe.directory=*' describe --tags --match 'v[0-9]*' 2>/dev/null | sed 's/^v//; s/-\([0-9]*\)-g/+\1.g/')
ifeq ($(VERSION),)
VERSION := 0.1.0
endif
endif
# Programs have these compiled in, and the shell takes a name apart at its blanks.
PATHS   := BINDIR LIBEXECDIR MANDIR SYSCONFDIR TMPFILES UNITS EXAMPLES BASHCOMP ZSHCOMP FISHCOMP
$(foreach v,$(PATHS) DESTDIR DIST VERSION,$(if $(filter-out 0 1,$(words $($v))),$(error $v must not have a blank: $($v))))
$(foreach v,$(PATHS),$(if $(filter-out /%,$($v)),$(error $v has to begin with /: $($v))))
SUDO    := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# Static: a dynamic loader would strip TMPDIR and LD_* from a program with file
# capabilities, and would be one more thing to attack.
export CGO_ENABLED := 0
# Every i686: Debian 12 does not ask for SSE2.
export GO386 := softfloat
# What is built, vetted and tested is compiled once, for all of them: -trimpath.
export GOFLAGS := $(GOFLAGS) -buildvcs=false -trimpath
BUILD   := tmpshell/internal/build
LDFLAGS := -s -w \
	-X $(BUILD).Version=$(VERSION) \
	-X $(BUILD).Bindir=$(BINDIR) \
	-X $(BUILD).Examples=$(EXAMPLES) \
	-X $(BUILD).launcher=$(BINDIR)/tmpshell \
	-X $(BUILD).session=$(LIBEXECDIR)/tmpshell-session \
	-X $(BUILD).helper=$(LIBEXECDIR)/tmpshell-helper \
	-X $(BUILD).supervise=$(LIBEXECDIR)/tmpshell-supervise \
	-X $(BUILD).remover=$(LIBEXECDIR)/tmpshell-remover

FLAGS := $(LDFLAGS)

# These are entered without the Go runtime: package bare.
# Segments begin where the kernel's reading ahead of a page fault does: 64 KiB.
$(BIN)/tmpshell $(BIN)/tmpshell-supervise: LDFLAGS += -E tmpshell_entry -R 65536

PROGRAMS := $(BIN)/tmpshell $(BIN)/tmpshell-helper $(BIN)/tmpshell-supervise $(BIN)/tmpshell-remover $(BIN)/tmpshellctl
# Directories, too: a file that is gone makes no other newer.
SOURCES  := $(shell find cmd internal -type d -o -name '*.go' ! -name '*_test.go' -o -name '*.s') go.mod go.sum

# The linters have a module file of their own (tools.mod): what they depend on is
# nothing that the programs do.
.PHONY: build build-all test-arch install uninstall package try test test-all test-packages test-packages-foreign test-e2e test-unit fuzz bench bench-scale lint lint-package fmt clean
build: $(PROGRAMS)

build-all:
	@for cpu in $(PROCESSORS); do \
		echo "bin/$$cpu"; GOARCH=$$cpu $(MAKE) -s build BIN=bin/$$cpu || exit 1; \
	done

# Asked where something is built: installing alone needs no Go. Go 1.20 and older refuse
# go.mod without a word of their age.
WANTED    = $(shell sed -n 's/^go //p' go.mod)
SUITABLE  = $(GO) list -m >/dev/null || { \
	echo 'tmpshell is built with Go $(WANTED) or newer; Go 1.21 and newer download it themselves, unless GOTOOLCHAIN=local or there is no network' >&2; exit 1; }
SUPPORTED = [ -z '$(NATIVE)' ] || [ -n '$(filter $(NATIVE),$(ALL_PROCESSORS))' ] || { \
	echo 'tmpshell cannot be built for $(NATIVE), only for those with an entry point in internal/bare: $(ALL_PROCESSORS)' >&2; exit 1; }

# What the programs were built with: other paths, or another version, make others.
$(BIN)/.flags: FORCE
	@mkdir -p $(BIN); echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@
FORCE:

$(BIN)/%: $(SOURCES) Makefile $(BIN)/.flags
	@$(SUITABLE); $(SUPPORTED)
	$(GO) build -ldflags '$(LDFLAGS)' -o $@ ./cmd/$*
	@touch $@ # go leaves it alone if nothing has changed

# What makes deb and apk, of a module file of its own, too.
bin/nfpm: etc/packaging/nfpm.mod etc/packaging/nfpm.sum
	$(GO) build -modfile=etc/packaging/nfpm.mod -ldflags '-s -w' -o $@ github.com/goreleaser/nfpm/v2/cmd/nfpm
	@touch $@

# What completes commands, and the shell that it is for.
COMPLETIONS := bash:$(BASHCOMP)/tmpshellctl zsh:$(ZSHCOMP)/_tmpshellctl fish:$(FISHCOMP)/tmpshellctl.fish

# HERE is empty where a package or an image is made, in which nobody logs in.
HERE := $(if $(and $(DESTDIR),$(filter-out /,$(or $(realpath $(DESTDIR)),none))),,here)

# What an administrator copies: all of etc but for what has a place of its own.
SHIPPED := $(shell cd etc && find . -type f ! -path './tmpfiles.d/*' ! -path './systemd/system/*' ! -path './cron.d/*' ! -path './packaging/*' | sed 's|^\./||' | sort)

UNIT_FILES := $(shell cd etc/systemd/system && find . -type f | sed 's|^\./||' | sort)

# What a user or an administrator reads, and not who works on the source.
DOCS := README.md SECURITY.md CHANGELOG.md LICENSE $(addprefix docs/,applications.md batch.md benchmarks.md benchmarks.svg \
	comparison.md field.md kubernetes.md login.svg login.txt platforms.md slurm.md troubleshooting.md)

UNSHIPPED := man/\|e2e/\|CONTRIBUTING\|HACKING\|docs/architecture\|docs/releasing\|docs/testing\|testing\.md

# place FILE,MODE,TO: with the paths of this installation in place of PREFIX=/usr's, and
# links of a document to what is elsewhere in an installation, or not in it.
place = install -d "$$(dirname "$(DESTDIR)$(3)")" && sed \
	-e 's|/usr/bin/tmpshell|$(BINDIR)/tmpshell|g' \
	-e 's|/usr/libexec/tmpshell|$(LIBEXECDIR)/tmpshell|g' \
	-e 's|/usr/lib/tmpfiles\.d/tmpshell|$(TMPFILES)/tmpshell|g' \
	-e 's|/usr/share/doc/tmpshell|$(EXAMPLES)|g' \
	-e 's|man -l man/|man |g' \
	-e 's|](\(\.\./\)*etc\(/\)*|](\1|g; s|](\()\)|](.\1|g' \
	-e 's!\[\([^][]*\)\](\(\.\./\)*\($(UNSHIPPED)\)[^)]*)!\1!g' "$(1)" >"$(DESTDIR)$(3).new" && \
	chmod $(2) "$(DESTDIR)$(3).new" && mv -f "$(DESTDIR)$(3).new" "$(DESTDIR)$(3)"

install: build
	@echo '$(FLAGS)' | cmp -s - $(BIN)/.flags || { echo 'install: bin has programs of another PREFIX or version: run make build with these' >&2; exit 1; }
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(SYSCONFDIR) \
		$(DESTDIR)$(TMPFILES)
	install -m 644 etc/tmpfiles.d/tmpshell.conf $(DESTDIR)$(TMPFILES)
	for f in $(UNIT_FILES); do $(call place,etc/systemd/system/$$f,644,$(UNITS)/$$f) || exit 1; done
	$(call place,etc/cron.d/tmpshell,644,$(SYSCONFDIR)/cron.d/tmpshell)
	for f in $(DOCS); do $(call place,$$f,644,$(EXAMPLES)/$$f) || exit 1; done
	for f in $(SHIPPED); do \
		if [ -x "etc/$$f" ]; then mode=755; else mode=644; fi; \
		$(call place,etc/$$f,$$mode,$(EXAMPLES)/$$f) || exit 1; done
	[ -e $(DESTDIR)$(SYSCONFDIR)/tmpshell.conf ] || \
		{ $(call place,etc/tmpshell.conf,644,$(SYSCONFDIR)/tmpshell.conf); }
	for f in man/*; do $(call place,$$f,644,$(MANDIR)/man$${f##*.}/$${f##*/}) || exit 1; done
	if $(BIN)/tmpshellctl version >/dev/null 2>&1; then \
		for c in $(COMPLETIONS); do \
			file=$(DESTDIR)$${c#*:} && install -d "$${file%/*}" && \
			$(BIN)/tmpshellctl completion $${c%%:*} >"$$file" && chmod 644 "$$file" || exit 1; \
		done; \
	else \
		echo 'install: no completions: $(BIN)/tmpshellctl does not run on this machine'; \
	fi
	# An upgrade: each program by one rename, with its capabilities, and what else
	# setup does. No login is without.
	if [ -n "$(HERE)" ] && [ -e $(BINDIR)/tmpshell ]; then \
		$(BIN)/tmpshellctl setup --from $(BIN); \
	else \
		install -m 755 $(BIN)/tmpshellctl $(DESTDIR)$(BINDIR) && \
		install -m 711 $(BIN)/tmpshell-helper $(BIN)/tmpshell-supervise $(BIN)/tmpshell-remover $(DESTDIR)$(LIBEXECDIR) && \
		install -m 711 $(BIN)/tmpshell $(DESTDIR)$(LIBEXECDIR)/tmpshell-session && \
		install -m 711 $(BIN)/tmpshell $(DESTDIR)$(BINDIR) && \
		echo 'Next, on the machine itself: tmpshellctl setup'; \
	fi

# What setup did is undone first, and nothing is removed if that stops;
# /etc/tmpshell.conf is the administrator's.
uninstall:
	[ -z "$(HERE)" ] || $(or $(wildcard $(BINDIR)/tmpshellctl),$(BIN)/tmpshellctl) setup --remove $(if $(DISABLE),--disable) $(if $(FORCE),--force)
	rm -f $(DESTDIR)$(BINDIR)/tmpshell $(DESTDIR)$(BINDIR)/tmpshellctl \
		$(DESTDIR)$(LIBEXECDIR)/tmpshell-helper $(DESTDIR)$(LIBEXECDIR)/tmpshell-session \
		$(DESTDIR)$(LIBEXECDIR)/tmpshell-supervise $(DESTDIR)$(LIBEXECDIR)/tmpshell-remover $(DESTDIR)$(TMPFILES)/tmpshell.conf \
		$(addprefix $(DESTDIR)$(UNITS)/,$(UNIT_FILES)) $(DESTDIR)$(SYSCONFDIR)/cron.d/tmpshell \
		$(foreach page,$(notdir $(wildcard man/*)),$(DESTDIR)$(MANDIR)/man$(lastword $(subst ., ,$(page)))/$(page)) \
		$(foreach c,$(COMPLETIONS),$(DESTDIR)$(lastword $(subst :, ,$c)))
	rm -rf $(DESTDIR)$(EXAMPLES) $(DESTDIR)$(UNITS)/tmpshell-.service.d

# For one processor after the other, GOARCH: the completions come from programs of
# this machine's. rpm is left out where there is no rpmbuild.
package: export SOURCE_DATE_EPOCH := $(or $(SOURCE_DATE_EPOCH),$(shell [ -e .git ] && git -c 'safe.directory=*' log -1 --format=%ct 2>/dev/null),$(shell stat -c %Y CHANGELOG.md))
package: build bin/nfpm
	for cpu in $(ARCHS); do \
		stage=$(DIST)/stage/$$cpu && rm -rf $$stage && \
		$(MAKE) -s install DESTDIR=$$stage ZSHCOMP=$(PREFIX)/share/zsh/site-functions >/dev/null && \
		if [ $$cpu != $(NATIVE) ]; then \
			GOARCH=$$cpu $(MAKE) -s build BIN=bin/$$cpu && \
			install -m 755 bin/$$cpu/tmpshellctl $$stage$(BINDIR) && \
			for p in bin/$$cpu/tmpshell-*; do install -m 711 $$p $$stage$(LIBEXECDIR) || exit 1; done && \
			install -m 711 bin/$$cpu/tmpshell $$stage$(LIBEXECDIR)/tmpshell-session && \
			install -m 711 bin/$$cpu/tmpshell $$stage$(BINDIR) || exit 1; \
		fi && \
		VERSION=$(VERSION) GOARCH=$$cpu NFPM="$$PWD/bin/nfpm" etc/packaging/package.sh $$stage $(DIST) $(FORMATS) || exit 1; \
	done
	rm -rf $(DIST)/stage
	@ls -l $(DIST)

# value: a '$' in COMMAND is the shell's, not make's.
try: export TRY_COMMAND := $(value COMMAND)
try: build
	@$(SUDO) env TRY_USER="$$(id -un)" TRY_COMMAND="$$TRY_COMMAND" e2e/try.sh

# All of it, the build included, is in what test.sh says it has cost. See
# docs/testing.md.
export MAKE GO
test:
	$(NO_RUN)
	@e2e/test.sh

test-all:
	$(NO_RUN)
	@TMPSHELL_ALL=1 e2e/test.sh

test-packages:
	$(NO_RUN)
	@TMPSHELL_ALL=1 e2e/test.sh e2e 'TestPackage'

# In a view of its own binfmt_misc: see docs/testing.md.
PROCESSOR ?= arm64
test-packages-foreign: build bin/nfpm
	$(SUDO) e2e/packages.sh
	$(SUDO) e2e/foreignroot.sh $(PROCESSOR)
	GOARCH=$(PROCESSOR) $(MAKE) -s build BIN=bin/$(PROCESSOR)
	@$(SUDO) env "PATH=$$PATH" "HOME=$$HOME" CGO_ENABLED=0 TMPSHELL_MUST_RUN=1 TMPSHELL_BIN=$$PWD/bin/$(PROCESSOR) \
		$(GO) test -count=1 -v -run '^TestPackages$$' ./e2e

# Who names a test does not mean all of them.
NO_RUN = $(if $(filter-out file,$(origin RUN)),$(error $@ runs everything, whatever RUN is; for some tests: make test-e2e RUN='$(value RUN)'))
# value, and another name: make would expand the '$' of a regexp.
RUN ?= .
test-e2e: export TEST_RUN := $(value RUN)
test-e2e:
	@e2e/test.sh e2e "$$TEST_RUN"

.PHONY: applications
applications: build
	$(SUDO) e2e/packages.sh
	$(SUDO) env "PATH=$$PATH" "HOME=$$HOME" CGO_ENABLED=0 "GO=$(GO)" e2e/applications.sh

# Speed, on a quiet machine: writes docs/benchmarks.md. The figures of one run can be
# compared, those of two cannot.
BENCH = $(SUDO) env "PATH=$$PATH" "HOME=$$HOME" CGO_ENABLED=0 TMPSHELL_MUST_RUN=1 \
	TMPSHELL_KEPT_BENCH_ROUNDS=$(ROUNDS) $(GO) test -count=1 -timeout 2h -tags bench -parallel 1 -v ./e2e
.PHONY: bin/gofloor
bin/gofloor:
	$(GO) build -ldflags '-s -w' -o $@ ./e2e/bench/gofloor
bench: build bin/gofloor
	$(SUDO) e2e/packages.sh
	$(SUDO) env PEERS='$(PEERS)' e2e/bench/peers.sh
	@$(BENCH) -run '^TestBench'

bench-scale: build bin/gofloor
	$(SUDO) e2e/packages.sh
	@$(BENCH) -run '^TestScale'

# What guests run is compiled by the user, and they are made by root: they have root's
# files.
KERNELS ?=
.PHONY: test-kernels test-selinux
test-kernels: build
	$(GO) build -o bin/kernels ./e2e/kernels
	GO='$(GO)' bin/kernels payload
	@$(SUDO) bin/kernels $(KERNELS)

test-selinux: build
	@$(SUDO) env "PATH=$$PATH" "HOME=$$HOME" "MAKE=$(MAKE)" e2e/selinux/test.sh

test-arch:
	@PROCESSORS='$(PROCESSORS)' e2e/arch.sh

test-unit:
	$(GO) test -short ./cmd/... ./internal/...

# One after the other: each takes all processors.
FUZZTIME ?= 20s
fuzz:
	@for file in $$(grep -l '^func Fuzz' internal/*/*_test.go); do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z]*\)(.*/\1/p' $$file); do \
			echo "$${file%/*} $$name"; \
			$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s ./$${file%/*} || exit 1; \
		done; \
	done

# What begins with #!/bin/sh or bash.
SCRIPTS = $(shell grep -rlIE --exclude='*.txtar' '^\#!/(usr/)?bin/(env )?(ba)?sh' .ci e2e etc)
lint:
	@out=$$(gofmt -l .); [ -z "$$out" ] || { echo "not gofmt-ed: $$out"; exit 1; }
	$(GO) vet -tags bench,guest ./...
	$(GO) tool -modfile=tools.mod staticcheck ./...
	$(GO) tool -modfile=tools.mod actionlint .github/workflows/*.yml
	@if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); \
	else echo 'lint: scripts not checked: shellcheck is not installed'; fi
	@if command -v mandoc >/dev/null; then mandoc -Tlint -Wwarning man/*; \
	else echo 'lint: manual pages not checked: mandoc is not installed'; fi

lint-package:
	rm -rf bin/lint
	$(MAKE) -s package DIST=bin/lint FORMATS=deb
	lintian --allow-root --fail-on error,warning bin/lint/*.deb

fmt:
	gofmt -w .

clean:
	rm -rf bin dist
	[ ! -e build ] || $(SUDO) rm -rf build
