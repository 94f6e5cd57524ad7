package oss

import (
	"cmp"
	"maps"
	"net/url"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// exchange is one oss request from reading to reply. It implements gateway.Exchange.
type exchange struct {
	gateway *Gateway
	req     *wire.Request
	call    wire.Call
	op      *contract.Operation

	target target
	query  map[string]string
	pairs  []pair // of the query, as they came
	form   *form  // of a PostObject, nil for any other call
	claim  claim
	allow  string // the methods that are taken, where the request's own is none of them
	wanted *way   // how the request should have been signed, where its signature is another
}

// pair is one parameter of the query. One without "=" is bare.
type pair struct {
	name, value string
	bare        bool
}

// newExchange reads what it can: beside an error the rest is there, so that the journal can tell of it.
func newExchange(g *Gateway, req *wire.Request) (*exchange, error) {
	x := &exchange{gateway: g, req: req, query: map[string]string{}}
	var badPath, badForm error
	x.target, badPath = targetOf(req)
	badQuery := x.readQuery()
	text := x.query
	if isForm(req) && x.target.object == "" {
		x.form, badForm = readForm(req)
		x.form.setKey()
		text = x.form.fields
	}
	x.call = wire.Call{Request: req, Gateway: Name, Text: text, Elsewhere: x.target.parameters()}
	var fields map[string]string
	if x.form != nil {
		fields = x.form.fields
		maps.Copy(x.call.Elsewhere, fields)
	}
	x.claim = readClaim(req, x.query, fields)
	if x.claim.accessKeyID != "" {
		x.call.Credential = wire.Credential{Kind: wire.AccessKey, ID: x.claim.accessKeyID}
	}
	return x, cmp.Or(badPath, badQuery, badForm)
}

// readQuery reads the parameters of the query; of a repeated one the first counts.
func (x *exchange) readQuery() error {
	for part := range strings.SplitSeq(x.req.RawQuery, "&") {
		if part == "" {
			continue
		}
		name, value, found := strings.Cut(part, "=")
		name, _ = gateway.Unescape(name)
		value, _ = gateway.Unescape(value) // ReadForm below tells of what cannot be decoded
		x.pairs = append(x.pairs, pair{name, value, !found})
	}
	return gateway.ReadForm(x.req.RawQuery, gateway.Unescape, func(name, value string) {
		if _, known := x.query[name]; !known {
			x.query[name] = value
		}
	})
}

// Call is what was understood of the request.
func (x *exchange) Call() *wire.Call { return &x.call }

// Operation is the picked operation, nil when none was.
func (x *exchange) Operation() *contract.Operation { return x.op }

// requestIDLength is that of the service's ids, such as 5C3D9175B6FC201293AD1234.
const requestIDLength = 24

// NewID draws upper-case hex digits, the form of the service's request ids.
func (*exchange) NewID(turn *sandbox.Turn) string {
	return strings.ToUpper(turn.Draw(requestIDLength, random.LowerHex))
}

// Names of what the path holds, as the specs have them, and of the object in a form.
const (
	bucketName = "bucket"
	objectName = "object"
	fileName   = "file"
)

// Validate checks path, query, headers and form against the spec. The object that a form carries stands in the
// parameters as it came: no text of a spec describes it.
func (x *exchange) Validate() error {
	values := contract.Values{
		Text: x.call.Text, Header: x.req.Header, Path: x.target.parameters(),
	}
	if err := gateway.Validate(x.op, &x.call, values); err != nil {
		return err
	}
	if x.form == nil {
		return nil
	}
	if !x.form.hasFile {
		return gateway.Refuse(wire.MissingParameter, "form", "The form has no field file, which must be its last one.",
			fileName)
	}
	x.call.Params[fileName] = x.form.file
	return nil
}

// escape writes a text by RFC 3986; a slash stays where it is told.
func escape(text string, keep string) string {
	escaped := strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(text))
	if keep == "/" {
		return strings.ReplaceAll(escaped, "%2F", "/")
	}
	return escaped
}
