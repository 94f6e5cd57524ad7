package emulator_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redistest"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	steer "github.com/tokenstage/tokenstage/emulator/internal/world"
)

// movingOn plays in the sandbox of these tests: a script in the middle of which a snapshot is taken, a state, a cursor
// for each value, and a quota.
const movingOn = `name: moving-on
rules:
  - on: onsmqtt.RevokeToken
    script: [{fail: SystemOverFlow, times: 3}, pass]
  - on: aicontent.CreateAccessWarrant
    per: credential
    script: [pass, {fail: ServiceUnavailable}, pass]
    end: repeat
  - on: onsmqtt.ApplyToken
    quota: {rate: 3/h, over: {fail: CheckAccountInfoFailed}}
`

// halfOfTheCalls calls every operation, and ends one of the tokens that are listed then.
func (w *world) halfOfTheCalls(t *testing.T) []answer {
	t.Helper()
	var all []answer
	for _, api := range w.HTTPAPIs() {
		for _, op := range api.Operations {
			text, body := w.example(t, op)
			got := w.do(t, driverOf(op).valid(t, w, op, text, body))
			got.header = http.Header{"Content-Type": got.header["Content-Type"]}
			all = append(all, got)
		}
	}
	tokens, err := w.Tokens(t.Context(), w.box)
	if err != nil || len(tokens) == 0 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	for _, listed := range tokens {
		if listed.State == token.Active {
			if _, err := w.ChangeToken(t.Context(), w.box, listed.ID, token.Revoked); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	return all
}

// saved is the snapshot as it stands in a file.
func (w *world) saved(t *testing.T, o steer.SnapshotOptions) []byte {
	t.Helper()
	s, err := w.Snapshot(t.Context(), w.box, o)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// loaded is a world of its own with the sandbox of a snapshot.
func loaded(t *testing.T, raw []byte, o emulator.Options) *world {
	t.Helper()
	w := newWorldWith(t, o, func(def *sandbox.Definition) {
		def.ID, def.Credentials = "other", gatewaytest.Credentials{
			ACS:    []gatewaytest.ACSCredential{{AccessKeyID: "other", AccessKeySecret: "other-secret"}},
			Top:    []gatewaytest.App{{AppKey: "20000009", AppSecret: "other-secret"}},
			Fabric: []gatewaytest.App{{AppKey: "fabric-other", AppSecret: "other-secret"}},
		}.Listed()
	})
	var s steer.Snapshot
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	box, err := w.LoadSnapshot(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	w.enter(box)
	return w
}

// TestSnapshotGoesOn makes half of the calls, writes the sandbox down, and lets the other half come to the same bytes
// there and elsewhere.
func TestSnapshotGoesOn(t *testing.T) {
	t.Parallel()
	for name, stores := range map[string]func() (from, to emulator.Options){
		"memory": func() (from, to emulator.Options) { return from, to },
		"from redis to memory": func() (from, to emulator.Options) {
			return emulator.Options{StoreURL: redistest.Start(t).URL()}, to
		},
		"from memory to redis": func() (from, to emulator.Options) {
			return from, emulator.Options{StoreURL: redistest.Start(t).URL()}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := stores()
			a := newWorldWith(t, from)
			a.play(t, a.box, movingOn)
			a.halfOfTheCalls(t)
			if err := a.Reset(t.Context(), a.box); err != nil {
				t.Fatal(err)
			}
			a.play(t, a.box, movingOn)
			a.halfOfTheCalls(t)
			if _, err := a.ChangeClock(t.Context(), a.box, sandbox.ClockChange{Advance: time.Minute}); err != nil {
				t.Fatal(err)
			}
			b := loaded(t, a.saved(t, steer.SnapshotOptions{Secrets: true, Journal: true}), to)
			if got, want := b.entries(t, b.box, 0), a.entries(t, a.box, 0); len(got) != len(want) {
				t.Errorf("%d calls in the journal, want %d", len(got), len(want))
			}
			b.acs.Now, b.top.Now = a.acs.Now, a.top.Now
			for range 2 {
				want, got := a.halfOfTheCalls(t), b.halfOfTheCalls(t)
				if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(answer{})); diff != "" {
					t.Errorf("the calls end another way (-there +here):\n%s", diff)
				}
			}
			there, err := a.Tokens(t.Context(), a.box)
			if err != nil {
				t.Fatal(err)
			}
			here, err := b.Tokens(t.Context(), b.box)
			if diff := gocmp.Diff(there, here); diff != "" || err != nil {
				t.Errorf("the tokens differ (-there +here), %v:\n%s", err, diff)
			}
			if diff := gocmp.Diff(a.saved(t, steer.SnapshotOptions{Secrets: true}),
				b.saved(t, steer.SnapshotOptions{Secrets: true})); diff != "" {
				t.Errorf("what is written down differs (-there +here):\n%s", diff)
			}
		})
	}
}

// TestSnapshotWithoutSecrets looks for every secret in what is written without them, and makes new ones from it.
func TestSnapshotWithoutSecrets(t *testing.T) {
	t.Parallel()
	secrets := []string{"acs-secret", "top-secret", "fabric-secret", "warrant-secret"}
	a := newWorld(t, func(def *sandbox.Definition) {
		def.Fixtures.Warrants = []sandbox.WarrantApp{{AppID: "with", AppSecret: secrets[3]}, {AppID: "without"}}
	})
	a.play(t, a.box, "name: telling\nsummary: it says acs-secret\nrules: [{on: onsmqtt.ApplyToken, script: [pass]}]\n")
	a.do(t, a.acs.V3(gatewaytest.Request{
		Method: http.MethodPost, Path: "/", Host: host, Query: map[string][]string{"EndUserId": {"acs-secret"}},
	}, "GetAuthCode", "2021-02-18"))
	raw := a.saved(t, steer.SnapshotOptions{Journal: true})
	var s steer.Snapshot
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	all := append([][]byte{raw}, append(s.Tokens, s.Journal...)...)
	for _, v := range s.Values {
		all = append(all, v.Key, v.Value)
	}
	for _, text := range all {
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s is in %q", secret, text)
			}
		}
	}
	if len(s.Journal) == 0 || len(s.Tokens) == 0 || len(s.Values) == 0 {
		t.Fatalf("%d calls, %d tokens and %d values were written", len(s.Journal), len(s.Tokens), len(s.Values))
	}
	b := loaded(t, raw, emulator.Options{})
	made := gatewaytest.Read(b.box.Credentials)
	if len(made.ACS) != 1 || made.ACS[0].AccessKeySecret == "acs-secret" || len(made.Top) != 1 || len(made.Fabric) != 1 {
		t.Errorf("the credentials are %+v", made)
	}
	warrants := b.box.Fixtures.Warrants
	if len(warrants[0].AppSecret) < 8 || warrants[0].AppSecret == sandbox.Mask || warrants[1].AppSecret != "" {
		t.Errorf("the warrants are %+v", warrants)
	}
	b.halfOfTheCalls(t)
	if got := b.do(t, b.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20")); got.status != http.StatusOK {
		t.Errorf("a call with the new key: %d %s", got.status, got.body)
	}
}

