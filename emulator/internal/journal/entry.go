package journal

import (
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Entry is one call. The numbers in the cbor tags are the format of what is kept; a number is never used again for
// something else.
type Entry struct {
	// ID is the request id, by which an entry is looked up.
	ID string `json:"id" cbor:"1,keyasint"`
	// Seq is the entry's place in the journal, counted from 1; the journal gives it.
	Seq uint64 `json:"seq" cbor:"-"`
	// Time is the sandbox's clock when the call came.
	Time time.Time `json:"time" cbor:"2,keyasint"`
	// Arrived is when it came in real time, which orders the calls of several sandboxes.
	Arrived time.Time `json:"arrived" cbor:"16,keyasint"`
	Sandbox string    `json:"sandbox" cbor:"3,keyasint"`
	Gateway string    `json:"gateway" cbor:"4,keyasint"`
	API     string    `json:"api" cbor:"5,keyasint"`
	// Operation is the full name, such as "onsmqtt.ApplyToken"; empty when it is unknown.
	Operation string `json:"operation" cbor:"6,keyasint"`
	// Credential is what the request named itself by, as CredentialText writes it.
	Credential string `json:"credential" cbor:"7,keyasint"`
	// Outcome is "ok" or the provider's code of the error that was sent.
	Outcome string `json:"outcome" cbor:"8,keyasint"`
	Status  int    `json:"status" cbor:"9,keyasint"`
	// DurationMicros is how long it took to decide what to reply; Delivery says how long the call took.
	DurationMicros int64 `json:"durationMicros" cbor:"10,keyasint"`
	// Delivery is how the reply reached the client, as far as that is known.
	Delivery Delivery `json:"delivery" cbor:"18,keyasint"`
	// SignatureTime is the time by which the signature's was good, "clock" or "real", or "off" where any is; empty where
	// none was judged.
	SignatureTime string   `json:"signatureTime,omitempty" cbor:"20,keyasint"`
	Request       Request  `json:"request" cbor:"11,keyasint"`
	Response      Response `json:"response" cbor:"12,keyasint"`
	// Decision is what a scenario decided; nil when none had a say.
	Decision *Decision `json:"decision" cbor:"13,keyasint"`
	// Also are the rules that had an effect on the call and decided nothing.
	Also []Touch `json:"also,omitempty" cbor:"21,keyasint,omitempty"`
	// Misses are the rules of playing scenarios that concern the operation and did not take the call.
	Misses   []Miss         `json:"misses" cbor:"17,keyasint"`
	Findings []wire.Finding `json:"findings" cbor:"14,keyasint"`
	// Panic is the stack of a panic that the call ended in.
	Panic string `json:"panic,omitempty" cbor:"15,keyasint"`
}

// Request is what came in.
type Request struct {
	Method  string              `json:"method" cbor:"1,keyasint"`
	URL     string              `json:"url" cbor:"2,keyasint"`
	Headers map[string][]string `json:"headers" cbor:"3,keyasint"`
	// Parameters are those that stand neither in the URL's query nor in a form nor in JSON, by name: of the path, of the
	// host, of a multipart form. The journal keeps the beginnings of the first MaxParameters.
	Parameters map[string]string `json:"parameters,omitempty" cbor:"7,keyasint,omitempty"`
	Content
}

// Response is what went out.
type Response struct {
	Status  int                 `json:"status" cbor:"1,keyasint"`
	Headers map[string][]string `json:"headers" cbor:"3,keyasint"`
	Content
}

// Content is a body. The journal cuts off what is longer than MaxBody, and then says so.
type Content struct {
	Body string `json:"body" cbor:"4,keyasint"`
	// BodyBytes is the true size of the body; the journal sets it.
	BodyBytes     int  `json:"bodyBytes" cbor:"5,keyasint"`
	BodyTruncated bool `json:"bodyTruncated" cbor:"6,keyasint"`
}

// Decision names the step of a scenario that decided a call.
type Decision struct {
	Scenario string `json:"scenario" cbor:"1,keyasint"`
	// Rule, Step and Choice count from zero; Choice is nil for a step without choices.
	Rule   int  `json:"rule" cbor:"2,keyasint"`
	Step   int  `json:"step" cbor:"3,keyasint"`
	Choice *int `json:"choice,omitempty" cbor:"4,keyasint,omitempty"`
	// Key is the value of the field Per for which the rule keeps a cursor of its own.
	Key string `json:"key,omitempty" cbor:"5,keyasint,omitempty"`
	// LeftSeconds is how long the quota or the window of the rule still lasted.
	LeftSeconds int64  `json:"leftSeconds,omitempty" cbor:"6,keyasint,omitempty"`
	Per         string `json:"per,omitempty" cbor:"7,keyasint,omitempty"`
	// States are those of the scenario after the call, or of the key where there is one.
	States map[string]string `json:"states,omitempty" cbor:"8,keyasint,omitempty"`
}

// Touch names a rule that had an effect on a call without deciding it.
type Touch struct {
	Scenario string `json:"scenario" cbor:"1,keyasint"`
	// Rule counts from zero.
	Rule int `json:"rule" cbor:"2,keyasint"`
}

// Miss is a rule that did not take a call, and why.
type Miss struct {
	Scenario string `json:"scenario" cbor:"1,keyasint"`
	// Rule counts from zero.
	Rule int `json:"rule" cbor:"2,keyasint"`
	// Condition is what did not hold, such as "when params.InstanceId".
	Condition string `json:"condition" cbor:"3,keyasint"`
	Expected  string `json:"expected" cbor:"4,keyasint"`
	Got       string `json:"got" cbor:"5,keyasint"`
}

// CredentialText names a credential in an entry: an ID that is itself a secret is masked, whether it is known or not.
// A token that a call without a credential presents is none.
func CredentialText(c wire.Credential) string {
	if c.Kind == wire.IssuedToken {
		return ""
	}
	if c.Secret && c.ID != "" {
		return sandbox.Mask
	}
	return c.ID
}
