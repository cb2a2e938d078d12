package bare

// Trouble says why something could not be had: a system call failed, or what is
// there breaks a rule. The zero value is none.
type Trouble struct {
	// Call is the system call that failed, and Errno why.
	Call  string
	Errno Errno
	// Why is the rule that is broken, as "belongs to uid"; Value is what was
	// found, to the base Base, if that is not 0; Want is what should be. With
	// an Errno, Why is told in place of what that is called.
	Why   string
	Value uint64
	Base  uint8
	Want  string
	// Where and Entry are the path of the object: a directory and a name in
	// it, or one of them alone.
	Where, Entry string
	// Lost: privilege could not be given up, or a place not be gone back to.
	Lost bool
}

// Failed is a system call that failed on a path; without an error it is none.
func Failed(call string, e Errno, where, entry string) Trouble {
	if e == 0 {
		return Trouble{}
	}
	return Trouble{Call: call, Errno: e, Where: where, Entry: entry}
}

// Broken is a rule that an object breaks.
func Broken(where, entry, why string) Trouble {
	return Trouble{Why: why, Where: where, Entry: entry}
}

// OK tells whether there is no trouble.
func (t *Trouble) OK() bool { return t.Errno == 0 && t.Why == "" }

// Kind is what the trouble says about the question that was asked.
func (t *Trouble) Kind() Kind {
	switch {
	case t.Lost:
		return Lost
	case t.Errno != 0:
		return t.Errno.Kind()
	case t.Why != "":
		return Object
	}
	return None
}

// Unsafe tells whether something is there that is not as it must be.
func (t *Trouble) Unsafe() bool { return t.Errno == 0 && t.Why != "" }

// Missing tells whether nothing is there.
func (t *Trouble) Missing() bool { return t.Errno == errNoEntry }

const errNoEntry = 2 // ENOENT, everywhere

// Tell writes the trouble as a part of a message: "openat /tmp/x: why", or
// "/tmp/x belongs to uid 5, not 0".
func (t *Trouble) Tell(to *Text) {
	to.Add(t.Call)
	if t.Call != "" && (t.Where != "" || t.Entry != "") {
		to.AddByte(' ')
	}
	to.Add(t.Where)
	if t.Entry != "" {
		if t.Where != "" && t.Where != "/" {
			to.AddByte('/')
		}
		to.Add(t.Entry)
	}
	if t.Errno != 0 && t.Why == "" {
		to.Add(": ")
		to.Add(t.Errno.Text())
		return
	}
	if t.Where != "" || t.Entry != "" {
		to.AddByte(' ')
	}
	to.Add(t.Why)
	if t.Base != 0 {
		to.AddByte(' ')
		to.AddUint(t.Value, uint64(t.Base))
	}
	to.Add(t.Want)
}
