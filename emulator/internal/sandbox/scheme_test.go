package sandbox_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// madeUp is the scheme of a gateway that nothing but this test knows: a credential is a JSON string, its key is the
// first half and its secret the second.
type madeUp struct{}

func (madeUp) Name() string { return "made-up" }

func (madeUp) Parse(raw json.RawMessage) ([]sandbox.ListedKey, error) {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil || len(text)%2 != 0 {
		return nil, errors.New("needs two halves")
	}
	id, secret := text[:len(text)/2], text[len(text)/2:]
	return []sandbox.ListedKey{{
		Key:   sandbox.Key{ID: id, Secret: secret},
		Names: wire.Credential{Kind: "made-up", ID: id}, Secrets: []string{secret},
	}}, nil
}

func (madeUp) Draw(draw func(n int, alphabet string) string, _ func() string) json.RawMessage {
	return json.RawMessage(`"` + draw(20, "abcdefgh") + `"`)
}

// TestACredentialOfAMadeUpGateway is drawn, checked, found and hidden as its scheme says, by another registry on the
// same store too.
func TestACredentialOfAMadeUpGateway(t *testing.T) {
	t.Parallel()
	stores := memory.New()
	newRegistry := func() *sandbox.Registry {
		return sandbox.NewRegistry(sandbox.RegistryOptions{
			Schemes: []sandbox.Scheme{madeUp{}}, Store: stores, RealNow: func() time.Time { return epoch() },
		})
	}
	registry := newRegistry()
	def := sandbox.Definition{ID: "box"}
	if err := registry.Complete(t.Context(), &def, rand.New(rand.NewPCG(1, 2))); err != nil {
		t.Fatal(err)
	}
	if len(def.Credentials["made-up"]) != 1 {
		t.Fatalf("drew %s", def.Credentials)
	}
	if _, err := registry.Create(t.Context(), def); err != nil {
		t.Fatal(err)
	}
	keys, _ := madeUp{}.Parse(def.Credentials["made-up"][0])
	for name, r := range map[string]*sandbox.Registry{"the same": registry, "another": newRegistry()} {
		box, err := r.Find(t.Context(), keys[0].Names)
		if err != nil || box == nil {
			t.Fatalf("%s registry: found %v, %v", name, box, err)
		}
		if key, ok := box.Key(keys[0].Names); !ok || key != keys[0].Key {
			t.Errorf("%s registry: the key is %+v, %v", name, key, ok)
		}
		if diff := cmp.Diff(keys, box.Keys("made-up")); diff != "" {
			t.Errorf("%s registry: %s", name, diff)
		}
		if got := r.Secrets().Mask("<" + keys[0].Secret + ">"); got != "<"+sandbox.Mask+">" {
			t.Errorf("%s registry: the secret is shown as %s", name, got)
		}
	}
	for raw, field := range map[string]string{
		`{"made-up":["abcdefgh","odd"]}`: "credentials.made-up[1]", // what the scheme refuses
		`{"made-up":["abcdef"]}`:         "credentials.made-up[0]", // a secret too short to hide
		`{"acs":[]}`:                     "credentials.acs",        // here that is a gateway of no scheme
	} {
		bad := sandbox.Definition{ID: "bad"}
		if err := json.Unmarshal([]byte(raw), &bad.Credentials); err != nil {
			t.Fatal(err)
		}
		if _, err := registry.Create(t.Context(), bad); invalidField(err) != field {
			t.Errorf("%s: %v, want a refusal of %s", raw, err, field)
		}
	}
}
