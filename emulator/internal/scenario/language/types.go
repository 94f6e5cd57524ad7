package language

// The types below define the language: the decoder takes the keys from their tags, and the schema the properties.
//
//	key       the key in the document
//	short     set on the field that a plain value stands for, where a mapping could stand
//	required  the key must be there
//	enum      the values that are allowed
//	pattern   a regular expression that its text must match
//	min, max  bounds of a number, or of the length of a text or list; above excludes the bound itself
//	form      what its text stands for, one of those in forms.go
//	single    a single value is read as a list of one
//	exclusive the group of the key; only one key of a group is allowed
//	needs     another key that this one requires
//	mapping   the value is a mapping whose keys the user chooses
//	others    the field of the members that no key names, where the user chooses keys beside the known ones
//	items     the form of the entries of its list
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
		Name         string    `key:"name" required:"yes" max:"128" pattern:"^[A-Za-z0-9][A-Za-z0-9./_:%-]*$"`
		Summary      string    `key:"summary" max:"300"`
		Rules        []ruleDoc `key:"rules" required:"yes" min:"1" max:"100"`
	}

	ruleDoc struct {
		keyPositions `called:"a rule" filled:"script,quota,also"`
		On           []string            `key:"on" required:"yes" single:"yes" min:"1" max:"100"`
		When         *whenDoc            `key:"when"`
		At           string              `key:"at" enum:"arrival"`
		Per          string              `key:"per" min:"1" max:"200"`
		Chance       *chanceDoc          `key:"chance"`
		For          string              `key:"for" exclusive:"window" form:"span"`
		Until        string              `key:"until" exclusive:"window" form:"moment"`
		Zone         string              `key:"zone" form:"zone"`
		Also         *alsoDoc            `key:"also" exclusive:"way"`
		Quota        *quotaDoc           `key:"quota" exclusive:"way"`
		Script       []stepDoc           `key:"script" exclusive:"way" min:"1" max:"1000"`
		Cycle        bool                `key:"cycle" exclusive:"ending" needs:"script"`
		End          string              `key:"end" exclusive:"ending" needs:"script" enum:"repeat,release"`
		Then         []named[settingDoc] `key:"then" mapping:"yes"`
	}

	whenDoc struct {
		keyPositions `called:"conditions"`
		Fields       []named[conditionDoc] `others:"yes"`
		Now          *nowDoc               `key:"now"`
		Not          *whenDoc              `key:"not"`
		AnyOf        []whenDoc             `key:"anyOf" min:"1" max:"100"`
	}

	conditionDoc struct {
		keyPositions `called:"a condition" filled:"*"`
		Glob         string   `short:"yes" called:"a glob" max:"1000" form:"glob"`
		Equals       string   `key:"equals"`
		OneOf        []string `key:"oneOf" min:"1" max:"1000"`
		Matches      string   `key:"matches" min:"1" max:"1000" form:"regexp"`
		Absent       bool     `key:"absent"`
		Gt           string   `key:"gt" form:"limit"`
		Lt           string   `key:"lt" form:"limit"`
	}

	nowDoc struct {
		keyPositions `called:"the condition now" filled:"between,gt,lt"`
		Between      []string `key:"between" min:"2" max:"2" items:"clock"`
		Zone         string   `key:"zone" needs:"between" form:"zone"`
		Gt           string   `key:"gt" form:"instant"`
		Lt           string   `key:"lt" form:"instant"`
	}

	chanceDoc struct {
		keyPositions `called:"a chance"`
		Fixed        float64 `short:"yes" called:"a chance" above:"0" max:"1"`
		From         float64 `key:"from" required:"yes" min:"0" max:"1"`
		To           float64 `key:"to" required:"yes" min:"0" max:"1"`
		Over         string  `key:"over" required:"yes" form:"span"`
		Back         string  `key:"back" form:"span"`
	}

	settingDoc struct {
		keyPositions `called:"a state"`
		Fixed        string `short:"yes" called:"a state" max:"100"`
		Value        string `key:"value" required:"yes" max:"100"`
		For          string `key:"for" exclusive:"window" form:"span"`
		Until        string `key:"until" exclusive:"window" form:"moment"`
		Zone         string `key:"zone" needs:"until" form:"zone"`
	}

	quotaDoc struct {
		keyPositions `called:"a quota"`
		Rate         string  `key:"rate" required:"yes" form:"rate"`
		Zone         string  `key:"zone" form:"zone"`
		Burst        int     `key:"burst" min:"1" max:"1000000"`
		Over         overDoc `key:"over" required:"yes"`
	}

	// effectsDoc holds what happens to a reply whatever it says.
	effectsDoc struct {
		Delay   *delayDoc   `key:"delay"`
		Network *networkDoc `key:"network"`
	}

	alsoDoc struct {
		keyPositions `called:"also"`
		effectsDoc
	}

	// outcomeDoc holds the keys that a step of a script, a choice and the step over a quota have in common.
	outcomeDoc struct {
		Word    string          `short:"yes" called:"a step" enum:"pass" long:"{fail: InternalError}"`
		Pass    *nothingDoc     `key:"pass" exclusive:"what"`
		Fail    string          `key:"fail" exclusive:"what" min:"1"`
		Respond *respondDoc     `key:"respond" exclusive:"what"`
		Message string          `key:"message" needs:"fail" max:"4000"`
		Detail  string          `key:"detail" needs:"fail" max:"4000"`
		Fill    []string        `key:"fill" needs:"fail" single:"yes" max:"8"`
		Headers []named[string] `key:"headers" needs:"fail" mapping:"yes"`
		Chance  float64         `key:"chance" above:"0" max:"1"`
		effectsDoc
		Then []named[settingDoc] `key:"then" mapping:"yes"`
	}

	stepDoc struct {
		keyPositions `called:"a step" filled:"*"`
		outcomeDoc
		Choose []choiceDoc `key:"choose" exclusive:"what" min:"1" max:"100"`
		Times  int         `key:"times" min:"1" max:"1000000"`
	}

	overDoc struct {
		keyPositions `called:"the step over a quota" filled:"*"`
		outcomeDoc
		Choose []choiceDoc `key:"choose" exclusive:"what" min:"1" max:"100"`
	}

	choiceDoc struct {
		keyPositions `called:"a choice" filled:"*"`
		outcomeDoc
		Weight float64 `key:"weight" above:"0" max:"1000000"`
	}

	nothingDoc struct {
		keyPositions `called:"pass"`
	}

	respondDoc struct {
		keyPositions `called:"a reply"`
		Status       int             `key:"status" min:"200" max:"599"`
		Headers      []named[string] `key:"headers" mapping:"yes"`
		Body         string          `key:"body" exclusive:"content"`
		BodyFile     string          `key:"bodyFile" exclusive:"content" min:"1" max:"1000"`
		OffSpec      bool            `key:"offSpec"`
	}

	delayDoc struct {
		keyPositions `called:"a delay" filled:"*"`
		Fixed        string `short:"yes" called:"a delay" form:"duration"`
		First        string `key:"first" exclusive:"first" form:"duration"`
		Median       string `key:"median" exclusive:"first" needs:"p99" form:"duration"`
		P99          string `key:"p99" needs:"median" form:"duration"`
		Between      string `key:"between" form:"duration"`
	}

	networkDoc struct {
		keyPositions `called:"a network fault" filled:"drip,truncate"`
		Word         string `short:"yes" called:"\"network\"" enum:"reset,close,truncate,stall,drip,late" long:"{drip: 9B/s}"`
		Drip         string `key:"drip" form:"bandwidth"`
		Truncate     int    `key:"truncate" min:"1" max:"1048576"`
	}

	// callDoc is a call that a scenario is tried with; a list of them is a document of its own.
	callDoc struct {
		keyPositions `called:"a call"`
		At           string            `key:"at" form:"offset"`
		Call         string            `key:"call" required:"yes" min:"1"`
		Params       []named[anyValue] `key:"params" mapping:"yes"`
		Headers      []named[string]   `key:"headers" mapping:"yes"`
		Credential   string            `key:"credential" min:"1" max:"1000"`
		Times        int               `key:"times" min:"1" max:"10000"`
		Refused      string            `key:"refused" min:"1"`
		Expect       *expectDoc        `key:"expect"`
	}

	expectDoc struct {
		keyPositions `called:"an expectation" filled:"*"`
		Fixed        string `short:"yes" called:"an outcome" min:"1"`
		Outcome      string `key:"outcome" min:"1"`
		Status       int    `key:"status" min:"200" max:"599"`
		Rule         int    `key:"rule" min:"1" max:"100"`
		Step         int    `key:"step" min:"1" max:"1000" needs:"rule"`
		Message      string `key:"message" min:"1"`
		Detail       string `key:"detail" min:"1"`
		Delay        string `key:"delay" form:"duration"`
		Network      string `key:"network" enum:"none,reset,close,truncate,stall,drip,late"`
	}

	// anyValue is a value of any kind, as JSON has it.
	anyValue struct{ value any }
)
