package console_test

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/clocktest"
	"github.com/tokenstage/tokenstage/emulator/internal/console"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	steer "github.com/tokenstage/tokenstage/emulator/internal/world"
)

var discard = slog.New(slog.DiscardHandler)

// world is an emulator with both planes on loopback listeners, the console among them, and a browser without scripts.
type world struct {
	*emulator.Emulator
	*steer.World
	data    string // host:port
	control string // host:port
	real    *clocktest.Clock
	browser *http.Client                // keeps cookies and follows no redirect
	signers map[string]*gatewaytest.ACS // by sandbox
}

// start is the real time at the beginning of every test.
var start = clocktest.Start

// settings are what a test may change before its world begins.
type settings struct {
	emulator emulator.Options
	control  control.Options
	console  console.Options
}

// open starts a world.
func open(t *testing.T, change ...func(*settings)) *world {
	t.Helper()
	w := &world{real: clocktest.New(), signers: map[string]*gatewaytest.ACS{}}
	s := settings{
		emulator: emulator.Options{
			RealNow: w.real.Now, Chance: rand.NewPCG(1, 2), Log: discard, Violation: func(err error) { t.Error(err) },
		},
		control: control.Options{Loopback: true, Log: discard, ConsoleRoot: console.Root},
		console: console.Options{Log: discard},
	}
	for _, c := range change {
		c(&s)
	}
	var err error
	if w.Emulator, err = emulator.New(t.Context(), s.emulator); err != nil {
		t.Fatal(err)
	}
	w.data = serve(t, w.Handler())
	w.World = w.Emulator.World()
	s.console.World, s.console.Data = w.World, w.data
	s.console.Broker, s.console.Send, s.console.Identify = w.Broker(), w.Send, w.Identifier()
	s.control.World, s.control.Data = w.World, w.data
	s.control.Console = func(e *echo.Echo) { console.Register(e, s.console) }
	w.control = serve(t, control.New(s.control))
	t.Cleanup(w.Broker().Close)
	t.Cleanup(w.Stop) // ends the streams that a test left open, before the listeners close
	w.browser = newBrowser(t)
	return w
}

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server, err := listen.Open(t.Context(), listen.Options{Addr: "127.0.0.1:0", Handler: handler, Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close(t.Context()) }) // cuts off what is idle, as the test's context has ended
	return server.Addr()
}

// boxes counts the sandboxes.
func (w *world) boxes(t *testing.T) int {
	t.Helper()
	all, err := w.Sandboxes().List(t.Context())
	if err != nil {
		t.Error(err)
	}
	return len(all)
}

func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

// text is a page without its tags and with white space run together, as a person reads it.
func (r reply) text() string {
	body := regexp.MustCompile(`(?s)<[^>]*>`).ReplaceAllString(r.body, " ")
	return strings.Join(strings.Fields(html.UnescapeString(body)), " ")
}

// has expects each of some texts in what a person reads.
func (r reply) has(t *testing.T, texts ...string) {
	t.Helper()
	shown := r.text()
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			t.Errorf("the page does not say %q: %s", text, shown)
		}
	}
}

// lacks expects none of some texts anywhere in the page.
func (r reply) lacks(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(r.body, text) {
			t.Errorf("the page has %q: %s", text, r.body)
		}
	}
}

// send sends a request to the control plane, as the browser does.
func (w *world) send(t *testing.T, req *http.Request) reply {
	t.Helper()
	return exchange(t, w.browser, req)
}

func exchange(t *testing.T, client *http.Client, req *http.Request) reply {
	t.Helper()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(raw)}
}

// request is one for the control plane; a form, when there is one, is its body.
func (w *world) request(t *testing.T, method, path string, form url.Values) *http.Request {
	t.Helper()
	return w.requestWithin(t, t.Context(), method, path, form)
}

func (w *world) requestWithin(
	t *testing.T, ctx context.Context, method, path string, form url.Values,
) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+w.control+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req
}

// page opens a page, which must be there.
func (w *world) page(t *testing.T, path string) reply {
	t.Helper()
	return w.pageOf(t, path, http.StatusOK)
}

