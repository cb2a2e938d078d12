package bare

// HashStart is the hash of nothing (FNV-1a).
const HashStart, hashPrime = 14695981039346656037, 1099511628211

// HashText goes on with a text among others.
func HashText(h uint64, s string) uint64 { return Hash(Hash(h, s), "\x00") }

// Hash goes on with a hash.
func Hash(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * hashPrime
	}
	return h
}
