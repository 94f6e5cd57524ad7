package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// columns splits a table into rows and cells.
func columns(text string) [][]string {
	gap := regexp.MustCompile(` {2,}`)
	var rows [][]string
	for line := range strings.Lines(text) {
		rows = append(rows, gap.Split(strings.TrimRight(line, "\n"), -1))
	}
	return rows
}

func TestAPIs(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	got := s.run(t, "apis")
	rows := columns(got.out)
	if want := []string{"API", "OPERATION", "GATEWAY", "ERRORS", "CALL"}; !slices.Equal(rows[0], want) {
		t.Errorf("heading %q", rows[0])
	}
	calls := map[string]string{}
	for _, row := range rows[1:] {
		calls[row[1]] = row[2] + ": " + row[4]
	}
	for operation, want := range map[string]string{
		"onsmqtt.ApplyToken":    "acs: POST / Action=ApplyToken Version=2020-04-20",
		"appstream.GetAuthCode": "acs: GET|POST / Action=GetAuthCode Version=2021-02-18",
		"aicontent.CreateAccessWarrant": "acs: POST /api/v1/aliyunConsole/createAccessWarrant" +
			" x-acs-action=CreateAccessWarrant x-acs-version=20240611",
		"deepvision.SecurityTokenGet": "top: GET|POST /router/rest" +
			" method=alibaba.security.deepvision.proxy.security.common.token.get",
		"ccmessaging.tokenByAkSk": "fabric: POST /apigovernance/api/oauth/tokenByAkSk",
	} {
		if calls[operation] != want {
			t.Errorf("%s: %s\nwant %s", operation, calls[operation], want)
		}
	}
}

func TestDocumentedErrors(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	for name, c := range map[string]struct{ args, want, without string }{
		"of an API":                  {"apis onsmqtt", "onsmqtt.RevokeToken  ", "appstream.GetAuthCode"},
		"of an operation":            {"apis onsmqtt.ApplyToken", "ApplyTokenOverFlow  ", "onsmqtt.RevokeToken"},
		"of an operation, shortened": {"apis ApplyToken", "InvalidParameter.%s  ", "onsmqtt.RevokeToken"},
		"of everything":              {"apis --errors", "isv.missing-parameter  ", "ACTION"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.run(t, strings.Split(c.args, " ")...)
			if got.code != 0 || !strings.Contains(got.out, c.want) || strings.Contains(got.out, c.without) {
				t.Errorf("exit code %d:\n%s", got.code, got.out)
			}
		})
	}
	t.Run("of nothing known", func(t *testing.T) {
		t.Parallel()
		for typed, want := range map[string]string{
			"ApplyTokn": `no API or operation "ApplyTokn", did you mean "onsmqtt.ApplyToken"?`,
			"onmqtt":    `no API or operation "onmqtt", did you mean "onsmqtt"?`,
			"something": `no API or operation "something"; see: tokenstage apis`,
		} {
			if got := s.run(t, "apis", typed); got.code != 2 || got.err != "tokenstage: "+want+"\n" {
				t.Errorf("got %+v, want %s", got, want)
			}
		}
	})
}

// TestJSONIsWhatTheControlAPIGives guards against members that get lost between the control API and the output.
func TestJSONIsWhatTheControlAPIGives(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t, "--id", "json", "--frozen")
	s.issue(t, box.Credentials.Fabric[0], "wrong-secret")
	for path, args := range map[string]string{
		"/v1/apis":                     "apis --json",
		"/v1/sandboxes/json/clock":     "clock --sandbox json --json",
		"/v1/sandboxes/json/requests":  "requests --sandbox json --json",
		"/v1/sandboxes/empty/requests": "requests --sandbox empty --json",
	} {
		if strings.Contains(path, "empty") {
			s.box(t, "--id", "empty")
		}
		var want, got any
		fetch(t, s.control+path, &want)
		s.decode(t, &got, strings.Split(args, " ")...)
		if a, b := mustJSON(t, got), mustJSON(t, want); a != b {
			t.Errorf("%s:\n%s\n%s:\n%s", args, a, path, b)
		}
	}
}