// pageOf opens a page that answers with status.
func (w *world) pageOf(t *testing.T, path string, status int) reply {
	t.Helper()
	got := w.send(t, w.request(t, http.MethodGet, path, nil))
	if got.status != status {
		t.Fatalf("GET %s: status %d, want %d: %s", path, got.status, status, got.text())
	}
	return got
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// csrf is the proof in the forms of a page.
func (r reply) csrf(t *testing.T) string {
	t.Helper()
	found := csrfField.FindStringSubmatch(r.body)
	if found == nil {
		t.Fatalf("the page has no form for a change: %s", r.body)
	}
	return found[1]
}

// submit sends the form of a change from a page about the default sandbox, unless fields name another one, and returns
// what the browser shows after it.
func (w *world) submit(t *testing.T, page, action string, fields url.Values) reply {
	t.Helper()
	got := w.tries(t, page, action, fields)
	if got.status != http.StatusSeeOther {
		t.Fatalf("POST %s: status %d: %s", action, got.status, got.text())
	}
	return w.page(t, got.header.Get("Location"))
}

// tries sends the form of a change and returns the answer itself, which may be a refusal.
func (w *world) tries(t *testing.T, page, action string, fields url.Values) reply {
	t.Helper()
	form := url.Values{"sandbox": {sandbox.Default}, "back": {page}, "csrf": {w.page(t, page).csrf(t)}}
	for name, values := range fields {
		form[name] = values
	}
	return w.send(t, w.request(t, http.MethodPost, action, form))
}

// box is the sandbox of that id.
func (w *world) box(t *testing.T, id string) *sandbox.Sandbox {
	t.Helper()
	box, err := w.Sandboxes().Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// create makes a sandbox with generated credentials.
func (w *world) create(t *testing.T, id string) *sandbox.Sandbox {
	t.Helper()
	box, err := w.CreateSandbox(t.Context(), sandbox.Definition{ID: id}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// Versions of the APIs that tests call.
const (
	mqttVersion      = "2020-04-20"
	appstreamVersion = "2021-02-18"
)

// signer signs with the first key of a sandbox, at the instant of its clock. There is one for each sandbox, so that no
// nonce comes twice.
func (w *world) signer(t *testing.T, box *sandbox.Sandbox) *gatewaytest.ACS {
	t.Helper()
	signer, ok := w.signers[box.ID]
	if !ok {
		key := gatewaytest.Read(box.Credentials).ACS[0]
		signer = &gatewaytest.ACS{AccessKeyID: key.AccessKeyID, AccessKeySecret: key.AccessKeySecret}
		w.signers[box.ID] = signer
	}
	now := clockOf(t, box)
	signer.Now = func() time.Time { return now }
	return signer
}

func clockOf(t *testing.T, box *sandbox.Sandbox) time.Time {
	t.Helper()
	clock, err := box.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return clock.Now
}

// call sends a request to the data plane.
func (w *world) call(t *testing.T, r gatewaytest.Request) reply {
	t.Helper()
	r.Host = w.data
	req, err := r.HTTP()
	if err != nil {
		t.Fatal(err)
	}
	req.RequestURI = "" // that of a server
	return exchange(t, http.DefaultClient, req.WithContext(t.Context()))
}

// signed makes a call of the acs gateway.
func (w *world) signed(t *testing.T, box *sandbox.Sandbox, action, version string, params url.Values) reply {
	t.Helper()
	return w.call(t, w.signer(t, box).V3(gatewaytest.Request{
		Method: http.MethodPost, Path: "/", Host: w.data, Query: params,
	}, action, version))
}

const instance = "post-cn-a"

// applyParams ask for an MQTT token that lives an hour.
func applyParams(t *testing.T, box *sandbox.Sandbox) url.Values {
	t.Helper()
	return url.Values{
		"Actions": {"R"}, "InstanceId": {instance}, "Resources": {"a/#"},
		"ExpireTime": {strconv.FormatInt(clockOf(t, box).Add(time.Hour).UnixMilli(), 10)},
	}
}

// applyToken issues an MQTT token that lives an hour, and returns its text.
func (w *world) applyToken(t *testing.T, box *sandbox.Sandbox) string {
	t.Helper()
	var issued struct{ Token string }
	got := w.signed(t, box, "ApplyToken", mqttVersion, applyParams(t, box))
	if err := json.Unmarshal([]byte(got.body), &issued); err != nil || issued.Token == "" {
		t.Fatalf("ApplyToken: %d %s", got.status, got.body)
	}
	return issued.Token
}

// getAuthCode issues a code that is good once, and returns its text.
func (w *world) getAuthCode(t *testing.T, box *sandbox.Sandbox, user string) string {
	t.Helper()
	var issued struct{ AuthModel struct{ AuthCode string } }
	got := w.signed(t, box, "GetAuthCode", appstreamVersion, url.Values{"EndUserId": {user}})
	if err := json.Unmarshal([]byte(got.body), &issued); err != nil || issued.AuthModel.AuthCode == "" {
		t.Fatalf("GetAuthCode: %d %s", got.status, got.body)
	}
	return issued.AuthModel.AuthCode
}
