//go:build !(386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)

package bare

// There is no entry point for this processor: see entry_*.s, words_*.go and
// sigaction*.go.
var _ = tmpshell_is_not_written_for_this_processor
