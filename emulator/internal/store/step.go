package store

import "time"

// Step is one operation in a space: a pointer to one of the types of this file. It holds its result once it was carried
// out.
type Step interface{ isStep() }

// Get reads a key.
type Get struct {
	Key string
	// Needed ends the run when the key is absent.
	Needed bool

	Value []byte
	Found bool
}

// Put sets a key.
type Put struct {
	Key     string
	Value   []byte
	Expires time.Time
}

// Add sets a key unless it is set. Of many concurrent callers one adds it.
type Add struct {
	Key     string
	Value   []byte
	Expires time.Time
	// Needed ends the run when the key is already set.
	Needed bool

	Added bool
}

// Take reads a key and removes it. Of many concurrent callers one gets it.
type Take struct {
	Key string
	// Needed ends the run when the key is absent.
	Needed bool

	Value []byte
	Found bool
}

// Exchange sets a key and reads its old value; Found says whether there was one.
type Exchange struct {
	Key     string
	Value   []byte
	Expires time.Time

	Old   []byte
	Found bool
}

// Increment adds Delta to the counter at a key, which starts at zero. To other steps the value of a counter is its
// decimal text. A value that is not a decimal number cannot be incremented.
type Increment struct {
	Key     string
	Delta   int64
	Expires time.Time
	// Limit ends the run when the sum exceeds it; zero means no limit.
	Limit int64

	Sum int64
}

// Claim claims a key until Expires. It ends the run when the key is claimed already and has not expired at Now. Of many
// concurrent callers exactly one claims it. Claimed keys are separate from all other keys: they hold no value, and take
// so few bytes that a space can have a million of them. A claim may last up to the next full second.
type Claim struct {
	Key          string
	Now, Expires time.Time
	// Forget is the instant up to which claims of the space, this one among them, may be forgotten once they expired:
	// another caller may judge them by a time that runs behind. It is no later than Now; zero means Now.
	Forget time.Time

	Fresh bool
}

// Append adds a record to a log and gives it a sequence number, counted from 1 without gaps. The oldest records are
// dropped to keep the log within Bound; a record larger than the bound is itself dropped. Find finds the record by ID,
// if it has one.
type Append struct {
	Log    string
	ID     string
	Record []byte
	Bound  Bound

	Seq uint64
}

// Range reads up to Limit records with sequence numbers greater than After, oldest first.
type Range struct {
	Log   string
	After uint64
	Limit int

	Page Page
}

// Find reads the record that was appended to a log with ID; the latest of them when there are several.
type Find struct {
	Log string
	ID  string

	Record Record
	Found  bool
	// Dropped counts the records that were dropped to keep the log within its bound.
	Dropped uint64
}

// Truncate drops every record of a log; the sequence numbers go on.
type Truncate struct{ Log string }

// Keys lists the keys that begin with Prefix, sorted.
type Keys struct {
	Prefix string

	Keys []string
}

// Values reads the keys that begin with Prefix, with what they hold, sorted. No other run is in progress in the space
// meanwhile. Where they count for more than Most bytes, each for its key, its value and EntryCost, none is read.
type Values struct {
	Prefix string
	Most   int

	Values  []Value
	TooMany bool
}

// Value is a key with what it holds; for a counter its decimal text.
type Value struct {
	Key     string
	Value   []byte
	Expires time.Time
}

// EntryCost is what a key counts for beside its own bytes and those of its value.
const EntryCost = 96

// Reclaim frees what expired at or before Now; of claimed keys, what expired at or before Claims.
type Reclaim struct{ Now, Claims time.Time }

// Clear removes everything in the space: keys, claimed keys, counters and logs with their numbering. What later steps
// of the same run write appears together with the clearing. No other run is in progress in the space meanwhile.
type Clear struct{}

// Drop removes the keys that begin with Prefix. No other run is in progress in the space meanwhile.
type Drop struct{ Prefix string }

func (*Get) isStep()       {}
func (*Put) isStep()       {}
func (*Add) isStep()       {}
func (*Take) isStep()      {}
func (*Exchange) isStep()  {}
func (*Increment) isStep() {}
func (*Claim) isStep()     {}
func (*Append) isStep()    {}
func (*Range) isStep()     {}
func (*Find) isStep()      {}
func (*Truncate) isStep()  {}
func (*Keys) isStep()      {}
func (*Values) isStep()    {}
func (*Reclaim) isStep()   {}
func (*Clear) isStep()     {}
func (*Drop) isStep()      {}
