package clients_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// client is an SDK in one of its signature modes, reduced to what all of them can do, so that one table holds for all.
type client struct {
	name string
	// call sends an operation; the error is the SDK's own.
	call func(key acsKey, op operation) (answer, error)
	// refusal reads the SDK's typed error. Any other error, such as a failure to parse, fails the test.
	refusal func(t *testing.T, err error) refusal
}

// answer is a success: the headers as far as the SDK shows them and the body as JSON.
type answer struct {
	header http.Header
	body   []byte
}

// refusal is what a typed error says.
type refusal struct {
	Code      string
	Status    int
	Message   string
	RequestID string
}

func clients() []client { return append(darabonbaClients(), legacyClient()) }

var requestIDPattern = regexp.MustCompile(`^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$`)

// The tests over all clients run one call after another: darabonba sets the time-out of the http.Client that it shares
// between calls without heed of those that use it (tea v1.3.13, dara/core.go, DoRequest), which the race detector sees.

func TestEveryAPI(t *testing.T) {
	keys := map[string]int{"access key": plainKey, "security token": stsKey, "bearer token": bearerToken}
	calls := map[string]func(*testing.T, caller){
		"token life": tokenLife, "auth code": authCode, "warrant": warrant,
	}
	for _, client := range clients() {
		for keyName, key := range keys {
			for callName, call := range calls {
				t.Run(client.name+"/"+keyName+"/"+callName, func(t *testing.T) {
					b := newBox(t)
					call(t, client.caller(b.Credentials.ACS[key]))
					for _, e := range b.journal(t) {
						if e.Outcome != "ok" {
							t.Errorf("the journal has %+v", e)
						}
					}
				})
			}
		}
	}
}

// caller sends with one credential, and checks that the id in the body is the one in the headers.
func (c client) caller(key acsKey) caller {
	return func(t *testing.T, op operation) answer {
		t.Helper()
		got, err := c.call(key, op)
		if err != nil {
			t.Fatalf("%s: %v", op.action, err)
		}
		// Field names match whatever their case: CreateAccessWarrant writes requestId.
		var id struct{ RequestID string }
		mustRead(t, got.body, &id)
		if !requestIDPattern.MatchString(id.RequestID) || id.RequestID != got.header.Get("X-Acs-Request-Id") {
			t.Errorf("%s: id in the body %q, in the header %q",
				op.action, id.RequestID, got.header.Get("X-Acs-Request-Id"))
		}
		return got
	}
}

// refusedCase is a call that must end in a typed error.
type refusedCase struct {
	name string
	op   operation
	// prepare changes the box or the key before the call; may be nil.
	prepare func(t *testing.T, b *box, key *acsKey)
	key     int
	// signedBy is the rule of the box for the times of signatures; empty means the usual one.
	signedBy string
	want     refusal // Message is how the text begins
}

func refusedCases() []refusedCase {
	return slices.Concat(refusedCredentials(), refusedParameters(), playedErrors())
}

func refusedCredentials() []refusedCase {
	wrongSecret := func(_ *testing.T, _ *box, key *acsKey) { key.Secret += "x" }
	unknownKey := func(_ *testing.T, _ *box, key *acsKey) { key.ID += "x" }
	mismatch := refusal{Code: "SignatureDoesNotMatch", Status: 400, Message: "Specified signature "}
	unknown := refusal{
		Code: "InvalidAccessKeyId.NotFound", Status: 404, Message: "Specified access key is not found.",
	}
	return []refusedCase{
		{name: "wrong secret, query", op: applyToken(), prepare: wrongSecret, want: mismatch},
		{name: "wrong secret, form", op: getAuthCode(), prepare: wrongSecret, want: mismatch},
		{name: "wrong secret, JSON body", op: createAccessWarrant(), prepare: wrongSecret, want: mismatch},
		{name: "unknown key, RPC", op: applyToken(), prepare: unknownKey, want: unknown},
		{name: "unknown key, ROA", op: createAccessWarrant(), prepare: unknownKey, want: unknown},
		{
			name: "no security token", op: applyToken(), key: stsKey,
			prepare: func(_ *testing.T, _ *box, key *acsKey) { key.Token = "" },
			want: refusal{
				Code: "MissingSecurityToken", Status: 400, Message: "SecurityToken is mandatory for this action.",
			},
		},
		{
			name: "damaged security token", op: applyToken(), key: stsKey,
			prepare: func(_ *testing.T, _ *box, key *acsKey) { key.Token += "x" },
			want: refusal{
				Code: "InvalidSecurityToken.Malformed", Status: 400, Message: "Specified SecurityToken is malformed.",
			},
		},
		{
			name: "security token of another key", op: applyToken(),
			prepare: func(_ *testing.T, b *box, key *acsKey) { key.Token = b.Credentials.ACS[stsKey].Token },
			want: refusal{
				Code: "InvalidSecurityToken.MismatchWithAccessKey", Status: 400,
				Message: "Specified SecurityToken mismatch with the AccessKey.",
			},
		},
		{
			// The window is 15 minutes (vendor's gateway error table, InvalidTimeStamp.Expired).
			name: "clock ahead", op: applyToken(), signedBy: "clock",
			prepare: func(t *testing.T, b *box, _ *acsKey) { b.advance(t, 16*time.Minute) },
			want: refusal{
				Code: "InvalidTimeStamp.Expired", Status: 400,
				Message: "Specified time stamp or date value is expired.",
			},
		},
	}
}

