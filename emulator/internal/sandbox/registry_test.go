package sandbox_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// complete defines a sandbox with one credential of each kind; name goes into all of them.
func complete(id, name string) sandbox.Definition {
	return sandbox.Definition{ID: id, Frozen: true, Credentials: gatewaytest.Credentials{
		ACS: []gatewaytest.ACSCredential{
			{AccessKeyID: "ak-" + name, AccessKeySecret: "ak-secret-" + name, BearerToken: "bearer-" + name},
			{AccessKeyID: "sts-" + name, AccessKeySecret: "sts-secret-" + name, SecurityToken: "token-" + name, Disabled: true},
		},
		Top:    []gatewaytest.App{{AppKey: "top-" + name, AppSecret: "top-secret-" + name}},
		Fabric: []gatewaytest.App{{AppKey: "fabric-" + name, AppSecret: "fabric-secret-" + name}},
	}.Listed()}
}

func credentials(name string) []wire.Credential {
	return []wire.Credential{
		{Kind: wire.AccessKey, ID: "ak-" + name},
		{Kind: wire.AccessKey, ID: "sts-" + name},
		{Kind: wire.Bearer, ID: "bearer-" + name, Secret: true},
		{Kind: wire.TopApp, ID: "top-" + name},
		{Kind: wire.FabricApp, ID: "fabric-" + name},
	}
}

func TestSandboxesAreFoundByTheirCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	boxes := map[string]*sandbox.Sandbox{
		"a": w.create(t, complete("box-a", "a")), "b": w.create(t, complete("box-b", "b")),
	}
	for name, box := range boxes {
		for _, c := range credentials(name) {
			if found, err := w.Find(t.Context(), c); err != nil || found != box {
				t.Errorf("Find(%v) = %v, %v, want %s", c, found, err, box.ID)
			}
		}
		if found, err := w.Get(t.Context(), box.ID); err != nil || found != box {
			t.Errorf("Get(%s) = %v, %v", box.ID, found, err)
		}
	}
	for _, c := range []wire.Credential{
		{},
		{Kind: wire.AccessKey},
		{Kind: wire.AccessKey, ID: "top-a"},
		{Kind: wire.FabricApp, ID: "top-a"},
		{Kind: wire.TopApp, ID: "TOP-A"},
		{Kind: wire.Bearer, ID: "ak-a", Secret: true},
	} {
		if found, err := w.Find(t.Context(), c); err != nil || found != nil {
			t.Errorf("Find(%v) = %v, want none", c, found)
		}
	}
	if _, err := w.Get(t.Context(), "box-c"); !errors.Is(err, sandbox.ErrUnknown) {
		t.Errorf("Get of an unknown id = %v", err)
	}
	if list := w.list(t); len(list) != 2 || list[0].ID != "box-a" || list[1].ID != "box-b" {
		t.Errorf("List = %v, want box-a and box-b", list)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	box := newWorld(t, 0).create(t, complete("box", "a"))
	for _, c := range []struct {
		credential wire.Credential
		want       sandbox.Key
		known      bool
	}{
		{wire.Credential{Kind: wire.AccessKey, ID: "ak-a"}, sandbox.Key{ID: "ak-a", Secret: "ak-secret-a"}, true},
		{
			wire.Credential{Kind: wire.AccessKey, ID: "sts-a"},
			sandbox.Key{ID: "sts-a", Secret: "sts-secret-a", SecurityToken: "token-a", Disabled: true},
			true,
		},
		{wire.Credential{Kind: wire.Bearer, ID: "bearer-a"}, sandbox.Key{ID: "ak-a"}, true},
		{wire.Credential{Kind: wire.TopApp, ID: "top-a"}, sandbox.Key{ID: "top-a", Secret: "top-secret-a"}, true},
		{wire.Credential{Kind: wire.FabricApp, ID: "fabric-a"}, sandbox.Key{ID: "fabric-a", Secret: "fabric-secret-a"}, true},
		{wire.Credential{Kind: wire.AccessKey, ID: "ak-b"}, sandbox.Key{}, false},
		{wire.Credential{Kind: wire.AccessKey}, sandbox.Key{}, false},
		{wire.Credential{Kind: wire.Bearer}, sandbox.Key{}, false}, // the second entry has no bearer token
		{wire.Credential{}, sandbox.Key{}, false},
	} {
		if got, ok := box.Key(c.credential); got != c.want || ok != c.known {
			t.Errorf("Key(%v) = %+v, %v, want %+v, %v", c.credential, got, ok, c.want, c.known)
		}
	}
}

func TestRefusedCreationsChangeNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		def  sandbox.Definition
		want error
	}{
		{"the same id", complete("box", "new"), sandbox.ErrExists},
		{"a taken credential", sandbox.Definition{ID: "new", Credentials: gatewaytest.Credentials{
			ACS:    []gatewaytest.ACSCredential{{AccessKeyID: "ak-new", AccessKeySecret: "secret"}},
			Fabric: []gatewaytest.App{{AppKey: "fabric-a", AppSecret: "secret"}},
		}.Listed()}, sandbox.ErrCredential},
		{"a credential twice", sandbox.Definition{ID: "new", Credentials: gatewaytest.Credentials{
			Top: []gatewaytest.App{{AppKey: "top-new", AppSecret: "secret"}, {AppKey: "top-new", AppSecret: "other"}},
		}.Listed()}, sandbox.ErrCredential},
		{"one too many", complete("new", "new"), sandbox.ErrTooMany},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 2)
			box := w.create(t, complete("box", "a"))
			begin(t, box)
			if errors.Is(c.want, sandbox.ErrTooMany) {
				w.create(t, complete("second", "b"))
			}
			listed := len(w.list(t))
			if _, err := w.Create(t.Context(), c.def); !errors.Is(err, c.want) {
				t.Errorf("Create = %v, want %v", err, c.want)
			}
			if len(w.list(t)) != listed {
				t.Error("the refused sandbox is listed")
			}
			for _, credential := range credentials("new") {
				if found, err := w.Find(t.Context(), credential); err != nil || found != nil {
					t.Errorf("the refused sandbox is found by %v", credential)
				}
			}
			if turn := begin(t, box); turn.Number != 2 {
				t.Errorf("the next turn is %d, want 2: the first sandbox lost its state", turn.Number)
			}
		})
	}
}

func TestRemovalFreesIdCredentialsAndState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	box := w.create(t, complete("box", "a"))
	begin(t, box)
	creds := temporary(t, box, "top-a", epoch().Add(time.Hour))
	if err := w.Remove(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	for _, c := range append(credentials("a"), accessKey(creds.AccessKeyID)) {
		if found, err := w.Find(t.Context(), c); err != nil || found != nil {
			t.Errorf("Find(%v) = %v after the removal", c, found)
		}
	}
	if _, err := w.Get(t.Context(), "box"); !errors.Is(err, sandbox.ErrUnknown) {
		t.Errorf("Get = %v after the removal", err)
	}
	if err := w.Remove(t.Context(), "box"); !errors.Is(err, sandbox.ErrUnknown) {
		t.Errorf("a second removal = %v", err)
	}
	again := w.create(t, complete("box", "a"))
	if turn := begin(t, again); turn.Number != 1 {
		t.Errorf("the first turn of the new sandbox is %d: it has the old one's state", turn.Number)
	}
}

func TestTheDefaultSandboxStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	w.create(t, complete(sandbox.Default, "a"))
	if err := w.Remove(t.Context(), sandbox.Default); !errors.Is(err, sandbox.ErrKept) {
		t.Errorf("Remove(default) = %v, want ErrKept", err)
	}
	if found, err := w.Find(t.Context(), credentials("a")[0]); err != nil || found == nil {
		t.Error("the default sandbox lost a credential")
	}
}

func TestOneOfManyConcurrentCreationsWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	var wg sync.WaitGroup
	var byID, byCredential atomic.Int64
	for i := range 64 {
		wg.Go(func() {
			if _, err := w.Create(t.Context(), complete("same", fmt.Sprint("n", i))); err == nil {
				byID.Add(1)
			}
			if _, err := w.Create(t.Context(), complete(fmt.Sprint("box-", i), "same")); err == nil {
				byCredential.Add(1)
			}
		})
	}
	wg.Wait()
	if byID.Load() != 1 || byCredential.Load() != 1 {
		t.Errorf("%d creations of one id and %d of one credential succeeded, want 1 and 1", byID.Load(), byCredential.Load())
	}
}
