//go:build !s390x

package bare

// mapped is mmap(2) from the beginning of a file.
func mapped(size, protection, flags, file uintptr) (uintptr, Errno) {
	return Call(sysMmap, 0, size, protection, flags, file, 0)
}
