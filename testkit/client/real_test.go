package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// real is a whole emulator behind a client.
type real struct {
	*client.Client
	data string // base URL
}

func startReal(t *testing.T) real {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	em, err := emulator.New(t.Context(), emulator.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if err := em.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = em.Close(t.Context()) }) // cuts off what is idle, as the test's context has ended
	return real{client.New("http://" + em.ControlAddr()), "http://" + em.Addr()}
}

// post asks for a token, which needs no signature, and returns the status and the body.
func (r real) post(t *testing.T, body map[string]string) (int, map[string]any) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.data+tokenPath, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	var value map[string]any
	if err := json.NewDecoder(reply.Body).Decode(&value); err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, value
}

const tokenPath = "/apigovernance/api/oauth/tokenByAkSk"

func (r real) issue(t *testing.T, app client.App) {
	t.Helper()
	body := map[string]string{"app_key": app.AppKey, "app_secret": app.AppSecret}
	status, reply := r.post(t, body)
	if status != http.StatusOK {
		t.Fatalf("status %d: %v", status, reply)
	}
}

func problemOf(t *testing.T, err error) *client.Problem {
	t.Helper()
	problem, ok := errors.AsType[*client.Problem](err)
	if !ok {
		t.Fatalf("no problem, but %v", err)
	}
	return problem
}

