package wire

import "net/http"

// Reply is what goes out.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
	// Value is the body as the JSON value that the spec describes, as the values of an Object are, whatever format
	// Body has; nil when the spec does not describe it.
	Value any
	// Outcome is "ok" or the provider's code of the error that was sent.
	Outcome string
}

// OutcomeOK is the outcome of a call that succeeded.
const OutcomeOK = "ok"

// OwnOutcome begins the outcome of a call that belongs to no API; the HTTP status follows.
const OwnOutcome = "http."

// Result is what an operation answers before its gateway wraps it.
type Result struct {
	Body Object
	// Content takes the place of Body where the operation answers with bytes, such as those that a client stored.
	Content []byte
	// Status is the HTTP status where the operation has more than one for success; zero is 200.
	Status int
	// Header holds response headers that the operation's provider documents; usually nil.
	Header http.Header
	// Outcome names a business failure inside a successful envelope, such as errCode "UNKNOWN_ERROR" with
	// HTTP 200; empty means ok.
	Outcome string
	// Findings are remarks about a call that worked.
	Findings []Finding
}

// Object is a JSON object whose members keep the order of the provider's page.
// Values are string, bool, int, int64, float64, Object, List, []any, map[string]any or nil.
type Object []Member

// Member is one name and value of an Object.
type Member struct {
	Name  string
	Value any
}

// List is an array whose elements have a name of their own in the provider's XML, and in the gateway top also in
// JSON: {"statement":{"datas":[…]}}.
type List struct {
	Item   string
	Values []any
}
