package wire

import (
	"net/http"
	"time"
)

// Fault is a call that ends in an error of the provider. Its gateway's table turns the kind into the provider's
// code; status and message come from the spec.
type Fault struct {
	Kind Kind
	// Code names a documented error of the operation; set when Kind is Documented.
	Code string
	// Message and Detail replace those of the spec when they are not empty.
	Message, Detail string
	// Fill goes into the placeholders (%s) of code, message and detail, in that order of reading for each.
	Fill []string
	// RetryAfter is the time after which the call would not be refused again, by the sandbox's clock; zero where nothing
	// says so.
	RetryAfter time.Duration
	// Header holds headers that a script adds to the reply.
	Header http.Header
	// Findings explain the refusal to the person who reads the journal.
	Findings []Finding
	// Cause is what went wrong inside; it is journaled and never sent.
	Cause error
}

// Error says what the fault is, for logs and tests; clients see the provider's text instead.
func (f *Fault) Error() string {
	text := string(f.Kind)
	if f.Code != "" {
		text += " " + f.Code
	}
	if len(f.Fill) > 0 {
		text += " (" + f.Fill[0] + ")"
	}
	if f.Cause != nil {
		text += ": " + f.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// Finding is one remark of the journal: what was looked at, what was expected and what came.
// Fields that do not apply are empty.
type Finding struct {
	// Check names what was looked at: "signature", "timestamp", "nonce", "parameter Actions".
	Check string `json:"check"`
	// Level is "error" for what refused the call and "advice" for what did not.
	Level string `json:"level"`
	// Message says it in a sentence.
	Message  string `json:"message"`
	Expected string `json:"expected,omitempty"`
	Got      string `json:"got,omitempty"`
	// Server and Client are whole strings to sign: what the server computed, and what the client must have
	// signed where that can be known.
	Server string `json:"server,omitempty"`
	Client string `json:"client,omitempty"`
	// Marker shows the first difference between Server and Client, or Expected and Got.
	Marker string `json:"marker,omitempty"`
}

// InstantLayout is how findings write an instant in UTC: two that differ must not look the same.
const InstantLayout = "2006-01-02T15:04:05.000Z07:00"

// Levels of a Finding.
const (
	LevelError  = "error"
	LevelAdvice = "advice"
)

// Kind is the closed set of ways in which a call can fail.
type Kind string

// The kinds of Fault, in the order of the checks.
const (
	// TooLarge: the body is over the server's limit.
	TooLarge Kind = "too-large"
	// Malformed: the body or query cannot be read at all.
	Malformed Kind = "malformed"
	// UnknownPath, MissingAction, UnknownAction, UnknownVersion, MissingVersion, WrongMethod, WrongFormat: no
	// operation, or not in this way.
	UnknownPath    Kind = "unknown-path"
	MissingAction  Kind = "missing-action"
	UnknownAction  Kind = "unknown-action"
	MissingVersion Kind = "missing-version"
	UnknownVersion Kind = "unknown-version"
	WrongMethod    Kind = "wrong-method"
	WrongFormat    Kind = "wrong-format"
	// MissingHeader: a header is absent that every request of its style has.
	MissingHeader Kind = "missing-header"

	MissingKey  Kind = "missing-key"
	UnknownKey  Kind = "unknown-key"
	DisabledKey Kind = "disabled-key"

	MissingTimestamp Kind = "missing-timestamp"
	BadTimestamp     Kind = "bad-timestamp"
	ExpiredTimestamp Kind = "expired-timestamp"

	MissingNonce Kind = "missing-nonce"
	UsedNonce    Kind = "used-nonce"

	// MissingSigningData and WrongSigningData: what says how the request was signed is absent, or is no known value.
	MissingSigningData Kind = "missing-signing-data"
	WrongSigningData   Kind = "wrong-signing-data"

	WrongSignatureMethod Kind = "wrong-signature-method"
	WrongDigest          Kind = "wrong-digest"
	MissingSignature     Kind = "missing-signature"
	WrongSignature       Kind = "wrong-signature"

	MissingSecurityToken Kind = "missing-security-token"
	BadSecurityToken     Kind = "bad-security-token"
	ExpiredSecurityToken Kind = "expired-security-token"
	WrongSecurityToken   Kind = "wrong-security-token"

	// MissingSession and WrongSession: the caller's session or access token is absent, unknown or expired.
	MissingSession Kind = "missing-session"
	WrongSession   Kind = "wrong-session"

	MissingParameter Kind = "missing-parameter"
	InvalidParameter Kind = "invalid-parameter"

	// Documented: a documented error of the operation, named by Fault.Code.
	Documented Kind = "documented"
	// Unavailable: the store does not answer, or has no room.
	Unavailable Kind = "unavailable"
	// Internal: the emulator itself failed, as by a panic.
	Internal Kind = "internal"
)
