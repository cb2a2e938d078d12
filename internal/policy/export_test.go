package policy

import "tmpshell/internal/bare"

// UseByParts is Use for one that is larger than its buffer.
func (f *File) UseByParts(data []byte, path string) bare.Trouble { return f.take(data, path) }
