// Package policy reads the compiled configuration and says what it sets for one
// session.
//
// /etc/tmpshell.conf is compiled by root into one file in which numbers stand
// for the names of users and groups (package compile). A login compares its uid
// and gids, as the kernel has them, and asks nobody.
//
// A policy MUST be a regular file of root's that nobody else can write to; it
// MUST have this format, its length and its checksums; and everything that it was
// made from MUST be as it was ([File.Check]). One that is not so is never
// obeyed.
//
// A login looks at all blocks and reads those that may be about its user. So a large
// policy has a sum for each chunk, and one is read no sooner than its sum was
// compared.
//
// # Format
//
// Numbers are little endian, whatever the processor. Offsets count from the
// beginning of the file. A string is an offset and a length.
//
//	header    96 bytes, see the constants
//	source    72 bytes: path (8), kind (4), mode (4), device (8), inode (8),
//	          size (8), mtime s (8), mtime ns (4), ctime ns (4), ctime s (8),
//	          digest of the contents (8)
//	slot      16 bytes: kind (4), name (8), option (4)
//	block     16 bytes: whom it may be about: subject or 0 for anybody (4), first
//	          and last id (4, 4); offset of its body (4)
//	body      8 bytes: number of criteria (4), of settings (4); then these
//	criterion 16 bytes: 0 (4), items (8): offset and number, 0 (4)
//	item      16 bytes: kind and flags (4), first or offset (4), last or length
//	          (4), subject (4)
//	setting   16 bytes: slot (4), value (8), 1 if that is a string (4)
//	learnt    24 bytes: subject (4), id (4), name (8), when (8); sorted
//	sum       8 bytes, at the end of the file: of each chunk
//
// A slot is something that can be set: a keyword, a variable of SetEnv, the
// method or one option of a directory. A block is what a Match line begins, in
// the order of the configuration, then the global section, then what is built
// in. The first block that matches and sets a slot gives its value.
//
// The package keeps the rules of package bare.
package policy

// Format is the number of this format. Each has a file of its own: while an upgrade
// exchanges the programs two versions are at work, and a helper of one must not
// replace what a launcher of the other goes by.
const Format = "5"

// Path is where the policy is.
const Path = Paths + Format

// Paths begins those of all formats.
const Paths = "/var/lib/misc/tmpshell.policy"

// Limits of a policy. The compiler refuses a configuration beyond them.
const (
	MaxSize  = 512 << 10
	MaxSlots = 2048
	// Chunk is what one sum is of: the file from a multiple of it on, but for the
	// header and the sums.
	Chunk = 4 << 10
	// MaxDirectories is how many paths Directory lines may name.
	MaxDirectories = 64
)

// Magic begins a policy of this format.
const Magic = "tmpshell policy" + Format

// Offsets of the header. Each table has its offset and then its number.
const (
	AtMagic    = 0
	AtSize     = 16
	AtSums     = 20 // where the sums of the chunks are: at the end
	AtSum      = 24 // of what follows in the header, and of those sums
	AtExpires  = 32 // seconds since 1970, 0 for never
	AtMade     = 40
	AtSources  = 48
	AtSlots    = 56
	AtBlocks   = 64
	AtLearnt   = 72
	AtDemands  = 80 // 1 if a session of anybody's may demand something
	AtFlags    = 84
	HeaderSize = 96
)

// Flags of the header.
const (
	// FlagWrong: the configuration is wrong, and this is the last good one.
	FlagWrong = 1 << iota
	// FlagNames: a name could not be learned.
	FlagNames
)

// Sizes of the records.
const (
	SourceSize    = 72
	SlotSize      = 16
	BlockSize     = 16
	CriterionSize = 16
	ItemSize      = 16
	SettingSize   = 16
	LearntSize    = 24
)

// Kinds of sources.
const (
	SourcePresent = 1
	SourceAbsent  = 2 // there was no such file
	// SourceBarred: it could not even be looked at, for a reason of its own
	// (a loop of links).
	SourceBarred = 3
	// SourceDangling: it was a symbolic link to nothing.
	SourceDangling = 4
)

// ValueText: the value of a setting is a string.
const ValueText = 1

// Kinds of slots. The value of a setting is a number (the first 4 bytes), a set
// of capabilities (8 bytes), a string, or a list of items.
const (
	SlotExempt    = 1 // items: any of them
	SlotRuntime   = 2 // number
	SlotShell     = 3 // string
	SlotDeny      = 4
	SlotSupervise = 5
	SlotNoNewPriv = 6
	SlotAmbient   = 7 // set
	SlotLog       = 8 // LogFailures…
	SlotSetEnv    = 9 // string, not expanded; the slot's name is the variable's
	// SlotMethod is the method of the directory that the slot's name is. The
	// slots of its options follow it at once.
	SlotMethod = 10
	SlotOption = 11 // the slot's option says which
)

// Values of Log.
const (
	LogFailures = 0
	LogAll      = 1
	LogNone     = 2
)

// Methods of a directory.
const (
	Off   = 1
	Env   = 2
	Mount = 3
	Tmpfs = 4
)

// Values of inherit=.
const (
	InheritPrivate = 1 // and where nothing is said
	InheritNo      = 2
)

// Values of propagation=, where it is not slave.
const (
	PropagationPrivate = 1
	PropagationShared  = 2
)

// Options of a directory.
const (
	OptVariables   = 1 // string: names, comma-separated
	OptShare       = 2 // string, comma-separated
	OptSize        = 3 // string, as in tmpfs(5)
	OptInodes      = 4
	OptOptions     = 5 // number: MS_ flags of mount(2), nosuid and nodev included
	OptPropagation = 6 // number: PropagationPrivate…, or 0 for slave
	OptMaxAge      = 7 // number: seconds
	OptInherit     = 8 // number: InheritPrivate…
	OptPer         = 9
	OptStore       = 10
	OptLink        = 11 // string: names of variables, comma-separated
)

// Kinds of items, and their flag.
const (
	ItemRange   = 1 // uids or gids, from first to last
	ItemPattern = 2 // a name with '*' and '?'
	ItemUnknown = 3 // a name whose number could not be learned
	ItemNegated = 0x100
)

// Subjects of items and blocks, and of what was learnt.
const (
	SubjectUser  = 1
	SubjectGroup = 2
	SubjectShell = 3 // learnt: the login shell of a uid
)
