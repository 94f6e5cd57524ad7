package store

import "time"

// Step is one thing to do in a space: a pointer to one of the types of this file, which holds the result when it was
// carried out.
type Step interface{ isStep() }

// Get reads a key.
type Get struct {
	Key string
	// Needed ends the run where the key is absent.
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

// Add sets a key that is absent. Of many concurrent callers one adds it.
type Add struct {
	Key     string
	Value   []byte
	Expires time.Time
	// Needed ends the run where the key is there already.
	Needed bool

	Added bool
}

// Take reads a key and removes it. Of many concurrent callers one gets it.
type Take struct {
	Key string
	// Needed ends the run where the key is absent.
	Needed bool

	Value []byte
	Found bool
}

// Exchange sets a key and reads what was there before; Found says that something was.
type Exchange struct {
	Key     string
	Value   []byte
	Expires time.Time

	Old   []byte
	Found bool
}

// Increment adds Delta to the counter at a key, which starts at zero. To the other steps a counter is its decimal text;
// a value that is no such text cannot be counted on.
type Increment struct {
	Key     string
	Delta   int64
	Expires time.Time
	// Limit ends the run where the sum is beyond it; zero means that nothing does.
	Limit int64

	Sum int64
}

// Claim remembers a key until Expires, and ends the run where it is remembered and did not expire at Now. Of many
// concurrent callers exactly one claims it. Such keys live apart from the others: they hold no value and cost few bytes
// each, a million of them included. They may be remembered up to the next full second.
type Claim struct {
	Key          string
	Now, Expires time.Time

	Fresh bool
}

// Append adds a record to a log and gives it a sequence number, counted from 1 without gaps. The oldest records give
// way to keep the log within Bound; one larger than the bound is dropped itself. ID, if there is one, is what Find
// finds it by.
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

// Find reads the record of a log that was appended with ID; the latest where several were.
type Find struct {
	Log string
	ID  string

	Record Record
	Found  bool
	// Dropped counts the records that gave way to the log's bound.
	Dropped uint64
}

// Truncate drops every record of a log; sequence numbers go on.
type Truncate struct{ Log string }

// Keys lists the keys that begin with Prefix, sorted.
type Keys struct {
	Prefix string

	Keys []string
}

// Reclaim frees what expired at or before Now.
type Reclaim struct{ Now time.Time }

// Clear removes everything in the space: keys, claimed keys, counters and logs with their numbering. What the steps
// behind it write appears together with the clearing.
type Clear struct{}

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
func (*Reclaim) isStep()   {}
func (*Clear) isStep()     {}
