package cli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// issueOne makes a good call in the default sandbox.
func (s *server) issueOne(t *testing.T) {
	t.Helper()
	box, err := client.New(s.control).Sandbox(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	app := box.Credentials.Fabric[0]
	if got := s.issue(t, app, app.AppSecret); got != http.StatusOK {
		t.Fatalf("status %d", got)
	}
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	const asText = `(?m)^time=\S+ level=INFO msg=call sandbox=default gateway=fabric api=ccmessaging operation=tokenByAkSk outcome=ok `
	for name, c := range map[string]struct {
		env  map[string]string
		args []string
		want string // empty: no line
	}{
		"off, where nobody reads":    {},
		"text":                       {args: []string{"--access-log", "text"}, want: asText},
		"JSON by the environment":    {env: map[string]string{"TOKENSTAGE_ACCESS_LOG": "json"}, want: `(?m)^\{"time":".*"msg":"call",.*"outcome":"ok"`},
		"off":                        {args: []string{"--access-log", "off"}},
		"alone":                      {args: []string{"--log", "off", "--access-log", "text"}, want: asText},
		"beside a log of other form": {args: []string{"--log", "json", "--access-log", "text"}, want: asText},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.env, c.args...)
			s.issueOne(t)
			s.end()
			said := s.err.String()
			if c.want == "" {
				if strings.Contains(said, "tokenByAkSk") {
					t.Errorf("stderr: %s", said)
				}
				return
			}
			if n := len(regexp.MustCompile(c.want).FindAllString(said, -1)); n != 1 {
				t.Errorf("%d lines in %s", n, said)
			}
		})
	}
}

func TestAccessLogOfAnotherForm(t *testing.T) {
	t.Parallel()
	got := run(t, map[string]string{"TOKENSTAGE_ACCESS_LOG": "xml"}, "serve")
	if got.code != 2 || !strings.Contains(got.err, "TOKENSTAGE_ACCESS_LOG") || strings.Count(got.err, "\n") != 1 {
		t.Errorf("%+v", got)
	}
}

func TestServedMetrics(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	s.issueOne(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.control+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\n" + `tokenstage_requests_total{api="ccmessaging",gateway="fabric",operation="tokenByAkSk",outcome="ok"} 1` + "\n",
		"\ntokenstage_sandboxes 1\n", "\ntokenstage_requests_in_flight 0\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
}

// tracesTo returns the environment of a server that sends traces. OpenTelemetry's libraries read that of the process,
// so that such a test cannot be parallel; other settings that stand there are not for it.
func tracesTo(t *testing.T, url string) map[string]string {
	t.Helper()
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "OTEL_") {
			t.Setenv(name, "")
		}
	}
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	t.Setenv(endpoint, url)
	return map[string]string{endpoint: url}
}

// spanNames are those in the body of a request to a collector.
func spanNames(t *testing.T, body []byte) []string {
	t.Helper()
	var sent collectorpb.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &sent); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	var names []string
	for _, r := range sent.GetResourceSpans() {
		for _, s := range r.GetScopeSpans() {
			for _, one := range s.GetSpans() {
				names = append(names, one.GetName())
			}
		}
	}
	return names
}

// TestTraces are sent at the end at the latest.
func TestTraces(t *testing.T) {
	bodies := make(chan []byte, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- body
	}))
	t.Cleanup(collector.Close)
	s := serve(t, tracesTo(t, collector.URL))
	s.issueOne(t)
	if code := s.end(); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.err)
	}
	select {
	case body := <-bodies:
		if got := spanNames(t, body); !slices.Contains(got, "POST ccmessaging.tokenByAkSk") {
			t.Errorf("spans %q", got)
		}
	default:
		t.Error("no traces came")
	}
}

// TestTracesToWhereNobodyListens do not keep the server from ending well.
func TestTracesToWhereNobodyListens(t *testing.T) {
	collector := httptest.NewServer(http.NotFoundHandler())
	collector.Close()
	s := serve(t, tracesTo(t, collector.URL))
	s.issueOne(t)
	if code := s.end(); code != 0 || !strings.Contains(s.err.String(), "traces are not taken") {
		t.Errorf("exit code %d: %s", code, s.err)
	}
}

// TestTracesToACollectorThatHangs gives up in time.
func TestTracesToACollectorThatHangs(t *testing.T) {
	over := make(chan struct{})
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	t.Cleanup(collector.Close)
	t.Cleanup(func() { close(over) })
	s := serve(t, tracesTo(t, collector.URL))
	s.issueOne(t)
	if code := s.end(); code != 0 {
		t.Errorf("exit code %d: %s", code, s.err)
	}
}

// TestTracesOfSettingsThatAreNoGood leave the server running: the settings are those of a whole environment.
func TestTracesOfSettingsThatAreNoGood(t *testing.T) {
	t.Parallel()
	s := serve(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"})
	s.issueOne(t)
	if !strings.Contains(s.err.String(), "OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL") {
		t.Errorf("stderr: %s", s.err)
	}
}

// TestTracesOfSettingsThatTheLibraryRefuses leave the server running as well.
func TestTracesOfSettingsThatTheLibraryRefuses(t *testing.T) {
	env := tracesTo(t, "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "ten seconds")
	s := serve(t, env)
	s.issueOne(t)
	code := s.end()
	if said := s.err.String(); code != 0 || strings.Count(said, "level=WARN") != 1 ||
		!strings.Contains(said, "traces are off") || strings.Contains(said, "ten seconds") {
		t.Errorf("exit code %d: %s", code, said)
	}
}
