package emulator_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// acsForgeries are requests that carry a good signature of something else: of another kind of call, or of less than what
// is called. What is called is what was signed.
func acsForgeries() map[string]attack {
	forgeries := map[string]attack{
		"signature of another kind":            {forge: otherKind, code: refused},
		"signature of another kind, and ours":  {forge: bothKinds, code: refused},
		"signature of another call":            {forge: otherCall, code: refused},
		"signed headers of another host":       {forge: listed(capitalHost), change: otherHost, code: refused},
		"no host signed in a list that has it": {forge: listed(capitalHost), code: refused},
	}
	for name, list := range map[string]func([]string) []string{
		"unsorted": func(names []string) []string { slices.Reverse(names); return names },
		"doubled":  func(names []string) []string { return slices.Insert(names, 0, names[0]) },
		"all in capitals": func(names []string) []string {
			return strings.Split(strings.ToUpper(strings.Join(names, ";")), ";")
		},
		"with an empty name": func(names []string) []string { return append([]string{""}, names...) },
	} {
		forgeries["signed headers "+name] = attack{forge: listed(list), code: refused}
	}
	for _, field := range []string{"Credential=other", "SignedHeaders=host", "Signature=00"} {
		name, _, _ := strings.Cut(field, "=")
		forgeries["two of "+name+", before"] = attack{code: refused, change: func(r *gatewaytest.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), " ", " "+field+",", 1))
		}}
		forgeries["two of "+name+", behind"] = attack{code: refused, change: func(r *gatewaytest.Request) {
			r.Header.Set("Authorization", r.Header.Get("Authorization")+","+field)
		}}
	}
	return forgeries
}

// capitalHost names Host so that it is no header of the request: its value is signed as empty, which fits any host.
func capitalHost(names []string) []string {
	names[slices.Index(names, "host")] = "Host"
	slices.Sort(names)
	return names
}

func otherHost(r *gatewaytest.Request) { r.Host = "elsewhere.example" }

// listed makes a valid request but for the list of signed headers, which is changed before it is signed.
func listed(list func([]string) []string) forgery {
	return func(t *testing.T, w *world, op *contract.Operation, text map[string]string, body []byte) gatewaytest.Request {
		t.Helper()
		w.acs.List = list
		return validACS(t, w, op, text, body)
	}
}

// otherKind calls an operation with a path by a signature of the parameters of another, and one without a path by a
// signature of the path alone, its parameters unsigned in a form.
func otherKind(_ *testing.T, w *world, op *contract.Operation, text map[string]string, body []byte) gatewaytest.Request {
	if op.Path != "/" {
		r := w.acs.RPC(gatewaytest.Request{Method: http.MethodPost, Path: "/", Host: host, Query: url.Values{}}, "ApplyToken", "2020-04-20")
		r.Path, r.Body = op.Path, string(body)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("x-acs-version", op.Version)
		return r
	}
	const formType = "application/x-www-form-urlencoded"
	r := gatewaytest.Request{Method: http.MethodPost, Path: "/", Host: host, Header: http.Header{"Content-Type": {formType}}}
	r = w.acs.ROA(r, op.Action, op.Version)
	form := url.Values{"Action": {op.Action}, "Version": {op.Version}}
	for name, value := range text {
		form.Set(name, value)
	}
	r.Body = form.Encode()
	return r
}

// bothKinds is the same with a wrong signature of the right kind beside it.
func bothKinds(t *testing.T, w *world, op *contract.Operation, text map[string]string, body []byte) gatewaytest.Request {
	t.Helper()
	r := otherKind(t, w, op, text, body)
	if op.Path != "/" {
		r.Header.Set("Authorization", "acs "+w.acs.AccessKeyID+":AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
		return r
	}
	r.Query = url.Values{"Signature": {"AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, "AccessKeyId": {w.acs.AccessKeyID}}
	return r
}

// otherCall signs for another operation than the one that is called.
func otherCall(_ *testing.T, w *world, op *contract.Operation, text map[string]string, body []byte) gatewaytest.Request {
	r := w.signedFor("DescribeNothing", op, text, body)
	r.Header.Set("x-acs-action", op.Action)
	return r
}

// TestForgeriesBeginWithGoodSignatures: the signatures that the forgeries carry are good where they belong, so that what
// refuses the forgeries is not a slip of theirs.
func TestForgeriesBeginWithGoodSignatures(t *testing.T) {
	t.Parallel()
	for _, api := range newWorld(t).HTTPAPIs() {
		for _, op := range api.Operations {
			if api.Gateway.Name != "acs" || op.Path == "/" {
				continue
			}
			w := newWorld(t)
			_, body, err := op.RequestExample()
			if err != nil {
				t.Fatal(err)
			}
			r := gatewaytest.Request{Method: http.MethodPost, Path: op.Path, Host: host, Body: string(body), Header: jsonHeader.Clone()}
			if got := w.do(t, w.acs.ROA(r, op.Action, op.Version)); got.code != "" {
				t.Errorf("%s signed as ROA has it: %d %s", op.Name, got.status, got.body)
			}
		}
	}
	w := newWorld(t)
	got := w.do(t, w.acs.RPC(gatewaytest.Request{Method: http.MethodPost, Path: "/", Host: host, Query: applyTokenRequest().Query}, "ApplyToken", "2020-04-20"))
	if got.code != "" {
		t.Errorf("a call signed as RPC has it: %d %s", got.status, got.body)
	}
}

// beforeAReset uses tokens that a reset ended.
func beforeAReset(t *testing.T, w *world, op *contract.Operation, text map[string]string, body []byte) gatewaytest.Request {
	t.Helper()
	r := validFabric(t, w, op, text, body)
	if err := w.Reset(t.Context(), w.box); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestGrantsOfAnotherSandbox: what one sandbox issued is not good in another one of the same seed, nor in the next one
// of its name. Temporary credentials and logins lead to their own sandbox wherever they are used: the first are left out,
// the others must not be good in the next one of its name.
func TestGrantsOfAnotherSandbox(t *testing.T) {
	t.Parallel()
	for _, next := range []string{"another", "created"} {
		for _, api := range grantor(t, "created").HTTPAPIs() {
			for _, op := range api.Operations {
				isGood := uses(op)
				if isGood == nil || api.Gateway.Name == "top" || api.Name == furtherAPI {
					continue
				}
				if isLogin := strings.HasPrefix(op.Name, "appstream.GetStsToken"); isLogin && next == "another" {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s", op.Name, next), func(t *testing.T) {
					t.Parallel()
					w := grantor(t, "created")
					w.wantNotGoodIn(t, next, w.grantOf(t, op), isGood)
				})
			}
		}
	}
}

// wantNotGoodIn tries a grant in a sandbox of that name that is made anew, before and after it issued one itself.
func (w *world) wantNotGoodIn(t *testing.T, next string, g *grant, isGood func(*testing.T, *world, *grant) bool) {
	t.Helper()
	if !isGood(t, w, g) || g.State != token.Active {
		t.Fatal("it is not good where it was issued")
	}
	if next == w.box.ID {
		if err := w.RemoveSandbox(t.Context(), next); err != nil {
			t.Fatal(err)
		}
	}
	box, err := w.CreateSandbox(t.Context(), sandbox.Definition{
		ID: next, Seed: w.box.Seed, Now: &instant, Frozen: true, Fixtures: w.box.Fixtures,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.enter(box)
	for _, api := range w.HTTPAPIs() {
		for _, op := range api.Operations {
			if isGood(t, w, g) {
				t.Fatalf("what was issued elsewhere is good, before %s", op.Name)
			}
			w.grantOf(t, op)
		}
	}
}
