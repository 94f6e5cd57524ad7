package language

// The bounds of a document. They are far above what a person writes, and keep a hostile document cheap to refuse.
const (
	maxSource  = 256 << 10 // bytes
	maxNesting = 32        // levels; a useful scenario has at most 7
	maxRules   = 100       // as in the tag of scenarioDoc.Rules
	maxSteps   = 1000      // choices counted as steps
	maxStates  = 32
	// maxDescribed is how many calls a scenario can be tried with.
	maxDescribed = 10_000
)

// maxProblems is how many problems of a document are told.
const maxProblems = 100

// Bounds of a document whose aliases are followed. Without them a short document with aliases of aliases would take
// very long to read.
const (
	maxVisited = 50_000    // values
	maxText    = 512 << 10 // bytes of texts
	maxProgram = 10_000    // instructions of regular expressions and globs
	// maxConditions counts conditions, those inside of others too.
	maxConditions = 5_000
)

// maxMatched is the length in bytes of the longest text of a call that is compared with a regular expression or a glob.
const maxMatched = 4 << 10

// maxSampled bounds the bytes that the bodies of a document write, and their functions return, while they are checked
// against the specs.
const maxSampled = 32 << 20
