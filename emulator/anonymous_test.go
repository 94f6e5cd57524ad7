package emulator_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// example is a good request of an operation: the document's, with tokens that the sandbox issued where it takes them.
func (w *world) example(t testing.TB, op *contract.Operation) (text map[string]string, body []byte) {
	t.Helper()
	text, body, err := op.RequestExample()
	if err != nil {
		t.Fatal(err)
	}
	if _, takesOne := text["AuthCode"]; takesOne {
		text["AuthCode"] = w.authCode(t)
	}
	if _, takesOne := text["LoginToken"]; takesOne {
		text["LoginToken"], text["SessionId"] = w.login(t)
	}
	return text, body
}

// ask makes a signed call for the user alice that must succeed, and reads its reply.
func (w *world) ask(t testing.TB, action string, into any) {
	t.Helper()
	got := w.do(t, w.acs.V3(gatewaytest.Request{
		Method: http.MethodPost, Path: "/", Host: host, Query: url.Values{"EndUserId": {"alice"}},
	}, action, "2021-02-18"))
	if err := json.Unmarshal([]byte(got.body), into); err != nil || got.status != http.StatusOK {
		t.Fatalf("%s: %d %s", action, got.status, got.body)
	}
}

func (w *world) authCode(t testing.TB) string {
	t.Helper()
	var issued struct{ AuthModel struct{ AuthCode string } }
	w.ask(t, "GetAuthCode", &issued)
	return issued.AuthModel.AuthCode
}

func (w *world) login(t testing.TB) (token, session string) {
	t.Helper()
	var issued struct {
		StsTokenModel struct{ StsToken, SessionID string }
	}
	w.ask(t, "GetStsToken", &issued)
	return issued.StsTokenModel.StsToken, issued.StsTokenModel.SessionID
}

// anonymous is a call without a key, as @alicloud/openapi-client 0.4.15 sends it.
func anonymous(op *contract.Operation, text map[string]string) gatewaytest.Request {
	form := url.Values{}
	for name, value := range text {
		form.Set(name, value)
	}
	return gatewaytest.Request{Method: http.MethodPost, Path: op.Path, Host: host, Body: form.Encode(), Header: http.Header{
		"X-Acs-Action": {op.Action}, "X-Acs-Version": {op.Version}, "X-Acs-Date": {"2026-03-01T08:00:00Z"},
		"X-Acs-Signature-Nonce": {"the-same-each-time"}, "X-Acs-Content-Sha256": {"not-judged"},
		"Content-Type": {"application/x-www-form-urlencoded"},
	}}
}

// changed changes one parameter of a call that carries a form.
func changed(name string, change func(string) string) func(*gatewaytest.Request) {
	return func(r *gatewaytest.Request) {
		form, err := url.ParseQuery(r.Body)
		if err != nil {
			panic(err)
		}
		form.Set(name, change(form.Get(name)))
		r.Body = form.Encode()
	}
}

// flipped changes one byte of a text.
func flipped(at func(length int) int) func(string) string {
	return func(text string) string {
		i := at(len(text))
		other := byte('0')
		if text[i] == other {
			other = '1'
		}
		return text[:i] + string(other) + text[i+1:]
	}
}

