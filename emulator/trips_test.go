package emulator_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/store/storetest"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// What may be asked of the store, in round trips. A scenario that takes the call counts it, which is one more, and a
// document that this emulator did not read before is read, one more.
const (
	tripsOfCall       = 3
	tripsOfCursor     = 1
	tripsOfDocument   = 1
	tripsOfTokenPage  = 2
	tripsOfRevocation = 3
)

// tripsBeyond are the operations that cost more than a call should, each with what it costs now: they change what was
// kept before, an update is a reading and a writing, and each is made apart. A number here may only shrink.
var tripsBeyond = map[string]int64{
	"ccmessaging.send":                    5, // the chat is read and written apart
	"ccmessaging.sendAsync":               5,
	"ccmessaging.poll":                    5,
	"ccmessaging.saveSatisfaction":        5,
	"ccmessaging.doLeaveMessage":          5,
	"ccmessaging.queryHistoryChatMessage": 4, // the chat is read
	"ccmessaging.uploadFileStream":        4, // whether there is room for the file is known before the answer
	"ccmessaging.downloadFileStream":      4, // the file is read
	// What is said of an object is read before its bytes; what is replaced or deleted is then counted as gone.
	"oss.GetObject": 4, "oss.PutObject": 4, "oss.PostObject": 4, "oss.DeleteObject": 4, "oss.UploadPart": 4,
	"oss.AbortMultipartUpload": 4,
	// The parts are read, the upload is taken, the object kept, and what is left over deleted.
	"oss.CompleteMultipartUpload": 8,
}

// spied is an emulator whose accesses to its store are counted.
func spied(t *testing.T, change ...func(*sandbox.Definition)) (*world, *storetest.Spy) {
	t.Helper()
	spy := &storetest.Spy{Store: memory.New()}
	return newWorldWith(t, emulator.Options{Store: spy}, change...), spy
}

// TestTripsOfACall makes the usual call of every operation, three times, with and without a scenario that plays, in the
// default sandbox and in one that ends when it is unused.
func TestTripsOfACall(t *testing.T) {
	t.Parallel()
	for _, api := range newWorld(t).HTTPAPIs() {
		for _, op := range api.Operations {
			for _, where := range []string{sandbox.Default, "created"} {
				for _, playing := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%s/playing %v", op.Name, where, playing), func(t *testing.T) {
						t.Parallel()
						testTrips(t, op, where == sandbox.Default, playing)
					})
				}
			}
		}
	}
}

func testTrips(t *testing.T, op *contract.Operation, inDefault, playing bool) {
	t.Helper()
	w, spy := spied(t, func(d *sandbox.Definition) { d.TTL = "30m" })
	if inDefault {
		w.enterDefault(t)
	}
	if playing {
		w.play(t, w.box, "name: everywhere\nrules: [{on: '*', script: [{delay: 0s}, pass]}]")
	}
	for i := range 3 {
		text, body := w.example(t, op)
		if _, takesOne := text["Token"]; takesOne {
			text["Token"], text["InstanceId"] = w.mqttToken(t), applyTokenRequest().Query.Get("InstanceId")
		}
		request := driverOf(op).valid(t, w, op, text, body)
		spy.Trips() // those of signing in
		got := w.do(t, request)
		most := cmp.Or(tripsBeyond[op.Name], tripsOfCall)
		if playing {
			most += tripsOfCursor
		}
		if playing && i == 0 {
			most += tripsOfDocument
		}
		if trips := spy.Trips(); got.status/100 != 2 || trips > most {
			t.Errorf("call %d took %d trips to the store, want at most %d: %d %s", i+1, trips, most, got.status, got.body)
		}
	}
}

// mqttToken issues a token of an MQTT client.
func (w *world) mqttToken(t *testing.T) string {
	t.Helper()
	var issued struct{ Token string }
	got := w.do(t, w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20"))
	if err := json.Unmarshal([]byte(got.body), &issued); err != nil || issued.Token == "" {
		t.Fatalf("no token: %d %s", got.status, got.body)
	}
	return issued.Token
}

// enterDefault goes to the default sandbox, with its clock at the instant of these tests.
func (w *world) enterDefault(t *testing.T) {
	t.Helper()
	frozen := true
	_, err := w.ChangeClock(t.Context(), w.Default(), sandbox.ClockChange{Now: &instant, Frozen: &frozen})
	if err != nil {
		t.Fatal(err)
	}
	w.enter(w.Default())
}

// issueTokens issues many tokens, some of which have a history of their own.
func issueTokens(t *testing.T, w *world, count int) []token.Token {
	t.Helper()
	for range count {
		if got := w.do(t, w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20")); got.status != http.StatusOK {
			t.Fatal(got.body)
		}
	}
	tokens, err := w.Tokens(t.Context(), w.box)
	if err != nil || len(tokens) != count {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	for _, one := range tokens[:10] {
		if _, err := w.ChangeToken(t.Context(), w.box, one.ID, token.Revoked); err != nil {
			t.Fatal(err)
		}
	}
	return tokens
}

// TestTripsOfTokens lists many tokens, shows them in the console and revokes one, all by the control plane. The frame of a
// page of the console lists the sandboxes, two trips, and reads the clock, one.
func TestTripsOfTokens(t *testing.T) {
	t.Parallel()
	const issued, tripsOfFrame = 320, 3
	w, spy := spied(t, noQuota, func(d *sandbox.Definition) { d.TTL = "30m" })
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close(context.Background()) })
	tokens := issueTokens(t, w, issued)
	for _, c := range []struct {
		method, path, want string
		trips              int64
	}{
		{"GET", "/v1/sandboxes/" + w.box.ID + "/tokens", tokens[issued-1].ID, tripsOfTokenPage},
		{"GET", "/console/tokens?sandbox=" + w.box.ID, tokens[0].ID, tripsOfFrame + tripsOfTokenPage},
		{"POST", "/v1/sandboxes/" + w.box.ID + "/tokens/" + tokens[issued-1].ID + "/revoke", `"revoked"`, tripsOfRevocation},
	} {
		spy.Trips()
		status, body := w.steer(t, c.method, c.path)
		if trips := spy.Trips(); status != http.StatusOK || !strings.Contains(body, c.want) || trips > c.trips {
			t.Errorf("%s %s: status %d, %d trips to the store, want at most %d: %.200s", c.method, c.path, status, trips, c.trips, body)
		}
	}
}

// TestTripsOfASandbox shows a sandbox and what plays in it, where the many rules that play by default keep a cursor each.
func TestTripsOfASandbox(t *testing.T) {
	t.Parallel()
	const mostOfSandbox, mostOfPlaying = 5, 6
	w, spy := spied(t)
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close(context.Background()) })
	for _, c := range []struct {
		path, want string
		trips      int64
	}{
		{"/v1/sandboxes/" + w.box.ID, `"scenarios":[]`, mostOfSandbox},
		{"/v1/sandboxes/" + w.box.ID + "/scenarios", "magic-values", mostOfPlaying},
	} {
		spy.Trips()
		status, body := w.steer(t, "GET", c.path)
		if trips := spy.Trips(); status != http.StatusOK || !strings.Contains(body, c.want) || trips > c.trips {
			t.Errorf("GET %s: status %d, %d trips to the store, want at most %d: %.300s", c.path, status, trips, c.trips, body)
		}
	}
}

// steer sends a request without a body to the control plane.
func (w *world) steer(t *testing.T, method, path string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+w.ControlAddr()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(raw)
}