// TestSnapshotPlaysItsOwnDocuments: what a loaded sandbox plays is what stands in the file, also where the server has
// read another document under the same place before.
func TestSnapshotPlaysItsOwnDocuments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noQuota)
	w.play(t, w.box, "name: own\nrules: [{on: onsmqtt.ApplyToken, script: [{fail: SystemOverFlow}]}]\n")
	if got := apply(t, w); got.code != "SystemOverFlow" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	s, err := w.Snapshot(t.Context(), w.box, steer.SnapshotOptions{Secrets: true})
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for i := range s.Values {
		text := bytes.ReplaceAll(s.Values[i].Value, []byte("SystemOverFlow"), []byte("ApplyTokenOverFlow"))
		if !bytes.Equal(text, s.Values[i].Value) {
			s.Values[i].Value, changed = text, changed+1
		}
	}
	if changed != 1 {
		t.Fatalf("%d documents were changed", changed)
	}
	if err := w.RemoveSandbox(t.Context(), w.box.ID); err != nil {
		t.Fatal(err)
	}
	if w.box, err = w.LoadSnapshot(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if got := apply(t, w); got.code != "ApplyTokenOverFlow" {
		t.Errorf("%d %s, want the error of the file's document", got.status, got.body)
	}
}

// TestSnapshotRefused breaks a snapshot in every place.
func TestSnapshotRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play(t, w.box, movingOn)
	w.halfOfTheCalls(t)
	raw := w.saved(t, steer.SnapshotOptions{Secrets: true, Journal: true})
	if err := w.RemoveSandbox(t.Context(), w.box.ID); err != nil {
		t.Fatal(err)
	}
	valueOf := func(s *steer.Snapshot, prefix string) *steer.SnapshotValue {
		for i := range s.Values {
			if strings.HasPrefix(string(s.Values[i].Key), prefix) {
				return &s.Values[i]
			}
		}
		t.Fatalf("no key begins with %q", prefix)
		return nil
	}
	for want, breaks := range map[string]func(s *steer.Snapshot){
		"format: is 2; this server reads format 1": func(s *steer.Snapshot) { s.Format = 2 },
		"definition.id: is missing":                func(s *steer.Snapshot) { s.Definition.ID = "" },
		"id: must match":                           func(s *steer.Snapshot) { s.Definition.ID = "a/b" },
		"although \"secrets\" is false":            func(s *steer.Snapshot) { s.Secrets = false },
		"definition: scenarios[0]": func(s *steer.Snapshot) {
			s.Definition.Scenarios = []sandbox.Script{{Name: "nobody"}}
		},
		"definition: has more": func(s *steer.Snapshot) {
			s.Definition.Quotas = map[string]string{strings.Repeat("a", 1<<20): "off"}
		},
		"quotas.onsmqtt.ApplyTokn: no operation of that name has a quota": func(s *steer.Snapshot) {
			s.Definition.Quotas = map[string]string{"onsmqtt.ApplyTokn": "off"}
		},
		"life.now: ":        func(s *steer.Snapshot) { s.Life.Now = time.Time{} },
		"life.lowest: ":     func(s *steer.Snapshot) { s.Life.Lowest = math.MaxInt64 },
		"life.generation: ": func(s *steer.Snapshot) { s.Life.Generation = 0 },
		"life.calls: ":      func(s *steer.Snapshot) { s.Life.Calls = -1 },
		"\"sandbox\" is no key that a sandbox keeps": func(s *steer.Snapshot) { s.Values[0].Key = []byte("sandbox") },
		"\"coverage/x\" is no key":                   func(s *steer.Snapshot) { s.Values[0].Key = []byte("coverage/x") },
		"is there twice":                             func(s *steer.Snapshot) { s.Values = append(s.Values, s.Values[0]) },
		"is no number of calls": func(s *steer.Snapshot) {
			valueOf(s, "quota/").Value = []byte("-5")
		},
		"no token becomes": func(s *steer.Snapshot) {
			valueOf(s, "token/").Value = []byte("\xa1\x01\x66active")
		},
		"values[0]: ": func(s *steer.Snapshot) {
			s.Values[0] = steer.SnapshotValue{Key: []byte("token/onsmqtt-1"), Value: []byte("{")}
		},
		"what plays is not good: read the list": func(s *steer.Snapshot) {
			valueOf(s, "scenario/playlist").Value = []byte("{")
		},
		"under which nothing was played": func(s *steer.Snapshot) {
			valueOf(s, "scenario/plays").Value = []byte("0")
		},
		"is negative": func(s *steer.Snapshot) {
			valueOf(s, "scenario/played/1/cursor/").Value = []byte("-1")
		},
		"what plays is not good: 1:8: ": func(s *steer.Snapshot) {
			valueOf(s, "scenario/played/1/source").Value = []byte("name: [")
		},
		"the document of the scenario": func(s *steer.Snapshot) {
			valueOf(s, "scenario/played/1/source").Key = []byte("scenario/elsewhere")
		},
		"tokens[0]: ":  func(s *steer.Snapshot) { s.Tokens[0] = []byte("{") },
		"tokens: ":     func(s *steer.Snapshot) { s.Tokens = make([][]byte, 1001) },
		"journal[0]: ": func(s *steer.Snapshot) { s.Journal[0] = nil },
	} {
		var s steer.Snapshot
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		breaks(&s)
		_, err := w.LoadSnapshot(t.Context(), s)
		if _, ok := errors.AsType[*sandbox.InvalidError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("want a refusal with %q, got %v", want, err)
		}
		if _, err := w.Sandboxes().Get(t.Context(), "conformance"); !errors.Is(err, sandbox.ErrUnknown) {
			t.Errorf("%s: a sandbox is left behind: %v", want, err)
		}
	}
	var s steer.Snapshot
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	if _, err := w.LoadSnapshot(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if _, err := w.LoadSnapshot(t.Context(), s); !errors.Is(err, sandbox.ErrExists) {
		t.Errorf("twice the same: %v", err)
	}
}