// anonymousDriver calls operations that need no key. The errors are those of the token that they take.
func anonymousDriver(op *contract.Operation) driver {
	token := op.Anonymous.Token
	unknown := always("Invalid" + token + ".NotFound")
	again := always("") // a login is good more than once
	if token == "AuthCode" {
		again = always("InvalidAuthCode.Used")
	}
	replace := func(by string) func(*gatewaytest.Request) { return changed(token, func(string) string { return by }) }
	return driver{
		valid: func(_ *testing.T, _ *world, op *contract.Operation, text map[string]string, _ []byte) gatewaytest.Request {
			return anonymous(op, text)
		},
		attacks: map[string]attack{
			"good":           {code: always("")},
			"replayed":       {twice: true, code: again},
			"forged":         {change: replace("acv2" + strings.Repeat("A", 288) + "0123456789ab"), code: unknown},
			"short":          {change: replace("x"), code: unknown},
			"first byte":     {change: changed(token, flipped(func(int) int { return 0 })), code: unknown},
			"a byte flipped": {change: changed(token, flipped(func(n int) int { return n / 2 })), code: unknown},
			"tag flipped":    {change: changed(token, flipped(func(n int) int { return n - 1 })), code: unknown},
			"tag in capitals": {
				change: changed(token, func(s string) string { return s[:len(s)-12] + strings.ToUpper(s[len(s)-12:]) }), code: unknown,
			},
			"a byte more": {change: changed(token, func(s string) string { return s + "0" }), code: unknown},
			"line end": {
				change: changed(token, func(s string) string { return s[:40] + "\n" + s[40:] }), code: unknown,
			},
			"body in capitals": {
				change: changed(token, func(s string) string {
					return s[:4] + strings.ToUpper(s[4:len(s)-12]) + s[len(s)-12:]
				}), code: unknown,
			},
			"wrong method": {change: func(r *gatewaytest.Request) { r.Method = http.MethodDelete }, code: always("UnsupportedHTTPMethod")},
		},
		missing: missingACS,
	}
}

// twin makes a further sandbox of the same seed at the same instant, with a key of its own.
func (w *world) twin(t *testing.T, id, key string) *sandbox.Sandbox {
	t.Helper()
	def := w.box.Definition
	def.ID = id
	def.Credentials = gatewaytest.Credentials{
		ACS:    []gatewaytest.ACSCredential{{AccessKeyID: key, AccessKeySecret: key + "-secret"}},
		Top:    []gatewaytest.App{{AppKey: "2" + key, AppSecret: "top-secret"}},
		Fabric: []gatewaytest.App{{AppKey: "fabric-" + key, AppSecret: "fabric-secret"}},
	}.Listed()
	box, err := w.Sandboxes().Create(t.Context(), def)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// redeem trades a code in, without a key.
func (w *world) redeem(t *testing.T, code string) answer {
	t.Helper()
	return w.do(t, anonymous(operation(t, w, "appstream", "GetStsToken"), map[string]string{"AuthCode": code}))
}

// lastOf is the newest entry of a sandbox's journal as operation with outcome, and findings.
func (w *world) lastOf(t *testing.T, box *sandbox.Sandbox) (outcome string, why string) {
	t.Helper()
	e := w.lastEntry(t, box, 0)
	for _, f := range e.Findings {
		why += f.Message + "\n"
	}
	return e.Operation + " " + e.Outcome, why
}

// TestCodesOfTwins: of two sandboxes with one seed that did the same, each redeems its own codes alone, and a call ends in
// the journal of the sandbox that the code leads to, or in that of default.
func TestCodesOfTwins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.box
	second := w.twin(t, "second", "ak2")
	mine := w.authCode(t)
	w.enter(second)
	other := w.authCode(t)
	tag := func(s string) string { return s[len(s)-12:] }
	body := func(s string) string { return s[:len(s)-12] }
	for name, c := range map[string]struct {
		code string
		in   *sandbox.Sandbox
		want string
	}{
		"first code, second tag": {body(mine) + tag(other), second, "InvalidAuthCode.NotFound"},
		"second code, first tag": {body(other) + tag(mine), first, "InvalidAuthCode.NotFound"},
		"nobody's tag":           {body(mine) + "000000000000", w.Default(), "InvalidAuthCode.NotFound"},
		"no tag":                 {body(mine), w.Default(), "InvalidAuthCode.NotFound"},
	} {
		got := w.redeem(t, c.code)
		outcome, why := w.lastOf(t, c.in)
		if got.code != c.want || outcome != "appstream.GetStsToken "+c.want || !strings.Contains(why, "No sandbox issued this code") {
			t.Errorf("%s: %d %s; the journal of %s says %s: %s", name, got.status, got.body, c.in.ID, outcome, why)
		}
	}
	for box, code := range map[*sandbox.Sandbox]string{first: mine, second: other} {
		got := w.redeem(t, code)
		if outcome, _ := w.lastOf(t, box); got.status != http.StatusOK || outcome != "appstream.GetStsToken ok" {
			t.Errorf("%s: %d %s, %s", box.ID, got.status, got.body, outcome)
		}
	}
}

