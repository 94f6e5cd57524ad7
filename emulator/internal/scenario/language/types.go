package language

// The types below are the language: the decoder reads its keys, and the schema its properties, from their tags.
//
//	key       the key in the document
//	short     set on the field that a plain value stands for, where a mapping could stand
//	required  the key must be there
//	enum      the values it takes
//	pattern   what its text must look like
//	min, max  bounds of a number, or of the length of a text or list; above excludes the bound itself
//	form      what its text stands for: "duration", "rate", "limit" or "regexp"
//	single    one value may stand for a list of one
//	exclusive the group of the key, of which only one key may be there
//	needs     another key, without which this one is refused
//	mapping   the value is a mapping whose keys are names of the user
//
// The tags of the embedded keyPlaces are about the type: called is what messages call it, and filled lists the keys of
// which at least one must be there, * for any.

// keyPlaces is embedded in every type and remembers where its keys stood in the document.
type keyPlaces struct {
	place
	at map[string]place
	// broken says that a problem of a value inside was reported, so that its value cannot be used.
	broken bool
}

// named is one member of a mapping whose keys are names of the user. The members stay in the order of the document.
type named[T any] struct {
	Name  string
	Place place
	Value T
}

func (k *keyPlaces) setPlaces(seen keyPlaces) { *k = seen }

// has tells whether the key was written. The short form stands under the empty key.
func (k *keyPlaces) has(key string) bool {
	_, ok := k.at[key]
	return ok
}

// of returns the place of a key's value, or of the whole mapping when the key was not written.
func (k *keyPlaces) of(key string) place {
	if at, ok := k.at[key]; ok {
		return at
	}
	return k.place
}

type (
	scenarioDoc struct {
		keyPlaces `called:"a scenario"`
		Name      string    `key:"name" required:"yes" max:"128" pattern:"^[A-Za-z0-9][A-Za-z0-9./_%-]*$"`
		Summary   string    `key:"summary" max:"300"`
		Rules     []ruleDoc `key:"rules" required:"yes" min:"1" max:"100"`
	}

	ruleDoc struct {
		keyPlaces `called:"a rule" filled:"script,quota"`
		On        string                `key:"on" required:"yes" min:"1"`
		When      []named[conditionDoc] `key:"when" mapping:"yes"`
		At        string                `key:"at" enum:"arrival"`
		Quota     *quotaDoc             `key:"quota" exclusive:"way"`
		Script    []stepDoc             `key:"script" exclusive:"way" min:"1" max:"1000"`
		Cycle     bool                  `key:"cycle" exclusive:"ending" needs:"script"`
		End       string                `key:"end" exclusive:"ending" needs:"script" enum:"repeat,release"`
	}

	conditionDoc struct {
		keyPlaces `called:"a condition" filled:"*"`
		Glob      string   `short:"yes" called:"a glob" max:"1000"`
		Equals    string   `key:"equals"`
		OneOf     []string `key:"oneOf" min:"1" max:"1000"`
		Matches   string   `key:"matches" min:"1" max:"1000" form:"regexp"`
		Absent    bool     `key:"absent"`
		Gt        string   `key:"gt" form:"limit"`
		Lt        string   `key:"lt" form:"limit"`
	}

	quotaDoc struct {
		keyPlaces `called:"a quota"`
		Rate      string  `key:"rate" required:"yes" form:"rate"`
		Burst     int     `key:"burst" min:"1" max:"1000000"`
		Over      overDoc `key:"over" required:"yes"`
	}

	// outcomeDoc is what steps of a script and the step over a quota have in common.
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
		keyPlaces `called:"a step" filled:"*"`
		outcomeDoc
		Times int `key:"times" min:"1" max:"1000000"`
	}

	overDoc struct {
		keyPlaces `called:"the step over a quota" filled:"*"`
		outcomeDoc
	}

	nothingDoc struct {
		keyPlaces `called:"pass"`
	}

	respondDoc struct {
		keyPlaces `called:"a reply"`
		Status    int             `key:"status" min:"200" max:"599"`
		Headers   []named[string] `key:"headers" mapping:"yes"`
		Body      string          `key:"body"`
		OffSpec   bool            `key:"offSpec"`
	}

	delayDoc struct {
		keyPlaces `called:"a delay"`
		Fixed     string `short:"yes" called:"a delay" form:"duration"`
		Median    string `key:"median" required:"yes" form:"duration"`
		P99       string `key:"p99" required:"yes" form:"duration"`
	}
)
