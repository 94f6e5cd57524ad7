package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// call is what a request looked like to the server.
type call struct{ method, target, body string }

// recorder answers every call in the same way and remembers the last one.
type recorder struct {
	status int
	reply  string
	last   call
	header http.Header
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.last, r.header = call{req.Method, req.RequestURI, string(body)}, req.Header
	w.WriteHeader(r.status)
	_, _ = io.WriteString(w, r.reply)
}

func record(t *testing.T, status int, reply string) (*recorder, string) {
	t.Helper()
	r := &recorder{status: status, reply: reply}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return r, server.URL
}

// discard drops a value that a table has no use for.
func discard[T any](_ T, err error) error { return err }

func TestCallsOnTheWire(t *testing.T) {
	t.Parallel()
	noon := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		make func(ctx context.Context, c *client.Client) error
		want call
	}{
		"health": {
			func(ctx context.Context, c *client.Client) error { return c.Health(ctx) },
			call{"GET", "/healthz", ""},
		},
		"APIs": {
			func(ctx context.Context, c *client.Client) error { return discard(c.APIs(ctx)) },
			call{"GET", "/v1/apis", ""},
		},
		"sandboxes": {
			func(ctx context.Context, c *client.Client) error { return discard(c.Sandboxes(ctx)) },
			call{"GET", "/v1/sandboxes", ""},
		},
		"create, all left open": {
			func(ctx context.Context, c *client.Client) error {
				return discard(c.CreateSandbox(ctx, client.Definition{}))
			},
			call{"POST", "/v1/sandboxes", "{}"},
		},
		"create, all given": {
			func(ctx context.Context, c *client.Client) error {
				return discard(c.CreateSandbox(ctx, client.Definition{
					ID: "a", Seed: new(uint64(0)), Now: noon, Frozen: true,
					Credentials: client.Credentials{ACS: []client.ACSCredential{{BearerToken: "b"}}, Top: []client.App{}},
					Fixtures:    client.Fixtures{Instances: []string{"post-*"}, Warrants: []client.WarrantApp{{AppID: "w"}}},
					Quotas:      map[string]string{"onsmqtt.ApplyToken": "off"},
				}))
			},
			call{"POST", "/v1/sandboxes", `{"id":"a","seed":0,"now":"2030-01-01T12:00:00Z","frozen":true,` +
				`"credentials":{"acs":[{"bearerToken":"b"}],"top":[]},` +
				`"fixtures":{"instances":["post-*"],"warrants":[{"appId":"w"}]},"quotas":{"onsmqtt.ApplyToken":"off"}}`},
		},
		"sandbox": {
			func(ctx context.Context, c *client.Client) error { return discard(c.Sandbox(ctx, "a")) },
			call{"GET", "/v1/sandboxes/a", ""},
		},
		"an id that is none": {
			func(ctx context.Context, c *client.Client) error { return discard(c.Sandbox(ctx, "a/b?c")) },
			call{"GET", "/v1/sandboxes/a%2Fb%3Fc", ""},
		},
		"remove": {
			func(ctx context.Context, c *client.Client) error { return c.RemoveSandbox(ctx, "a") },
			call{"DELETE", "/v1/sandboxes/a", ""},
		},
		"reset": {
			func(ctx context.Context, c *client.Client) error { return c.Reset(ctx, "a") },
			call{"POST", "/v1/sandboxes/a/reset", ""},
		},
		"clock": {
			func(ctx context.Context, c *client.Client) error { return discard(c.Clock(ctx, "a")) },
			call{"GET", "/v1/sandboxes/a/clock", ""},
		},
		"advance": {
			func(ctx context.Context, c *client.Client) error {
				return discard(c.ChangeClock(ctx, "a", client.ClockChange{Advance: 59 * time.Minute}))
			},
			call{"PATCH", "/v1/sandboxes/a/clock", `{"advance":"59m0s"}`},
		},
		"real": {
			func(ctx context.Context, c *client.Client) error {
				return discard(c.ChangeClock(ctx, "a", client.ClockChange{Real: true}))
			},
			call{"PATCH", "/v1/sandboxes/a/clock", `{"real":true}`},
		},
		"set and run": {
			func(ctx context.Context, c *client.Client) error {
				return discard(c.ChangeClock(ctx, "a", client.ClockChange{Now: noon, Frozen: new(false)}))
			},
			call{"PATCH", "/v1/sandboxes/a/clock", `{"now":"2030-01-01T12:00:00Z","frozen":false}`},
		},
		"requests": {
			func(ctx context.Context, c *client.Client) error {
				return discard(c.Requests(ctx, "a", client.Filter{}))
			},
			call{"GET", "/v1/sandboxes/a/requests", ""},
		},
		"some requests": {
			func(ctx context.Context, c *client.Client) error {
				return discard(c.Requests(ctx, "a", client.Filter{API: "x", Operation: "y", Outcome: "a b&c", After: 7, Limit: 2}))
			},
			call{"GET", "/v1/sandboxes/a/requests?after=7&api=x&limit=2&operation=y&outcome=a+b%26c", ""},
		},
		"request": {
			func(ctx context.Context, c *client.Client) error { return discard(c.Request(ctx, "a", "R-1")) },
			call{"GET", "/v1/sandboxes/a/requests/R-1", ""},
		},
		"clear requests": {
			func(ctx context.Context, c *client.Client) error { return c.ClearRequests(ctx, "a") },
			call{"DELETE", "/v1/sandboxes/a/requests", ""},
		},
		"tokens": {
			func(ctx context.Context, c *client.Client) error { return discard(c.Tokens(ctx, "a")) },
			call{"GET", "/v1/sandboxes/a/tokens", ""},
		},
		"expire": {
			func(ctx context.Context, c *client.Client) error { return discard(c.ExpireToken(ctx, "a", "t-1")) },
			call{"POST", "/v1/sandboxes/a/tokens/t-1/expire", ""},
		},
		"revoke": {
			func(ctx context.Context, c *client.Client) error { return discard(c.RevokeToken(ctx, "a", "t-1")) },
			call{"POST", "/v1/sandboxes/a/tokens/t-1/revoke", ""},
		},
		"redeem": {
			func(ctx context.Context, c *client.Client) error { return discard(c.RedeemToken(ctx, "a", "t-1")) },
			call{"POST", "/v1/sandboxes/a/tokens/t-1/redeem", ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, url := record(t, http.StatusOK, "{}")
			if err := c.make(t.Context(), client.New(url)); err != nil {
				t.Fatal(err)
			}
			if server.last != c.want {
				t.Errorf("sent\n%+v, want\n%+v", server.last, c.want)
			}
			kind := server.header.Get("Content-Type")
			if (c.want.body != "") != (kind == "application/json") || server.header.Get("Authorization") != "" {
				t.Errorf("headers %v", server.header)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	server, url := record(t, http.StatusOK, "{}")
	used := false
	carrier := &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		used = true
		return http.DefaultTransport.RoundTrip(req)
	})}
	host, _ := strings.CutPrefix(url, "http://")
	c := client.New(host+"/", client.WithToken("a-token"), client.WithHTTPClient(carrier))
	if err := c.Health(t.Context()); err != nil {
		t.Fatal(err)
	}
	authorized := server.header.Get("Authorization") == "Bearer a-token"
	if c.URL() != url || !used || !authorized || server.last.target != "/healthz" {
		t.Errorf("URL %s, carrier used: %t, sent %+v %v", c.URL(), used, server.last, server.header)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

func TestProblems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		reply  string
		want   client.Problem
		text   string
	}{
		"plain": {
			404, `{"type":"about:blank","title":"Not Found","status":404,"detail":"no such sandbox: \"a\""}`,
			client.Problem{Type: "about:blank", Title: "Not Found", Status: 404, Detail: `no such sandbox: "a"`},
			`GET /v1/apis: 404 Not Found: no such sandbox: "a"`,
		},
		"with a place": {
			400, `{"type":"a","title":"Bad Request","status":400,"detail":"not good","field":"seed","line":3,"column":5}`,
			client.Problem{
				Type: "a", Title: "Bad Request", Status: 400, Detail: "not good", Field: "seed", Line: 3, Column: 5,
			},
			"GET /v1/apis: 400 Bad Request: not good (field seed) (line 3, column 5)",
		},
		"of a scenario": {
			422, `{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"no","line":1,"column":2,` +
				`"problems":[{"line":1,"column":2,"message":"no","meant":"yes"},{"line":3,"column":4,"message":"nor this"}]}`,
			client.Problem{
				Type: "about:blank", Title: "Unprocessable Entity", Status: 422, Detail: "no", Line: 1, Column: 2,
				Problems: []controlapi.ScenarioProblem{
					{Line: 1, Column: 2, Message: "no", Meant: "yes"}, {Line: 3, Column: 4, Message: "nor this"},
				},
			},
			"",
		},
		"that names its field": {
			422, `{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"id: too long","field":"id"}`,
			client.Problem{Type: "about:blank", Title: "Unprocessable Entity", Status: 422, Detail: "id: too long", Field: "id"},
			"GET /v1/apis: 422 Unprocessable Entity: id: too long",
		},
		"of something in between": {
			502, "<html>\n<h1>Bad Gateway</h1>\n" + strings.Repeat("é", 200),
			client.Problem{
				Title: "Bad Gateway", Status: 502,
				Detail: "the reply is no problem document: <html> <h1>Bad Gateway</h1> " + strings.Repeat("é", 86),
			},
			"",
		},
		"of another API": {
			400, `{"error":"x"}`,
			client.Problem{Title: "Bad Request", Status: 400, Detail: `the reply is no problem document: {"error":"x"}`},
			"",
		},
		"without a body": {
			503, "", client.Problem{Title: "Service Unavailable", Status: 503, Detail: "the reply is no problem document"}, "",
		},
		"with another status": {
			500, `{"title":"Teapot","status":418,"detail":"x"}`,
			client.Problem{Title: "Teapot", Status: 500, Detail: "x"},
			"",
		},
		"a redirect to nowhere": {
			304, "", client.Problem{Title: "Not Modified", Status: 304, Detail: "the reply is no problem document"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, url := record(t, c.status, c.reply)
			_, err := client.New(url).APIs(t.Context())
			problem, ok := errors.AsType[*client.Problem](err)
			if !ok || !reflect.DeepEqual(*problem, c.want) {
				t.Fatalf("got  %+v (%v)\nwant %+v", problem, err, c.want)
			}
			if c.text != "" && err.Error() != c.text {
				t.Errorf("error says %s\nwant %s", err, c.text)
			}
		})
	}
}