// TestCodesOfTwoKeys: a code with the mark of another key of its sandbox is not the one that was issued.
func TestCodesOfTwoKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(def *sandbox.Definition) {
		def.Credentials["acs"] = gatewaytest.Credentials{ACS: []gatewaytest.ACSCredential{
			{AccessKeyID: "ak", AccessKeySecret: "acs-secret"}, {AccessKeyID: "ak2", AccessKeySecret: "acs-secret"},
		}}.Listed()["acs"]
	})
	first := w.authCode(t)
	w.acs.AccessKeyID = "ak2"
	second := w.authCode(t)
	if got := w.redeem(t, second[:len(second)-12]+first[len(first)-12:]); got.code != "InvalidAuthCode.NotFound" {
		t.Errorf("with the mark of another key: %s", got.body)
	}
	if got := w.redeem(t, second); got.status != http.StatusOK {
		t.Errorf("with its own: %s", got.body)
	}
}

// TestCodesOfAnotherLife: no code outlives the sandbox that issued it, also where another of the same definition stands in
// its place and has made the same number of calls.
func TestCodesOfAnotherLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	box := w.twin(t, "gone", "ak2")
	w.enter(box)
	old := w.authCode(t)
	if err := w.Reset(t.Context(), box); err != nil {
		t.Fatal(err)
	}
	got := w.redeem(t, old)
	if _, why := w.lastOf(t, box); got.code != "InvalidAuthCode.NotFound" || !strings.Contains(why, "before the sandbox was reset") {
		t.Errorf("after a reset: %s, %s", got.body, why)
	}
	old = w.authCode(t)
	if err := w.RemoveSandbox(t.Context(), box.ID); err != nil {
		t.Fatal(err)
	}
	got = w.redeem(t, old)
	if outcome, _ := w.lastOf(t, w.Default()); got.code != "InvalidAuthCode.NotFound" || outcome != "appstream.GetStsToken "+got.code {
		t.Errorf("after the removal: %s; the journal of default says %s", got.body, outcome)
	}

	again := w.twin(t, box.ID, "ak2")
	w.enter(again)
	if _, err := w.ChangeClock(t.Context(), again, sandbox.ClockChange{Advance: time.Second}); err != nil {
		t.Fatal(err)
	}
	before := w.authCode(t)
	token, session := w.login(t)
	if err := w.RemoveSandbox(t.Context(), again.ID); err != nil {
		t.Fatal(err)
	}
	again = w.twin(t, box.ID, "ak2")
	w.enter(again)
	present := w.authCode(t) // by the call of the same number
	for range 3 {
		w.login(t)
	}
	if got := w.redeem(t, before); got.code != "InvalidAuthCode.NotFound" {
		t.Errorf("a code of an earlier sandbox of the same definition: %s", got.body)
	}
	if got := w.redeem(t, present); got.status != http.StatusOK {
		t.Errorf("the code of the same number: %s", got.body)
	}
	for _, id := range []string{"RefreshLoginToken", "ClientUserLogout", "GetConnectionTicket"} {
		got := w.do(t, anonymous(operation(t, w, "appstream", id), map[string]string{
			"ProductType": "CloudApp", "LoginToken": token, "SessionId": session,
		}))
		if got.code != "InvalidLoginToken.NotFound" {
			t.Errorf("%s with a login of an earlier sandbox: %s", id, got.body)
		}
	}
	if got := w.redeem(t, w.authCode(t)); got.status != http.StatusOK {
		t.Errorf("a code of the present one: %s", got.body)
	}
}

