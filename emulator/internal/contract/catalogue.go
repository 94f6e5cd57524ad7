// Package contract loads the specs of APIs and gateways, finds the operation of a request, validates requests and
// replies and lists documented errors. It is the only package that knows kin-openapi.
package contract

import (
	"sync/atomic"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// Catalogue is every API and gateway that was loaded, ready for use and read-only.
type Catalogue struct {
	// APIs and Gateways are sorted by name.
	APIs     []*API
	Gateways []*Gateway

	byAction map[action][]*Operation
	routers  map[string][]routers.Router // by gateway
	byRoute  map[*openapi3.Operation]*Operation
}

// Gateway is what the gateway's own document says: the errors and checks that all its operations share, and how a call
// is refused.
type Gateway struct {
	Name   string
	Title  string
	Errors []Error
	Checks []Check
	// Packets says that its answers are packets of a protocol other than HTTP: nobody but the gateway can write one.
	Packets bool

	refusal  *openapi3.Schema // nil when the document has none
	statuses map[int]bool     // the HTTP statuses of Errors
	byCode   map[string]*Error

	takesAnonymous bool
}

// API is one product.
type API struct {
	Name        string
	Title       string
	Description string
	Gateway     *Gateway
	// Product is the provider's product code, Version its version string; operations can have another one.
	Product string
	Version string
	// Operations stand in the order of the document's paths, sorted.
	Operations []*Operation
	// Source is the document as written, YAML.
	Source []byte
}

// Operation is one call of an API.
type Operation struct {
	API *API
	// ID is the operationId; Name is "api.ID".
	ID          string
	Name        string
	Summary     string
	Description string
	// Success is the status of the usual reply; zero where the document describes none but a default.
	Success int
	// Action is what the request names on gateways that dispatch by name: the RPC action or the TOP method.
	Action string
	// Version is what the request names as the version of the API.
	Version string
	// Methods are the HTTP methods that the operation takes.
	Methods []string
	// Subject are the parameters that tell calls of the operation apart for people, the most telling first: names, with
	// a dot before a member of a JSON document. A spec that does not say it has the required ones.
	Subject []string
	// Path is the path on the wire.
	Path string
	// Inputs are the parameters of query, header, path and form in the document's order.
	Inputs []Input
	// HasBody says that the operation takes a JSON body.
	HasBody bool
	// Errors are the documented errors: the operation's own, then the API's, then the gateway's.
	Errors []Error
	Checks []Check
	Quota  *Quota
	// Anonymous is there where the operation takes calls without a key.
	Anonymous *Anonymous
	// InvalidCode is the documented error that answers a parameter which breaks the spec, MissingCode the one for
	// an absent parameter; empty where the gateway's own error does.
	InvalidCode string
	MissingCode string
	Evidence    Evidence

	inputs       *openapi3.Schema // an object whose members are Inputs
	directed     bool             // a member is readOnly or writeOnly
	takesNull    bool             // a parameter is JSON, and can be null
	body         *openapi3.Schema
	bodyRequired bool
	bodyExample  any
	replies      map[int]*openapi3.Schema  // by status; 0 is default
	byShape      map[*openapi3.Schema]bool // replies' schemas that look at shapes alone
	goodReply    atomic.Pointer[shape]     // of the last that was good
	// asRequest and asReply are the options with which kin-openapi validates.
	asRequest, asReply []openapi3.SchemaValidationOption
	example            any // of a success
	byCode             map[string]*Error
	// bodyEvidence and replyEvidence are those of the body and of a success as wholes.
	bodyEvidence, replyEvidence Evidence
}

// Input is one parameter outside a JSON body.
type Input struct {
	Name        string
	In          string // "query", "header", "path" or "form"
	Required    bool
	Description string
	// InvalidCode is the documented error that answers a bad value of this parameter; empty where the operation's does.
	InvalidCode string
	Evidence    Evidence

	schema  *openapi3.Schema
	isJSON  bool // the text is a JSON document
	example any
}

// Check is one rule that the emulator holds a request to.
type Check struct {
	Name     string
	Rule     string
	Evidence Evidence
}

// Anonymous says how calls without a key find their sandbox.
type Anonymous struct {
	// Token is the parameter that holds a token which the sandbox issued.
	Token    string
	Evidence Evidence
}

// Quota is a documented rate limit.
type Quota struct {
	Rate Rate
	// Code is the documented error beyond it.
	Code     string
	Evidence Evidence
}

// Evidence says how sure a fact is and where it comes from.
type Evidence struct {
	Mark   Mark
	Source string
}

// Mark is the kind of evidence.
type Mark string

// The marks, from firm to weak.
const (
	// Page: the provider's own documentation or published metadata says so.
	Page Mark = "page"
	// Captured: a real SDK does so on the wire, or its source shows it.
	Captured Mark = "captured"
	// Observed: a public transcript or log of the real service shows it.
	Observed Mark = "observed"
	// Choice: nothing public says; it is our own choice.
	Choice Mark = "choice"
)
