package wire

import "net/http"

// Request is one HTTP request as it came in, read once and never changed afterwards: signatures are judged over
// these bytes.
type Request struct {
	Method string
	// Scheme is http or https, as the client reached the server.
	Scheme string
	// Path is the escaped path as the client sent it, without the query.
	Path string
	// RawQuery is the query as the client sent it, without the question mark.
	RawQuery string
	// Host is the Host header: several signatures cover it.
	Host   string
	Header http.Header
	// Body holds the whole body after removing the transfer coding, at most the server's limit.
	Body []byte
}

// Call is a Request that its gateway has understood.
type Call struct {
	Request *Request
	// ID is the request id that the reply carries and the journal lists, in the gateway's own form.
	ID string
	// Gateway, API and Operation name what was called ("acs", "onsmqtt", "ApplyToken"). API and Operation are
	// empty while the operation is unknown.
	Gateway   string
	API       string
	Operation string
	// Credential is the credential id that the request names. It is not yet trusted before authentication.
	Credential Credential
	// Text holds every parameter of query and form as decoded text, public parameters included.
	Text map[string]string
	// Elsewhere holds the parameters that stand neither in the query nor in a form nor in JSON: those of the path and of
	// the host, and those of a multipart form. It is nil where there are none.
	Elsewhere map[string]string
	// Params holds the parameters that the spec knows, as typed JSON values: string, int64, float64, bool,
	// map[string]any, []any. It is nil before validation. Members of a JSON body stand here beside the others.
	Params map[string]any
}

// Credential names who calls: the kind of credential and its public id.
type Credential struct {
	Kind CredentialKind
	ID   string
	// Secret says that the ID is itself the secret, as that of a bearer token: it is never shown.
	Secret bool
}

// CredentialKind tells apart the kinds of ids by which a sandbox can be found.
type CredentialKind string

// The kinds of credentials.
const (
	AccessKey CredentialKind = "acs"
	Bearer    CredentialKind = "bearer"
	TopApp    CredentialKind = "top"
	FabricApp CredentialKind = "fabric"
	// IssuedToken is a token that a sandbox issued, in a call that names no credential.
	IssuedToken CredentialKind = "issued"
)