func fetch(t *testing.T, url string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	if err := json.NewDecoder(reply.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func mustJSON(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestClock(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	s.box(t, "--id", "clock", "--now", "2029-01-01T00:00:00Z", "--frozen")
	for _, c := range []struct{ args, want string }{
		{"clock", "2029-01-01T00:00:00Z  frozen\n"},
		{"clock --advance 59m", "2029-01-01T00:59:00Z  frozen\n"},
		{"clock --set 2030-01-01T08:00:00+08:00 --advance 1s", "2030-01-01T00:00:01Z  frozen\n"},
		{"clock --advance 1d12h", "2030-01-02T12:00:01Z  frozen\n"},
		{"clock --set 2030-01-01T00:00:01Z", "2030-01-01T00:00:01Z  frozen\n"},
		{"clock --run", "2030-01-01T00:00:01Z  running\n"},
		{"clock --set 2031-01-01T00:00:00Z --freeze", "2031-01-01T00:00:00Z  frozen\n"},
		{"clock", "2031-01-01T00:00:00Z  frozen\n"},
	} {
		got := s.run(t, append(strings.Split(c.args, " "), "--sandbox", "clock")...)
		if got.code != 0 || got.out != c.want {
			t.Errorf("%s: got %+v, want %s", c.args, got, c.want)
		}
	}
	got := s.run(t, "clock", "--sandbox", "clock", "--set", "1960-01-01T00:00:00Z")
	if got.code != 1 || !strings.Contains(got.err, "1970") {
		t.Errorf("out of range: %+v", got)
	}
}

// The clock goes back to real time, which a sandbox that is made now shows too.
func TestClockSetNow(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	s.box(t, "--id", "elsewhere", "--now", "2029-01-01T00:00:00Z", "--frozen")
	s.box(t, "--id", "real")
	s.run(t, "clock", "--sandbox", "elsewhere", "--set", "now", "--run")
	var read [3]client.Clock
	for i, box := range []string{"real", "elsewhere", "real"} {
		got := s.run(t, "clock", "--sandbox", box, "--json")
		if err := json.Unmarshal([]byte(got.out), &read[i]); err != nil {
			t.Fatalf("%v: %+v", err, got)
		}
	}
	if read[1].Now.Before(read[0].Now) || read[1].Now.After(read[2].Now) || read[1].Frozen {
		t.Errorf("%v does not lie between %v and %v", read[1], read[0].Now, read[2].Now)
	}
}

// A clock that gets clients refused says so beside its output.
func TestClockWarns(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	made := s.run(t, "sandbox", "new", "--id", "strict", "--signature-time", "clock")
	if !strings.Contains(made.out, "signed by  the sandbox's clock\n") {
		t.Errorf("does not say the rule:\n%s", made.out)
	}
	if got := s.run(t, "clock", "--sandbox", "strict"); got.err != "" {
		t.Errorf("warns of nothing: %s", got.err)
	}
	got := s.run(t, "clock", "--sandbox", "strict", "--advance", "59m")
	if !strings.HasPrefix(got.err, "warning: Clients that sign with real time are refused") || got.code != 0 {
		t.Errorf("no warning: %+v", got)
	}
	if got := s.run(t, "clock", "--advance", "59m"); got.err != "" || got.code != 0 {
		t.Errorf("either takes both: %+v", got)
	}
}

func TestDefaultSandboxTakesTheRuleOfServe(t *testing.T) {
	t.Parallel()
	s := serve(t, map[string]string{"TOKENSTAGE_SIGNATURE_TIME": "clock"})
	if got := s.run(t, "clock", "--advance", "59m"); !strings.HasPrefix(got.err, "warning: ") {
		t.Errorf("no warning: %+v", got)
	}
}

func TestSandboxes(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	made := s.run(t, strings.Split("sandbox new --id my-box --seed 7 --now 2030-01-01T00:00:00Z --frozen", " ")...)
	for _, want := range []string{
		"id         my-box\n", "seed       7\n", "clock      2030-01-01T00:00:00Z frozen\n", "\nacs        LTAIfake",
		"fabric at  " + s.data + "\n", `next: eval "$(tokenstage env --sandbox my-box --control ` + s.control + `)"`,
	} {
		if !strings.Contains(made.out, want) {
			t.Errorf("does not say %q in:\n%s", want, made.out)
		}
	}
	listed := columns(s.run(t, "sandbox", "list").out)
	if want := []string{"my-box", "7", "2030-01-01T00:00:00Z", "frozen", "stays"}; !slices.Equal(listed[2], want) {
		t.Errorf("listed %q, want %q", listed, want)
	}
	for _, c := range []struct {
		args, out, err string
		code           int
	}{
		{"sandbox new --id my-box", "", "tokenstage: a sandbox of that id exists: my-box\n", 1},
		{"clock --sandbox my-box --advance 1h", "2030-01-01T01:00:00Z  frozen\n", "", 0},
		{"sandbox reset my-box", "my-box was reset\n", "", 0},
		{"clock --sandbox my-box", "2030-01-01T00:00:00Z  frozen\n", "", 0},
		{"sandbox rm my-box", "my-box was removed\n", "", 0},
		{"sandbox rm my-box", "", "tokenstage: no such sandbox: \"my-box\"; see: tokenstage sandbox list\n", 1},
		{"sandbox rm default", "", "tokenstage: the default sandbox cannot be removed\n", 1},
	} {
		got := s.run(t, strings.Split(c.args, " ")...)
		if got != (result{c.code, c.out, c.err}) {
			t.Errorf("%s: got %+v, want %+v", c.args, got, c)
		}
	}
}

func TestDrawnSandboxesDiffer(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	a, b := s.box(t), s.box(t)
	if a.ID == b.ID || a.Seed == b.Seed || a.Credentials.ACS[0] == b.Credentials.ACS[0] {
		t.Errorf("%+v\n%+v", a, b)
	}
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	if got := s.run(t, "healthcheck"); got != (result{0, "ready\n", ""}) {
		t.Errorf("of a ready one: %+v", got)
	}
	at := map[string]string{"TOKENSTAGE_CONTROL_ADDR": strings.Replace(s.control, "http://127.0.0.1", "0.0.0.0", 1)}
	if got := run(t, at, "healthcheck"); got != (result{0, "ready\n", ""}) {
		t.Errorf("at the address that serve was given by its variable: %+v", got)
	}
	s.end()
	want := "tokenstage: no control plane at " + s.control + ": start one with: tokenstage serve\n"
	if got := s.run(t, "healthcheck"); got != (result{1, "", want}) {
		t.Errorf("of an ended one: %+v", got)
	}
}

// TestHealthcheckOfAServerThatHangs takes the two seconds that the check waits.
func TestHealthcheckOfAServerThatHangs(t *testing.T) {
	t.Parallel()
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hanging.Close)
	started := time.Now()
	got := run(t, nil, "healthcheck", "--control", hanging.URL)
	if got.code != 1 || !strings.Contains(got.err, "no answer from "+hanging.URL+" within 2s") {
		t.Errorf("got %+v", got)
	}
	if waited := time.Since(started); waited > 10*time.Second {
		t.Errorf("after %s", waited)
	}
}

func TestWhereThereIsNoControlPlane(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<html>welcome</html>"))
	}))
	t.Cleanup(other.Close)
	const start = ": start one with: tokenstage serve"
	commands := []string{
		"env", "apis", "scenarios", "scenarios show magic-values", "requests", "requests --follow", "requests 1-2", "clock",
		"sandbox new", "sandbox list", "tokens", "coverage", "stop --all",
	}
	for name, c := range map[string]struct{ control, want string }{
		"the data plane": {s.data, s.data + " is not a control plane (it answers with status 404): name one with --control"},
		"another server": {other.URL, "the reply of " + other.URL + " is none of a control plane"},
		"nobody":         {"http://127.0.0.1:1", "no control plane at http://127.0.0.1:1" + start},
		"a name of no machine": {
			"http://nobody.invalid",
			"the host of the control plane http://nobody.invalid is not known (nobody.invalid: no such host): name another one",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, command := range commands {
				got := run(t, nil, append(strings.Split(command, " "), "--control", c.control)...)
				oneLine := strings.Count(got.err, "\n") == 1
				if got.code != 1 || !strings.Contains(got.err, c.want) || !oneLine || got.out != "" {
					t.Errorf("%s: got %+v", command, got)
				}
			}
		})
	}
}

// TestOtherSandboxIsByVariable follows what env prints.
func TestOtherSandboxIsByVariable(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t, "--now", "2040-01-01T00:00:00Z", "--frozen")
	env := map[string]string{"TOKENSTAGE_CONTROL": s.control, "TOKENSTAGE_SANDBOX": box.ID}
	if got := run(t, env, "clock"); got.out != "2040-01-01T00:00:00Z  frozen\n" {
		t.Errorf("got %+v", got)
	}
	if _, err := client.New(s.control).Sandbox(t.Context(), box.ID); err != nil {
		t.Error(err)
	}
}
