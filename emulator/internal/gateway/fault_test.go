package gateway_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

var table = gateway.Table{
	wire.UnknownPath:      "NotFound",
	wire.MissingParameter: "Missing%s",
	wire.InvalidParameter: "Invalid",
	wire.WrongSession:     "Undocumented",
	wire.Internal:         "InternalError",
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	catalogue := load(t)
	plain, picky := operation(t, catalogue, "Plain"), operation(t, catalogue, "Picky")
	for name, c := range map[string]struct {
		op                    *contract.Operation
		fault                 wire.Fault
		code, message, detail string
		status                int
		origin                string
	}{
		"gateway, no operation": {
			nil, wire.Fault{Kind: wire.UnknownPath}, "NotFound", "Not found.", "", 404, "gateway",
		},
		"gateway, operation known": {
			plain, wire.Fault{Kind: wire.UnknownPath}, "NotFound", "Not found.", "", 404, "gateway",
		},
		"code, message and detail filled": {
			plain, wire.Fault{Kind: wire.MissingParameter, Fill: []string{"A"}}, "MissingA", "A is mandatory.", "about A", 400, "gateway",
		},
		"placeholder without value": {
			plain, wire.Fault{Kind: wire.MissingParameter}, "Missing", " is mandatory.", "about ", 400, "gateway",
		},
		"operation's own missing": {
			picky, wire.Fault{Kind: wire.MissingParameter, Fill: []string{"A"}}, "Absent.A", "Nothing in A.", "", 400, "operation",
		},
		"operation's own invalid": {
			picky, wire.Fault{Kind: wire.InvalidParameter, Fill: []string{"A"}}, "Bad", "Bad.", "", 422, "operation",
		},
		"other kinds stay the gateway's": {
			picky, wire.Fault{Kind: wire.UnknownPath}, "NotFound", "Not found.", "", 404, "gateway",
		},
		"documented": {
			picky, wire.Fault{Kind: wire.Documented, Code: "Bad"}, "Bad", "Bad.", "", 422, "operation",
		},
		"nearer error wins": {
			picky, wire.Fault{Kind: wire.Internal}, "InternalError", "The product failed.", "", 500, "api",
		},
		"message replaced, no placeholder touched": {
			plain, wire.Fault{Kind: wire.MissingParameter, Message: "100%s", Fill: []string{"A"}}, "MissingA", "100%s", "about A", 400, "gateway",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := table.Answer(catalogue.Gateway("acs"), c.op, &c.fault)
			if got.Name != c.code || got.Message != c.message || got.Detail != c.detail ||
				got.Status != c.status || got.Origin != c.origin {
				t.Errorf("got %s %d %q %q from %s", got.Name, got.Status, got.Message, got.Detail, got.Origin)
			}
			if len(c.fault.Findings) != 0 {
				t.Errorf("findings %+v", c.fault.Findings)
			}
		})
	}
}

// A fault that no document answers is the emulator's slip: it is sent as an internal error and says so.
func TestAnswerWithoutDocument(t *testing.T) {
	t.Parallel()
	catalogue := load(t)
	for name, fault := range map[string]wire.Fault{
		"no row":           {Kind: wire.TooLarge},
		"row undocumented": {Kind: wire.WrongSession},
		"code unknown":     {Kind: wire.Documented, Code: "Nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := table.Answer(catalogue.Gateway("acs"), operation(t, catalogue, "Plain"), &fault)
			if got.Name != "InternalError" || got.Status != 500 {
				t.Errorf("got %s %d", got.Name, got.Status)
			}
			if len(fault.Findings) != 1 || !strings.Contains(fault.Findings[0].Message, "please report") {
				t.Errorf("findings %+v", fault.Findings)
			}
		})
	}
	t.Run("not even an internal error", func(t *testing.T) {
		t.Parallel()
		fault := wire.Fault{Kind: wire.TooLarge}
		got := gateway.Table{}.Answer(catalogue.Gateway("acs"), nil, &fault)
		if got.Name != "too-large" || got.Status != 500 || got.Message == "" {
			t.Errorf("got %s %d %q", got.Name, got.Status, got.Message)
		}
	})
}

func TestAsFault(t *testing.T) {
	t.Parallel()
	fault := &wire.Fault{Kind: wire.WrongSession}
	if got := gateway.AsFault(fmt.Errorf("wrapped: %w", fault)); got != fault {
		t.Errorf("got %v", got)
	}
	cause := errors.New("the disk is gone")
	got := gateway.AsFault(cause)
	if got.Kind != wire.Internal || !errors.Is(got, cause) || len(got.Findings) != 1 {
		t.Errorf("got %v, findings %+v", got, got.Findings)
	}
}

func TestRefuseAndDiffer(t *testing.T) {
	t.Parallel()
	want := &wire.Fault{Kind: wire.MissingNonce, Fill: []string{"Nonce"}, Findings: []wire.Finding{
		{Check: "nonce", Level: wire.LevelError, Message: "Absent."},
	}}
	if diff := cmp.Diff(want, gateway.Refuse(wire.MissingNonce, "nonce", "Absent.", "Nonce")); diff != "" {
		t.Error(diff)
	}
	want = &wire.Fault{Kind: wire.WrongDigest, Findings: []wire.Finding{
		{Check: "digest", Level: wire.LevelError, Message: "Other.", Expected: "a", Got: "b"},
	}}
	if diff := cmp.Diff(want, gateway.Differ(wire.WrongDigest, "digest", "Other.", "a", "b")); diff != "" {
		t.Error(diff)
	}
}
