package bare

import "strings"

// Base is what follows the last slash.
func Base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// Dir is what is before the last slash, "/" for a name in the root directory.
// The path is absolute and has no final slash.
func Dir(path string) string { return path[:max(strings.LastIndexByte(path, '/'), 1)] }
