package scenario

// The types below are the language: the decoder takes its keys, and schema.json its properties, from their tags.
//
//	key       the key in the document
//	short     set on the field that a plain value stands for, where a mapping could stand
//	required  the key must be there
//	enum      the values it takes
//	pattern   what its text must look like
//	min, max  bounds of a number, or of the length of a text or list; above excludes the bound itself
//	form      how its text reads: "duration", "rate", "limit" or "regexp"
//	single    one value may stand for a list of one
//	apart     of the keys in one group, only one may be there
//	needs     the key that must stand beside it
//	mapping   the field takes a mapping of names that the language does not fix
//
// The tag of marks says what messages call the type, and in filled of which keys one must be there, * for any.

// marks is the part of every type that remembers where its keys stood.
type marks struct {
	place
	at map[string]place
	// broken says that something below was reported, so that what is missing is no news.
	broken bool
}

// named is one member of a mapping whose names the language does not fix. They keep their order for explanations.
type named[T any] struct {
	Name  string
	Place place
	Value T
}

func (m *marks) mark(seen marks) { *m = seen }

// has tells whether the key was written; the empty key is the short form.
func (m *marks) has(key string) bool {
	_, ok := m.at[key]
	return ok
}

// of returns the place of a key's value, or of the whole when it is not there.
func (m *marks) of(key string) place {
	if at, ok := m.at[key]; ok {
		return at
	}
	return m.place
}

type (
	document struct {
		marks   `called:"a scenario"`
		Name    string    `key:"name" required:"yes" max:"128" pattern:"^[A-Za-z0-9][A-Za-z0-9./_%-]*$"`
		Summary string    `key:"summary" max:"300"`
		Rules   []ruleDoc `key:"rules" required:"yes" min:"1" max:"100"`
	}

	ruleDoc struct {
		marks  `called:"a rule" filled:"script,quota"`
		On     string                `key:"on" required:"yes" min:"1"`
		When   []named[conditionDoc] `key:"when" mapping:"yes"`
		At     string                `key:"at" enum:"arrival"`
		Quota  *quotaDoc             `key:"quota" apart:"way"`
		Script []stepDoc             `key:"script" apart:"way" min:"1" max:"1000"`
		Cycle  bool                  `key:"cycle" apart:"ending" needs:"script"`
		End    string                `key:"end" apart:"ending" needs:"script" enum:"repeat,release"`
	}

	conditionDoc struct {
		marks   `called:"a condition" filled:"*"`
		Glob    string   `short:"yes" called:"a glob" max:"1000"`
		Equals  string   `key:"equals"`
		OneOf   []string `key:"oneOf" min:"1" max:"1000"`
		Matches string   `key:"matches" min:"1" max:"1000" form:"regexp"`
		Absent  bool     `key:"absent"`
		Gt      string   `key:"gt" form:"limit"`
		Lt      string   `key:"lt" form:"limit"`
	}

	quotaDoc struct {
		marks `called:"a quota"`
		Rate  string  `key:"rate" required:"yes" form:"rate"`
		Burst int     `key:"burst" min:"1" max:"1000000"`
		Over  overDoc `key:"over" required:"yes"`
	}

	// outcomeDoc is what a step does; a step of a script and the step beyond a quota share it.
	outcomeDoc struct {
		Word    string      `short:"yes" called:"a step" enum:"pass"`
		Pass    *nothingDoc `key:"pass" apart:"what"`
		Fail    string      `key:"fail" apart:"what" min:"1"`
		Respond *respondDoc `key:"respond" apart:"what"`
		Message string      `key:"message" needs:"fail" max:"4000"`
		Fill    []string    `key:"fill" needs:"fail" single:"yes" max:"8"`
		Chance  float64     `key:"chance" above:"0" max:"1"`
		Delay   *delayDoc   `key:"delay"`
		Network string      `key:"network" enum:"reset,close,truncate,stall,drip"`
	}

	stepDoc struct {
		marks `called:"a step" filled:"*"`
		outcomeDoc
		Times int `key:"times" min:"1" max:"1000000"`
	}

	overDoc struct {
		marks `called:"the step over a quota" filled:"*"`
		outcomeDoc
	}

	nothingDoc struct {
		marks `called:"pass"`
	}

	respondDoc struct {
		marks   `called:"a reply"`
		Status  int             `key:"status" min:"200" max:"599"`
		Headers []named[string] `key:"headers" mapping:"yes"`
		Body    string          `key:"body"`
		OffSpec bool            `key:"offSpec"`
	}

	delayDoc struct {
		marks  `called:"a delay"`
		Fixed  string `short:"yes" called:"a delay" form:"duration"`
		Median string `key:"median" required:"yes" form:"duration"`
		P99    string `key:"p99" required:"yes" form:"duration"`
	}
)
