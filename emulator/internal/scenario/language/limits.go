package language

// The bounds of a document. They are far above what a person writes, and keep a hostile document cheap to refuse.
const (
	maxSource  = 256 << 10 // bytes
	maxTokens  = 30_000    // words and marks: the work of the YAML library grows faster with them than the document
	maxNesting = 32        // levels; the deepest useful place of a scenario is 7 deep
	maxRules   = 100       // as in the tag of scenarioDoc.Rules
	maxSteps   = 1000
)

// What a document can hold once its aliases are followed. Without these bounds a short document of aliases of aliases
// would take very long.
const (
	maxVisited = 50_000    // values
	maxText    = 512 << 10 // bytes of texts
	maxProgram = 20_000    // instructions of regular expressions
)

// maxSampled bounds the bytes that the bodies of a document write, and their functions return, while they are checked
// against the specs.
const maxSampled = 32 << 20