// TestSignedCallsThatNeedNoKey: a call that names a key or carries a signature is judged by it, and is made in the sandbox
// of the key.
func TestSignedCallsThatNeedNoKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.box, w.twin(t, "second", "ak2")
	op := operation(t, w, "appstream", "GetStsToken")
	signed := func(as *gatewaytest.ACS, code string, v1 bool) gatewaytest.Request {
		r := anonymous(op, map[string]string{"AuthCode": code})
		r.Header = http.Header{"Content-Type": r.Header["Content-Type"]}
		if v1 {
			r.Query = url.Values{"AuthCode": {code}}
			r.Body = ""
			return as.RPC(r, op.Action, op.Version)
		}
		return as.V3(r, op.Action, op.Version)
	}
	code, mine := w.authCode(t), w.acs
	w.enter(second)
	theirs := w.acs
	w.box, w.acs = first, mine
	for name, c := range map[string]struct {
		request func() gatewaytest.Request
		want    string
	}{
		"V3":        {func() gatewaytest.Request { return signed(w.acs, w.authCode(t), false) }, ""},
		"RPC":       {func() gatewaytest.Request { return signed(w.acs, w.authCode(t), true) }, ""},
		"wrong key": {func() gatewaytest.Request { return signed(wrong(w.acs, "nobody", ""), code, false) }, "InvalidAccessKeyId.NotFound"},
		"wrong sum": {func() gatewaytest.Request { return signed(wrong(w.acs, "", "x"), code, false) }, "SignatureDoesNotMatch"},
		"wrong v1":  {func() gatewaytest.Request { return signed(wrong(w.acs, "", "x"), code, true) }, "SignatureDoesNotMatch"},
		"their key": {func() gatewaytest.Request { return signed(theirs, w.authCode(t), false) }, "InvalidAuthCode.NotFound"},
		"named only": {func() gatewaytest.Request {
			r := anonymous(op, map[string]string{"AuthCode": code, "AccessKeyId": "ak"})
			r.Header.Del("X-Acs-Date")
			return r
		}, "MissingTimestamp"},
	} {
		if got := w.do(t, c.request()); got.code != c.want {
			t.Errorf("%s: %d %s, want %s", name, got.status, got.body, c.want)
		}
	}
	if outcome, _ := w.lastOf(t, second); outcome != "appstream.GetStsToken InvalidAuthCode.NotFound" {
		t.Errorf("the journal of the other sandbox says %s", outcome)
	}
}

// wrong is a caller with another key or secret.
func wrong(as *gatewaytest.ACS, key, secret string) *gatewaytest.ACS {
	return &gatewaytest.ACS{
		AccessKeyID: cmp.Or(key, as.AccessKeyID), AccessKeySecret: cmp.Or(secret, as.AccessKeySecret), Now: as.Now,
	}
}

