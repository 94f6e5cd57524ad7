package language

// The bounds of a document. They are far above what a person writes, and keep a hostile document cheap to refuse.
const (
	maxSource  = 256 << 10 // bytes
	maxTokens  = 30_000    // words and punctuation marks; the YAML library's work grows faster than their number
	maxNesting = 32        // levels; a useful scenario has at most 7
	maxRules   = 100       // as in the tag of scenarioDoc.Rules
	maxSteps   = 1000
)

// Bounds of a document whose aliases are followed. Without them a short document with aliases of aliases would take
// very long to read.
const (
	maxVisited = 50_000    // values
	maxText    = 512 << 10 // bytes of texts
	maxProgram = 20_000    // instructions of regular expressions
)

// maxSampled bounds the bytes that the bodies of a document write, and their functions return, while they are checked
// against the specs.
const maxSampled = 32 << 20