func TestRepliesThatAreNone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ reply, want string }{
		"no JSON":      {"<html>", "is none of a control plane"},
		"another type": {`{"apis":7}`, "is none of a control plane"},
		"empty":        {"", "is none of a control plane"},
		"no end":       {strings.Repeat(" ", 64<<20+1), "the reply has more than 67108864 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, url := record(t, http.StatusOK, c.reply)
			_, err := client.New(url).APIs(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestCallsThatDoNotArrive(t *testing.T) {
	t.Parallel()
	_, url := record(t, http.StatusOK, "{}")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := client.New(url).Health(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	if err := client.New("http://127.0.0.1:1").Health(t.Context()); err == nil {
		t.Error("without a server: no error")
	}
	if err := client.New("http://bad host").Health(t.Context()); err == nil {
		t.Error("with a bad URL: no error")
	}
}

// FuzzReplies: whatever a server answers, the client gives a value or an error that keeps the status.
func FuzzReplies(f *testing.F) {
	f.Add(200, []byte(`{"requests":[{"id":"a","request":{"headers":{"A":["b"]},"body":"c"}}],"dropped":1,"next":2}`))
	f.Add(404, []byte(`{"title":"Not Found","status":404,"detail":"x","line":-1}`))
	f.Add(500, []byte("\xff\xfe"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			t.Skip("no final status")
		}
		carrier := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(string(body)))}, nil
		})}
		_, err := client.New("http://fuzz", client.WithHTTPClient(carrier)).Requests(t.Context(), "a", client.Filter{})
		problem, refused := errors.AsType[*client.Problem](err)
		if refused != (status > 299) && err == nil {
			t.Fatalf("status %d gives %v", status, err)
		}
		if refused && (problem.Status != status || problem.Error() == "") {
			t.Errorf("status %d gives %+v", status, problem)
		}
	})
}

// An archive is asked for by its media type, and says where the next one begins.
func TestArchive(t *testing.T) {
	t.Parallel()
	for id, target := range map[string]string{
		"a": "/v1/sandboxes/a/requests?limit=2", "": "/v1/requests?limit=2",
	} {
		r, address := record(t, http.StatusOK, `{"log":{"entries":[],"_next":7}}`)
		archive, next, err := client.New(address).Archive(t.Context(), id, client.Filter{Limit: 2})
		if err != nil || next == nil || *next != 7 || string(archive) != r.reply {
			t.Errorf("%q: %s, %v, %v", id, archive, next, err)
		}
		if r.last.target != target || r.header.Get("Accept") != "application/har+json" {
			t.Errorf("%q: asked %s for %s", id, r.last.target, r.header.Get("Accept"))
		}
	}
	_, address := record(t, http.StatusOK, "no JSON")
	if _, _, err := client.New(address).Archive(t.Context(), "a", client.Filter{}); err == nil {
		t.Error("what is no archive is taken for one")
	}
}
