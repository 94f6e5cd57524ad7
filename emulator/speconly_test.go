package emulator_test

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// ticketSpec is an API that has a spec and no code: one operation with an example, one without.
const ticketSpec = `openapi: 3.0.3
info: {title: Tickets, version: "2026-01-01"}
x-gateway: acs
x-product: Tickets
x-version: "2026-01-01"
paths:
  /#Action=GetTicket:
    post:
      operationId: GetTicket
      x-action: GetTicket
      x-methods: [GET, POST]
      parameters:
        - {name: TaskId, in: query, required: true, schema: {type: string}}
      responses:
        "200":
          description: The ticket.
          content:
            application/json:
              schema: {type: object, required: [RequestId, Ticket], properties: {RequestId: {type: string}, Ticket: {type: string}}}
              example: {RequestId: 1CBAFFAB-B697-4049-A9B1-67E1FC5F0001, Ticket: as written}
        default: &error
          description: The provider's error object.
          content:
            application/json:
              schema: {type: object, required: [RequestId, HostId, Code, Message, Recommend]}
  /#Action=ListTasks:
    post:
      operationId: ListTasks
      x-action: ListTasks
      x-quota: {rate: 3/s, error: Throttling, evidence: "choice: a test"}
      responses:
        "200":
          description: The tasks.
          content:
            application/json:
              schema:
                type: object
                required: [RequestId, Total, Tasks]
                additionalProperties: false
                properties:
                  RequestId: {type: string, format: uuid}
                  Total: {type: integer, minimum: 1, maximum: 1000000}
                  Tasks:
                    type: array
                    minItems: 2
                    items:
                      type: object
                      required: [TaskId, State, StartedAt, ClientIp]
                      properties:
                        TaskId: {type: string, pattern: "^task-[0-9a-f]{8}$"}
                        State: {type: string, enum: [Running, Finished]}
                        StartedAt: {type: string, format: date-time}
                        ClientIp: {type: string}
        default: *error
`

// tickets is an emulator with that API beside the built-in ones, and a caller of it.
func tickets(t *testing.T, seed uint64) func(action string, query url.Values) answer {
	t.Helper()
	e, err := emulator.New(t.Context(), emulator.Options{
		Log: discard, Violation: func(err error) { t.Error(err) },
		Specs: []fs.FS{fstest.MapFS{"tickets.yaml": {Data: []byte(ticketSpec)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.World().Sandboxes().Create(t.Context(), sandbox.Definition{
		ID: "tickets", Seed: seed, Now: &instant, Frozen: true,
		Credentials: gatewaytest.Credentials{ACS: []gatewaytest.ACSCredential{{AccessKeyID: "ak", AccessKeySecret: "acs-secret"}}}.Listed(),
	})
	if err != nil {
		t.Fatal(err)
	}
	signer := &gatewaytest.ACS{AccessKeyID: "ak", AccessKeySecret: "acs-secret", Now: func() time.Time { return instant }}
	handler := e.Handler()
	return func(action string, query url.Values) answer {
		t.Helper()
		req, err := signer.RPC(gatewaytest.Request{Method: http.MethodPost, Path: "/", Host: host, Query: query}, action, "2026-01-01").HTTP()
		if err != nil {
			t.Fatal(err)
		}
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, req.WithContext(t.Context()))
		return answer{rec.Code, rec.Header(), rec.Body.String(), codeOf(rec.Body.String())}
	}
}

func TestSpecOnlyOperationWithExample(t *testing.T) {
	t.Parallel()
	call := tickets(t, 3)
	for range 2 {
		got := call("GetTicket", url.Values{"TaskId": {"task-1"}})
		// Only the request id is the call's own: it must be that of the header.
		want := `{"RequestId":"` + got.header.Get("X-Acs-Request-Id") + `","Ticket":"as written"}`
		if got.status != 200 || got.body != want {
			t.Errorf("got %d %s", got.status, got.body)
		}
	}
}

// Without an example the answer is fake data that fits, drawn from the sandbox's seed: a violation of the spec would
// fail the test by Options.Violation.
func TestSpecOnlyOperationWithoutExample(t *testing.T) {
	t.Parallel()
	call, again, other := tickets(t, 3), tickets(t, 3), tickets(t, 4)
	first, second := call("ListTasks", nil), call("ListTasks", nil)
	if first.status != http.StatusOK {
		t.Fatalf("got %d %s", first.status, first.body)
	}
	if diff := cmp.Diff([]string{first.body, second.body}, []string{again("ListTasks", nil).body, again("ListTasks", nil).body}); diff != "" {
		t.Errorf("the same seed and calls: %s", diff)
	}
	if first.body == second.body || first.body == other("ListTasks", nil).body {
		t.Errorf("another call or another seed gave the same: %s", first.body)
	}
	var reply struct {
		RequestID string `json:"RequestId"`
		Total     int
		Tasks     []struct{ TaskID, State, StartedAt, ClientIP string }
	}
	if err := json.Unmarshal([]byte(first.body), &reply); err != nil {
		t.Fatal(err)
	}
	if len(reply.Tasks) != 2 || reply.Total < 1 || len(reply.RequestID) != 36 {
		t.Fatalf("got %+v", reply)
	}
	for _, task := range reply.Tasks {
		if !regexp.MustCompile(`^task-[0-9a-f]{8}$`).MatchString(task.TaskID) || task.StartedAt != "2026-03-01T08:00:00Z" ||
			task.State != "Running" && task.State != "Finished" || strings.Count(task.ClientIP, ".") != 3 {
			t.Errorf("task %+v", task)
		}
	}
}

// A spec-only operation is held to the same checks as one with code.
func TestSpecOnlyOperationIsChecked(t *testing.T) {
	t.Parallel()
	call := tickets(t, 3)
	if got := call("GetTicket", nil); got.code != "MissingTaskId" {
		t.Errorf("without its parameter: %d %s", got.status, got.body)
	}
	if got := call("GetTicket", url.Values{"TaskId": {""}}); got.code != "MissingTaskId" {
		t.Errorf("with an empty parameter: %d %s", got.status, got.body)
	}
	for i, want := range []string{"", "", "", "Throttling"} {
		if got := call("ListTasks", nil); got.code != want {
			t.Errorf("call %d: %d %s, want %q", i+1, got.status, got.body, want)
		}
	}
}

// A spec that is not good keeps the emulator from starting.
func TestSpecsThatAreNotGood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, text, want string }{
		"broken":       {"tickets.yaml", strings.Replace(ticketSpec, "operationId: GetTicket", "operationId: ''", 1), "tickets.yaml"},
		"a known name": {"onsmqtt.yaml", ticketSpec, `an API "onsmqtt" is loaded already`},
		"no gateway":   {"tickets.yaml", strings.Replace(ticketSpec, "x-gateway: acs", "x-gateway: none", 1), `no gateway "none"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			specs := fstest.MapFS{c.file: {Data: []byte(c.text)}}
			_, err := emulator.New(t.Context(), emulator.Options{Log: discard, Specs: []fs.FS{specs}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