func TestSandboxFromBirthToEnd(t *testing.T) {
	t.Parallel()
	r, ctx := startReal(t), t.Context()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	made, err := r.CreateSandbox(ctx, client.Definition{
		ID: "a", Seed: new(uint64(9)), Now: now, Frozen: true,
		Credentials: client.Credentials{Top: []client.App{}},
		Quotas:      map[string]string{"onsmqtt.ApplyToken": "off"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if made.Seed != 9 || !made.Now.Equal(now) || !made.Frozen || made.Quotas["onsmqtt.ApplyToken"] != "off" {
		t.Errorf("made %+v", made)
	}
	if c := made.Credentials; len(c.ACS) != 1 || len(c.Top) != 0 || len(c.Fabric) != 1 || c.ACS[0].AccessKeySecret == "" {
		t.Errorf("credentials %+v", c)
	}
	if made.Endpoints.Data != r.data || made.Endpoints.Control != r.URL() {
		t.Errorf("endpoints %+v", made.Endpoints)
	}
	all, err := r.Sandboxes(ctx)
	if err != nil || len(all) != 2 || all[0] != summaryOf(made) {
		t.Errorf("listed %+v: %v", all, err)
	}
	_, err = r.CreateSandbox(ctx, client.Definition{ID: "a"})
	if p := problemOf(t, err); p.Status != http.StatusConflict || p.Type == "" {
		t.Errorf("made twice: %+v", p)
	}
	if err := r.RemoveSandbox(ctx, "a"); err != nil {
		t.Error(err)
	}
	_, err = r.Sandbox(ctx, "a")
	if p := problemOf(t, err); p.Status != http.StatusNotFound {
		t.Errorf("after its end: %+v", p)
	}
}

func TestRefusedDefinitions(t *testing.T) {
	t.Parallel()
	r := startReal(t)
	_, err := r.CreateSandbox(t.Context(), client.Definition{ID: "NOT GOOD"})
	if p := problemOf(t, err); p.Field != "id" || !strings.Contains(err.Error(), "POST /v1/sandboxes: 4") {
		t.Errorf("%v: %+v", err, p)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	r, ctx := startReal(t), t.Context()
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	got, err := r.ChangeClock(ctx, "default", client.ClockChange{
		Now: start, Advance: 90 * time.Minute, Frozen: new(true),
	})
	want := client.Clock{Now: start.Add(90 * time.Minute), Frozen: true}
	if err != nil || got != want {
		t.Errorf("changed to %+v: %v", got, err)
	}
	if got, err = r.Clock(ctx, "default"); err != nil || got != want {
		t.Errorf("stays at %+v: %v", got, err)
	}
	_, err = r.ChangeClock(ctx, "default", client.ClockChange{Advance: -time.Second})
	if p := problemOf(t, err); p.Field != "advance" {
		t.Errorf("a step back: %+v", p)
	}
	if err := r.Reset(ctx, "default"); err != nil {
		t.Error(err)
	}
	if got, err = r.Clock(ctx, "default"); err != nil || got.Frozen || got.Now.Equal(want.Now) {
		t.Errorf("after a reset: %+v: %v", got, err)
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	r, ctx := startReal(t), t.Context()
	box, err := r.CreateSandbox(ctx, client.Definition{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r.issue(t, box.Credentials.Fabric[0])
	}
	first, err := r.Requests(ctx, box.ID, client.Filter{Limit: 2, Operation: "ccmessaging.tokenByAkSk", Outcome: "ok"})
	if err != nil || len(first.Requests) != 2 || first.Next == nil {
		t.Fatalf("first page %+v: %v", first, err)
	}
	rest, err := r.Requests(ctx, box.ID, client.Filter{After: *first.Next})
	if err != nil || len(rest.Requests) != 1 || rest.Next != nil || rest.Requests[0].Seq != 3 {
		t.Errorf("second page %+v: %v", rest, err)
	}
	entry, err := r.Request(ctx, box.ID, first.Requests[0].ID)
	if err != nil || entry.Seq != 1 || entry.Request.Method != http.MethodPost || entry.Response.Status != http.StatusOK {
		t.Errorf("entry %+v: %v", entry, err)
	}
	if err := r.ClearRequests(ctx, box.ID); err != nil {
		t.Error(err)
	}
	if left, err := r.Requests(ctx, box.ID, client.Filter{}); err != nil || len(left.Requests) != 0 {
		t.Errorf("left %+v: %v", left, err)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	r, ctx := startReal(t), t.Context()
	box, err := r.CreateSandbox(ctx, client.Definition{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r.issue(t, box.Credentials.Fabric[0])
	}
	tokens, err := r.Tokens(ctx, box.ID)
	if err != nil || len(tokens) != 2 || tokens[0].API != "ccmessaging" || tokens[0].State != client.Active {
		t.Fatalf("tokens %+v: %v", tokens, err)
	}
	expired, err := r.ExpireToken(ctx, box.ID, tokens[0].ID)
	if err != nil || expired.State != client.Expired {
		t.Errorf("expired %+v: %v", expired, err)
	}
	revoked, err := r.RevokeToken(ctx, box.ID, tokens[1].ID)
	if err != nil || revoked.State != client.Revoked || len(revoked.History) == 0 {
		t.Errorf("revoked %+v: %v", revoked, err)
	}
	_, err = r.RedeemToken(ctx, box.ID, tokens[1].ID)
	if p := problemOf(t, err); p.Status != http.StatusConflict {
		t.Errorf("redeemed: %+v", p)
	}
}

// TestNothingIsLostInTypes compares what the server sends with what the typed values know of it.
func TestNothingIsLostInTypes(t *testing.T) {
	t.Parallel()
	r, ctx := startReal(t), t.Context()
	box, err := r.CreateSandbox(ctx, client.Definition{
		ID: "a", Frozen: true, Quotas: map[string]string{"onsmqtt.ApplyToken": "5/s"},
		Credentials: client.Credentials{ACS: []client.ACSCredential{{
			AccessKeyID: "key", AccessKeySecret: "secret", SecurityToken: "token", BearerToken: "bearer", Disabled: true,
		}}},
		Fixtures: client.Fixtures{
			Instances: []string{"i"}, Channels: []string{"c"}, Users: []string{"u"},
			Warrants: []client.WarrantApp{{AppID: "w", AppSecret: "secret"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.issue(t, box.Credentials.Fabric[0])
	r.post(t, map[string]string{"app_key": box.Credentials.Fabric[0].AppKey})
	journal, err := r.Requests(ctx, "a", client.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for path, read := range map[string]func() (any, error){
		"/v1/apis":                    func() (any, error) { v, err := r.APIs(ctx); return list("apis", v), err },
		"/v1/sandboxes/a":             func() (any, error) { return r.Sandbox(ctx, "a") },
		"/v1/sandboxes/a/clock":       func() (any, error) { return r.Clock(ctx, "a") },
		"/v1/sandboxes/a/requests":    func() (any, error) { return journal, nil },
		"/v1/sandboxes/a/tokens":      func() (any, error) { v, err := r.Tokens(ctx, "a"); return list("tokens", v), err },
		"/v1/sandboxes/a/requests/ID": func() (any, error) { return r.Request(ctx, "a", journal.Requests[1].ID) },
	} {
		typed, err := read()
		if err != nil {
			t.Fatal(err)
		}
		known, err := json.Marshal(typed)
		if err != nil {
			t.Fatal(err)
		}
		got, want := sorted(t, known), sorted(t, r.get(t, strings.Replace(path, "ID", journal.Requests[1].ID, 1)))
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nis known as\n%s", path, want, got)
		}
	}
}

// list is how the control API wraps a list.
func list(name string, values any) any { return map[string]any{name: values} }

func (r real) get(t *testing.T, path string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	raw, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// sorted is a JSON document with the members of its objects in order.
func sorted(t *testing.T, raw []byte) []byte {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	ordered, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return ordered
}

func TestTTLTravels(t *testing.T) {
	t.Parallel()
	r, ctx := startReal(t), t.Context()
	em := client.NewEmulator(r.Client, strings.TrimPrefix(r.data, "http://"))
	box, err := r.Sandbox(ctx, em.Sandbox(t, client.TTL(90*time.Minute)).ID)
	if err != nil || box.TTL != "1h30m0s" || time.Until(box.ExpiresAt) < 80*time.Minute {
		t.Errorf("%+v, %v", summaryOf(box), err)
	}
}

// summaryOf is what a list shows of a sandbox.
func summaryOf(s client.Sandbox) client.Summary {
	return client.Summary{ID: s.ID, Seed: s.Seed, Now: s.Now, Frozen: s.Frozen, TTL: s.TTL, ExpiresAt: s.ExpiresAt}
}
