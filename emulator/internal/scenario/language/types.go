package language

// The types below define the language: the decoder takes the keys from their tags, and the schema the properties.
//
//	key       the key in the document
//	short     set on the field that a plain value stands for, where a mapping could stand
//	required  the key must be there
//	enum      the values that are allowed
//	pattern   a regular expression that its text must match
//	min, max  bounds of a number, or of the length of a text or list; above excludes the bound itself
//	form      what its text stands for: "duration", "rate", "limit" or "regexp"
//	single    a single value is read as a list of one
//	exclusive the group of the key; only one key of a group is allowed
//	needs     another key that this one requires
//	mapping   the value is a mapping whose keys the user chooses
//
// The tags of the embedded keyPositions are about the type: called is what messages call it, and filled lists the keys
// of which at least one must be there, * for any.

// keyPositions is embedded in every type and holds the positions of its keys' values in the document.
type keyPositions struct {
	position
	at map[string]position
	// broken says that a problem of a value inside was reported, so that its value cannot be used.
	broken bool
}

// named is one member of a mapping whose keys the user chooses. The members keep the order of the document.
type named[T any] struct {
	Name     string
	Position position
	Value    T
}

func (k *keyPositions) setPositions(seen keyPositions) { *k = seen }

// has reports whether the key was written. The key of the short form is empty.
func (k *keyPositions) has(key string) bool {
	_, ok := k.at[key]
	return ok
}

// of returns the position of a key's value, or of the whole mapping when the key was not written.
func (k *keyPositions) of(key string) position {
	if at, ok := k.at[key]; ok {
		return at
	}
	return k.position
}

type (
	scenarioDoc struct {
		keyPositions `called:"a scenario"`
		Name         string    `key:"name" required:"yes" max:"128" pattern:"^[A-Za-z0-9][A-Za-z0-9./_%-]*$"`
		Summary      string    `key:"summary" max:"300"`
		Rules        []ruleDoc `key:"rules" required:"yes" min:"1" max:"100"`
	}

	ruleDoc struct {
		keyPositions `called:"a rule" filled:"script,quota"`
		On           string                `key:"on" required:"yes" min:"1"`
		When         []named[conditionDoc] `key:"when" mapping:"yes"`
		At           string                `key:"at" enum:"arrival"`
		Quota        *quotaDoc             `key:"quota" exclusive:"way"`
		Script       []stepDoc             `key:"script" exclusive:"way" min:"1" max:"1000"`
		Cycle        bool                  `key:"cycle" exclusive:"ending" needs:"script"`
		End          string                `key:"end" exclusive:"ending" needs:"script" enum:"repeat,release"`
	}

	conditionDoc struct {
		keyPositions `called:"a condition" filled:"*"`
		Glob         string   `short:"yes" called:"a glob" max:"1000"`
		Equals       string   `key:"equals"`
		OneOf        []string `key:"oneOf" min:"1" max:"1000"`
		Matches      string   `key:"matches" min:"1" max:"1000" form:"regexp"`
		Absent       bool     `key:"absent"`
		Gt           string   `key:"gt" form:"limit"`
		Lt           string   `key:"lt" form:"limit"`
	}

	quotaDoc struct {
		keyPositions `called:"a quota"`
		Rate         string  `key:"rate" required:"yes" form:"rate"`
		Burst        int     `key:"burst" min:"1" max:"1000000"`
		Over         overDoc `key:"over" required:"yes"`
	}

	// outcomeDoc holds the keys that a step of a script and the step over a quota have in common.
	outcomeDoc struct {
		Word    string      `short:"yes" called:"a step" enum:"pass"`
		Pass    *nothingDoc `key:"pass" exclusive:"what"`
		Fail    string      `key:"fail" exclusive:"what" min:"1"`
		Respond *respondDoc `key:"respond" exclusive:"what"`
		Message string      `key:"message" needs:"fail" max:"4000"`
		Fill    []string    `key:"fill" needs:"fail" single:"yes" max:"8"`
		Chance  float64     `key:"chance" above:"0" max:"1"`
		Delay   *delayDoc   `key:"delay"`
		Network string      `key:"network" enum:"reset,close,truncate,stall,drip"`
	}

	stepDoc struct {
		keyPositions `called:"a step" filled:"*"`
		outcomeDoc
		Times int `key:"times" min:"1" max:"1000000"`
	}

	overDoc struct {
		keyPositions `called:"the step over a quota" filled:"*"`
		outcomeDoc
	}

	nothingDoc struct {
		keyPositions `called:"pass"`
	}

	respondDoc struct {
		keyPositions `called:"a reply"`
		Status       int             `key:"status" min:"200" max:"599"`
		Headers      []named[string] `key:"headers" mapping:"yes"`
		Body         string          `key:"body"`
		OffSpec      bool            `key:"offSpec"`
	}

	delayDoc struct {
		keyPositions `called:"a delay"`
		Fixed        string `short:"yes" called:"a delay" form:"duration"`
		Median       string `key:"median" required:"yes" form:"duration"`
		P99          string `key:"p99" required:"yes" form:"duration"`
	}
)