func refusedParameters() []refusedCase {
	noActions, past, get, version, policy := applyToken(), applyToken(), applyToken(), getAuthCode(), getAuthCode()
	delete(noActions.query, "Actions")
	past.query["ExpireTime"] = "1578399620000"
	get.method = http.MethodGet
	version.version = "2021-02-19"
	policy.form["Policy"] = `{"Version":`
	return []refusedCase{
		{name: "no Actions", op: noActions, want: refusal{
			Code: "MissingActions", Status: 400, Message: "Actions is mandatory for this action.",
		}},
		{name: "ExpireTime in the past", op: past, want: refusal{
			Code: "ParameterCheckFailed", Status: 400,
			Message: "An error occurred while validating the parameters. The parameters may be missing or invalid.",
		}},
		{name: "ApplyToken by GET", op: get, want: refusal{
			Code: "UnsupportedHTTPMethod", Status: 403, Message: "This http method not supported.",
		}},
		{name: "unknown version", op: version, want: refusal{
			Code: "InvalidVersion", Status: 400, Message: "Specified parameter Version is not valid.",
		}},
		{name: "Policy that is not JSON", op: policy, want: refusal{Code: "InvalidPolicy", Status: 400}},
	}
}

// playedErrors are documented errors that a scenario sets off; each status class has its own error type in some SDKs.
func playedErrors() []refusedCase {
	played := func(code string, status int, message string) refusedCase {
		return refusedCase{
			name: "played " + code, op: applyToken(),
			prepare: func(t *testing.T, b *box, _ *acsKey) { b.play(t, "error/onsmqtt.ApplyToken/"+code) },
			want:    refusal{Code: code, Status: status, Message: message},
		}
	}
	return []refusedCase{
		played("ApiNotSupport", 404, "The specified API is not supported."),
		played("ApplyTokenOverFlow", 400, "You have applied for tokens too many times. Please try again later."),
		played("SystemOverFlow", 500, "An error occurred while processing your request. Please try again."),
	}
}

func TestTypedErrors(t *testing.T) {
	for _, client := range clients() {
		for _, c := range refusedCases() {
			t.Run(client.name+"/"+c.name, func(t *testing.T) {
				checkRefused(t, client, c)
			})
		}
	}
}

func checkRefused(t *testing.T, client client, c refusedCase) {
	t.Helper()
	b := newBox(t, func(d *definition) { d.SignatureTime = c.signedBy })
	key := b.Credentials.ACS[c.key]
	if c.prepare != nil {
		c.prepare(t, b, &key)
	}
	got, err := client.call(key, c.op)
	if err == nil {
		t.Fatalf("the call succeeded: %s", got.body)
	}
	refused := client.refusal(t, err)
	checkRefusal(t, refused, c.want)
	if key.ID == b.Credentials.ACS[c.key].ID {
		checkJournaled(t, b, refused)
	}
}

func checkRefusal(t *testing.T, got, want refusal) {
	t.Helper()
	if got.Code != want.Code || got.Status != want.Status ||
		!strings.HasPrefix(got.Message, want.Message) || !requestIDPattern.MatchString(got.RequestID) {
		t.Errorf("the error says %+v, want %+v and a request id", got, want)
	}
}

// checkJournaled compares the error that the SDK shows with the newest entry of the journal.
func checkJournaled(t *testing.T, b *box, refused refusal) {
	t.Helper()
	entries := b.journal(t)
	if len(entries) != 1 {
		t.Fatalf("the journal has %d entries, want 1", len(entries))
	}
	e := entries[0]
	if e.ID != refused.RequestID || e.Outcome != refused.Code || e.Status != refused.Status {
		t.Errorf("the journal says %+v, the error %+v", e, refused)
	}
}

// Beyond the quota of a user the call is refused, until the sandbox clock has moved on.
func TestFlowControl(t *testing.T) {
	for _, client := range clients() {
		t.Run(client.name, func(t *testing.T) {
			b := newBox(t, func(d *definition) { d.Quotas = map[string]string{"onsmqtt.ApplyToken": "1/d"} })
			key := b.Credentials.ACS[plainKey]
			client.caller(key)(t, applyToken())
			got, err := client.call(key, applyToken())
			if err == nil {
				t.Fatalf("the second call succeeded: %s", got.body)
			}
			checkRefusal(t, client.refusal(t, err), refusal{
				Code: "ApplyTokenOverFlow", Status: 400,
				Message: "You have applied for tokens too many times. Please try again later.",
			})
		})
	}
}

// A business failure of CreateAccessWarrant comes with status 200, and no SDK raises it.
func TestWarrantRefused(t *testing.T) {
	for _, client := range clients() {
		t.Run(client.name, func(t *testing.T) {
			b := newBox(t, func(d *definition) { d.Fixtures.Warrants = []warrantApp{{AppID: "another"}} })
			var got struct {
				Success bool
				ErrCode string
			}
			mustRead(t, client.caller(b.Credentials.ACS[plainKey])(t, createAccessWarrant()).body, &got)
			if got.Success || got.ErrCode != "INVALID_APP_ID" {
				t.Errorf("the answer is %+v, want INVALID_APP_ID", got)
			}
		})
	}
}
