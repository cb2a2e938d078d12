// Package sample chooses which rows of an exhaustive table a run of the tests
// tries. `make test` tries a share that a seed chooses, `make test-all` every
// row; a row that is in no share does not exist.
package sample

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
)

const (
	// SeedVar holds the seed, a number. Without it one is chosen, and set for
	// the processes that the test starts.
	SeedVar = "TMPSHELL_SEED"
	// AllVar is 1 where every row is to be tried.
	AllVar = "TMPSHELL_ALL"
)

// Seed is the run's seed.
var Seed = sync.OnceValue(func() uint64 {
	if seed, err := strconv.ParseUint(os.Getenv(SeedVar), 10, 64); err == nil {
		return seed
	}
	seed := uint64(rand.Uint32())
	os.Setenv(SeedVar, strconv.FormatUint(seed, 10))
	return seed
})

// All reports whether every row is to be tried.
func All() bool { return os.Getenv(AllVar) == "1" }

// Share is one row in so many, in which a row is told by a key of its own.
type Share int

// Of is the share of one row in n; with -short it is a tenth of that.
func Of(n int) Share {
	switch {
	case All():
		return 1
	case testing.Short():
		return Share(10 * n)
	}
	return Share(n)
}

// Has reports whether the row is in the share. Neighbours are independent of
// each other.
func (s Share) Has(key ...any) bool {
	if s <= 1 {
		return true
	}
	h := fnv.New64a()
	fmt.Fprintln(h, Seed())
	fmt.Fprintln(h, key...)
	// The low bits of FNV-1a are those of the last bytes alone.
	x := h.Sum64()
	x ^= x >> 32
	x *= 0x9e3779b97f4a7c15
	return x>>32%uint64(s) == 0
}

// String says which rows these are, for the table of them.
func (s Share) String() string {
	if s <= 1 {
		return "all rows"
	}
	return fmt.Sprintf("one row in %d, by the seed %d; make test-all tries all", int(s), Seed())
}