// TestCodeIsUsedWhateverCame: any call that names a code uses it up, also one that a scenario answers, that cannot be
// read in full, or whose signature is wrong; the journal says so. One that waits is no different.
func TestCodeIsUsedWhateverCame(t *testing.T) {
	t.Parallel()
	const rule = "name: a\nrules: [{on: appstream.GetStsToken, script: [{%s}]}]"
	for name, c := range map[string]struct {
		script string
		change func(w *world, r *gatewaytest.Request)
	}{
		"fails":            {"fail: ServiceUnavailable", nil},
		"fails on arrival": {"fail: SignatureDoesNotMatch", nil},
		"answers":          {"respond: {status: 200, body: '{}', offSpec: true}", nil},
		"format": {"", func(_ *world, r *gatewaytest.Request) {
			changed("Format", func(string) string { return "yaml" })(r)
		}},
		"bad parameter": {"", func(_ *world, r *gatewaytest.Request) {
			changed("ClientOS", func(string) string { return "\xff" })(r)
		}},
		"wrong signature": {"", func(w *world, r *gatewaytest.Request) {
			*r = w.acs.V3(gatewaytest.Request{
				Method: r.Method, Path: r.Path, Host: r.Host, Body: r.Body, Header: http.Header{"Content-Type": r.Header["Content-Type"]},
			}, "GetStsToken", "2021-02-20")
			r.Body += "&More=1"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			code := w.authCode(t)
			if c.script != "" {
				w.play(t, w.box, fmt.Sprintf(rule, c.script))
			}
			r := anonymous(operation(t, w, "appstream", "GetStsToken"), map[string]string{"AuthCode": code})
			if c.change != nil {
				c.change(w, &r)
			}
			got := w.do(t, r)
			outcome, why := w.lastOf(t, w.box)
			if strings.Contains(got.body, "StsTokenModel") || !strings.Contains(why, "is used up by this call") {
				t.Errorf("%d %s; the journal says %s: %s", got.status, got.body, outcome, why)
			}
			if c.script != "" {
				w.play(t, w.box, "name: a\nrules: [{on: appstream.GetStsToken, script: [pass]}]")
			}
			if got := w.redeem(t, code); got.code != "InvalidAuthCode.Used" {
				t.Errorf("afterwards: %d %s", got.status, got.body)
			}
		})
	}
}

// TestWaysOfACallWithoutAKey: both styles, both methods, query and form, JSON and XML, with and without what SDKs add.
func TestWaysOfACallWithoutAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := operation(t, w, "appstream", "GetStsToken")
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	headers := anonymous(op, nil).Header
	public := url.Values{"Action": {op.Action}, "Version": {op.Version}}
	for name, c := range map[string]struct {
		method        string
		query, form   url.Values
		header        http.Header
		codeIn, wants string
	}{
		"V3, form":           {http.MethodPost, nil, url.Values{}, headers, "form", `"StsToken"`},
		"V3, query":          {http.MethodPost, url.Values{}, nil, http.Header{"X-Acs-Action": {op.Action}, "X-Acs-Version": {op.Version}}, "query", `"StsToken"`},
		"V3, GET":            {http.MethodGet, url.Values{}, nil, http.Header{"X-Acs-Action": {op.Action}, "X-Acs-Version": {op.Version}}, "query", `"StsToken"`},
		"RPC, GET":           {http.MethodGet, public, nil, nil, "query", `"StsToken"`},
		"RPC, query":         {http.MethodPost, public, nil, nil, "query", `"StsToken"`},
		"RPC, form":          {http.MethodPost, nil, public, form, "form", `"StsToken"`},
		"RPC, query, form":   {http.MethodPost, public, url.Values{}, form, "form", `"StsToken"`},
		"RPC, XML":           {http.MethodGet, url.Values{"Action": {op.Action}, "Version": {op.Version}, "Format": {"XML"}}, nil, nil, "query", "<StsToken>"},
		"RPC, nonce and all": {http.MethodPost, url.Values{"Action": {op.Action}, "Version": {op.Version}, "Timestamp": {"long ago"}, "SignatureNonce": {"n"}, "Format": {"json"}}, url.Values{}, form, "form", `"StsToken"`},
	} {
		code := w.authCode(t)
		r := gatewaytest.Request{Method: c.method, Path: "/", Host: host, Query: url.Values{}, Header: http.Header{}}
		maps.Copy(r.Query, c.query)
		maps.Copy(r.Header, c.header)
		body := url.Values{}
		maps.Copy(body, c.form)
		if c.codeIn == "form" {
			body.Set("AuthCode", code)
		} else {
			r.Query.Set("AuthCode", code)
		}
		r.Body = body.Encode()
		got := w.do(t, r)
		entry := w.lastEntry(t, w.box, 0)
		if got.status != http.StatusOK || !strings.Contains(got.body, c.wants) || entry.Credential != "" || entry.SignatureTime != "" {
			t.Errorf("%s: %d %s; the journal names the credential %q", name, got.status, got.body, entry.Credential)
		}
	}
}
