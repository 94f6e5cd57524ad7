package emulator_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

var update = flag.Bool("update", false, "rewrite the journals in testdata")

// call is one step of what a client does in a story.
type call struct {
	op string
	// with replaces parameters of the operation's example.
	with map[string]string
	// advance moves the sandbox's clock before the call, each time that it is made.
	advance time.Duration
	// format is that of TOP requests; empty means JSON.
	format string
	// times is how often it is made; 0 means once.
	times int
	// aside says that there are too many to tell of each.
	aside bool
	// leaves says that the client gives up once the call is in the journal.
	leaves bool
}

// key tells calls with other parameters apart.
func (c call) key() string { return c.op + " " + c.with["controlType"] }

const (
	applyToken  = "onsmqtt.ApplyToken"
	queryToken  = "onsmqtt.QueryToken"
	revokeToken = "onsmqtt.RevokeToken"
	getAuthCode = "appstream.GetAuthCode"
	getStsToken = "appstream.GetStsToken"
	warrant     = "aicontent.CreateAccessWarrant"
	uploadToken = "deepvision.SecurityTokenGet"
	chatToken   = "ccmessaging.applyToken"
	chatSend    = "ccmessaging.send"
	chatPoll    = "ccmessaging.poll"
	putObject   = "oss.PutObject"
	beginUpload = "oss.InitiateMultipartUpload"
	uploadPart  = "oss.UploadPart"
)

// part is one of the last upload that was begun.
func part(number string, times int) call {
	return call{op: uploadPart, with: map[string]string{"partNumber": number}, times: times}
}

// connect opens a chat.
func connect() call { return call{op: chatSend, with: map[string]string{"controlType": "CONNECT"}} }

// stories are the calls with which each shipped scenario is played.
func stories() map[string][]call {
	return map[string][]call{
		"mqtt-throttled-then-fine": {{op: applyToken, times: 4}},
		"mqtt-tokens-expire-early": {{op: applyToken}, {op: queryToken, times: 7}},
		"sdk-retry-503-once": {
			{op: applyToken, times: 2}, {op: queryToken}, {op: getAuthCode, times: 2}, {op: warrant, times: 2},
		},
		"top-invalid-parameter": {{op: uploadToken, times: 2}, {op: uploadToken, format: "xml"}},
		"top-daily-quota-ban": {
			{op: uploadToken, times: 4},
			{op: uploadToken, format: "xml"},
			{op: uploadToken, advance: time.Hour},
			{op: uploadToken, advance: 7 * time.Hour}, // midnight in Shanghai
			{op: uploadToken, times: 3},
		},
		"slow-and-throttled": {
			{op: applyToken, times: 12}, {op: getAuthCode, times: 3}, {op: uploadToken, times: 12}, {op: chatToken, times: 12},
		},
		"slow-hour": {
			{op: applyToken, times: 12},
			{op: uploadToken},
			{op: chatToken},
			{op: applyToken, advance: time.Hour - 1},
			{op: applyToken, advance: 1},
			{op: uploadToken},
			{op: chatToken},
		},
		"top-throttled-then-banned": {
			{op: uploadToken, times: 2},
			{op: uploadToken, advance: 29 * time.Second, format: "xml"},
			{op: uploadToken, advance: time.Second},
			{op: uploadToken},
			{op: uploadToken, advance: 7 * time.Hour},
			{op: uploadToken, advance: time.Hour},
			{op: uploadToken},
		},
		"aicc-second-call-401-per-app": {{op: chatToken, times: 4}},
		"mqtt-daily-quota": {
			{op: applyToken, times: 499, aside: true},
			{op: applyToken, times: 2},
			{op: applyToken, advance: time.Second},
			{op: applyToken, times: 498, aside: true},
			{op: applyToken, times: 2},
			{op: applyToken, advance: 8*time.Hour - time.Second},
		},
		"mqtt-revoked-instance": {
			{op: applyToken},
			{op: revokeToken},
			{op: applyToken},
			{op: applyToken, with: map[string]string{"InstanceId": "post-cn-other"}},
			{op: applyToken, advance: 10*time.Minute - 1},
			{op: applyToken, advance: 1},
		},
		"nightly-outage": {
			{op: applyToken},
			{op: applyToken, advance: 9 * time.Hour},
			{op: uploadToken},
			{op: chatToken},
			{op: getAuthCode},
			{op: applyToken, advance: 20*time.Minute - 1},
			{op: applyToken, advance: 1},
			{op: applyToken, advance: 24*time.Hour - 1},
			{op: chatToken},
		},
		"aicc-access-token-401": {{op: chatToken, times: 3}},
		"aicc-chat-token-401":   {{op: chatToken}, connect(), {op: chatSend, times: 3}},
		"aicc-renewal-in-chat": {
			{op: chatToken},
			connect(),
			{op: chatSend, times: 2},
			{op: chatPoll},
			{op: chatSend},
			{op: chatToken},
			{op: chatSend},
			{op: chatPoll, times: 2},
		},
		"authcode-used-twice": {{op: getAuthCode, times: 3}},
		"login-answer-lost": {
			{op: getAuthCode}, {op: getStsToken, times: 2}, {op: getAuthCode}, {op: getStsToken},
		},
		"warrant-success-false": {{op: warrant, times: 4}},
		"oss-upload-interrupted": {
			{op: uploadToken}, {op: beginUpload}, part("1", 1), part("2", 3), part("3", 1), {op: beginUpload}, part("2", 3),
		},
		"oss-credentials-end-midway": {
			{op: uploadToken},
			{op: putObject},
			{op: beginUpload},
			part("1", 2),
			{op: putObject, times: 2},
			{op: uploadToken},
			{op: putObject, times: 3},
		},
		"slow-network": {
			{op: applyToken, times: 3}, {op: getAuthCode}, {op: uploadToken, times: 2}, connect(), {op: chatSend, times: 2},
		},
		"broken-network": {
			{op: applyToken, times: 3}, {op: applyToken, leaves: true}, {op: applyToken, times: 3},
		},
		"clock-skew": {{op: applyToken, times: 4}, {op: uploadToken, times: 4}, {op: chatToken}},
		"hostile-day": {
			{op: applyToken, times: 12},
			{op: getAuthCode, times: 6},
			{op: uploadToken, times: 6},
			connect(),
			{op: chatSend, times: 6},
		},
		magicValues: {
			{op: applyToken, with: map[string]string{"InstanceId": "post-cn-fail-ApplyTokenOverFlow"}},
			{op: applyToken, with: map[string]string{"InstanceId": "post-cn-fail-InvalidParameter.InstanceId"}},
			{op: getAuthCode, with: map[string]string{"EndUserId": "fail-InvalidUser.NotFound"}},
			{op: warrant, with: map[string]string{"userId": "fail-INVALID_APP_ID"}},
			{op: chatToken, with: map[string]string{"userId": "fail-resultCode.1"}},
			{op: applyToken},
		},
	}
}

const magicValues = "magic-values"

// TestStories plays each shipped scenario at a frozen clock with a fixed seed, by a real client on a real connection,
// and compares what the client felt and what the journal says with testdata/journals.
func TestStories(t *testing.T) {
	t.Parallel()
	known := stories()
	for _, name := range newWorld(t).Library().Names() {
		if strings.HasPrefix(name, "error/") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls, ok := known[name]
			if !ok {
				t.Fatal("it has no calls in stories()")
			}
			compareGolden(t, filepath.Join("testdata", "journals", name+".json"), tell(t, name, calls))
		})
	}
}

// TestMagicValues sends the value of each rule, and wants its error.
func TestMagicValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noQuota)
	magic, ok := w.Library().Get(magicValues)
	if !ok {
		t.Fatal("there are no magic values")
	}
	seen := uint64(0)
	for i, rule := range magic.Rules {
		c := call{op: rule.OnText()}
		if api, all := strings.CutSuffix(rule.OnText(), ".*"); all {
			c.op = w.Catalogue().API(api).Operations[i%len(w.Catalogue().API(api).Operations)].Name
		}
		field := strings.TrimPrefix(rule.When[0].Field, "params.")
		value, exact := strings.CutPrefix(rule.When[0].Expected, "equal to ")
		code := contract.Fill(rule.Script[0].Fail.Code, rule.Script[0].Fail.Fill)
		if !exact || !strings.HasSuffix(value, "fail-"+code) {
			t.Errorf("rule %d: %s is %s, which does not name %s", i, field, rule.When[0].Expected, code)
		}
		if strings.HasPrefix(rule.OnText(), "mqtt.") {
			continue // the tests of the broker send them
		}
		c.with = map[string]string{field: value}
		s := &storyteller{world: w, now: instant}
		w.do(t, s.request(t, c))
		entry := w.lastEntry(t, w.box, seen)
		seen = entry.Seq
		if entry.Outcome != code || entry.Decision == nil || entry.Decision.Rule != i {
			t.Errorf("%s of %s: %s, %+v", value, c.op, entry.Outcome, entry.Decision)
		}
	}
}

// TestMagicValuesStop wants them silent once they are switched off, in that sandbox alone.
func TestMagicValuesStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := &storyteller{world: w, now: instant}
	c := call{op: applyToken, with: map[string]string{"InstanceId": "post-cn-fail-ApplyTokenOverFlow"}}
	for _, want := range []string{"ApplyTokenOverFlow", ""} {
		if got := w.do(t, s.request(t, c)); got.code != want {
			t.Errorf("got %q, want %q", got.code, want)
		}
		if err := w.Player(w.box).Stop(t.Context(), magicValues); err != nil && want != "" {
			t.Fatal(err)
		}
	}
}

// told is what became of a story.
type told struct {
	// Felt is what each call was like for the client.
	Felt []string `json:"felt"`
	// Waited are the delays, none of which the test waits for.
	Waited  []string         `json:"waited,omitempty"`
	Journal []map[string]any `json:"journal"`
}

func tell(t *testing.T, name string, calls []call) told {
	t.Helper()
	s := newStoryteller(t, calls)
	if name != magicValues { // it plays already
		if err := s.world.Player(s.world.box).Play(t.Context(), play.Playing{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	before := uint64(len(s.world.entries(t, s.world.box, 0)))
	var story told
	var told []bool // of each call
	for _, c := range calls {
		for range max(c.times, 1) {
			felt := s.make(t, c)
			if told = append(told, !c.aside); !c.aside {
				story.Felt = append(story.Felt, felt)
			}
		}
	}
	for _, entry := range s.world.entries(t, s.world.box, before) {
		if told[entry.Seq-before-1] {
			story.Journal = append(story.Journal, steady(t, entry))
		}
	}
	story.Waited = s.waited.all()
	return story
}

// storyteller makes the calls of a story.
type storyteller struct {
	world  *world
	client *http.Client
	waited *waits
	now    time.Time
	// signedIn are requests of fabric, whose tokens were got before the scenario began.
	signedIn map[string]gatewaytest.Request
	// mqtt, chat and code are the last tokens that were issued, device the last credentials for objects.
	mqtt, chat, code string
	device           gatewaytest.OSS
	// upload is the last one in parts that was begun.
	upload string
}

func newStoryteller(t *testing.T, calls []call) *storyteller {
	t.Helper()
	waited := &waits{}
	w := newWorldWith(t, emulator.Options{After: waited.after})
	s := &storyteller{
		world: w, client: w.listen(t), waited: waited, now: instant, signedIn: map[string]gatewaytest.Request{},
	}
	now := func() time.Time { return s.now }
	w.acs.Now, w.top.Now = now, now
	for _, c := range calls {
		if _, there := s.signedIn[c.key()]; !there && strings.HasPrefix(c.op, "ccmessaging.") {
			s.signedIn[c.key()] = s.request(t, c)
		}
	}
	return s
}

// make makes the call and says what it was like.
func (s *storyteller) make(t *testing.T, c call) string {
	t.Helper()
	if c.advance > 0 {
		clock, err := s.world.box.ChangeClock(t.Context(), sandbox.ClockChange{Advance: c.advance})
		if err != nil {
			t.Fatal(err)
		}
		s.now = clock.Now
	}
	r, ok := s.signedIn[c.key()]
	if !ok {
		r = s.request(t, c)
	}
	if s.chat != "" && r.Header.Get("ccmessaging-token") != "" {
		r.Header.Set("ccmessaging-token", s.chat)
	}
	req, err := r.HTTP()
	if err != nil {
		t.Fatal(err)
	}
	req.RequestURI = ""
	ctx := t.Context()
	if c.leaves {
		ctx = s.world.untilJournaled(t, s.world.box)
	}
	response, err := s.client.Do(req.WithContext(ctx))
	if c.leaves {
		s.world.until(t, inState(journal.Abandoned))
	}
	if err != nil {
		return feeling(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return strconv.Itoa(response.StatusCode) + ", then " + feeling(err)
	}
	s.keep(body)
	return strings.TrimSpace(strconv.Itoa(response.StatusCode) + " " + codeOf(string(body)))
}

// keep remembers a token for the calls that need one.
func (s *storyteller) keep(body []byte) {
	var issued struct {
		MQTT string `json:"Token"`
		Chat string `json:"token"`

		AuthModel struct{ AuthCode string }
		Device    struct {
			Result struct {
				Key    string `json:"access_key_id"`
				Secret string `json:"access_key_secret"`
				Token  string `json:"token"`
			}
		} `json:"alibaba_security_deepvision_proxy_security_common_token_get_response"`
	}
	_ = json.Unmarshal(body, &issued) // XML holds no token that a story needs
	s.mqtt, s.chat = cmp.Or(issued.MQTT, s.mqtt), cmp.Or(issued.Chat, s.chat)
	s.code = cmp.Or(issued.AuthModel.AuthCode, s.code)
	if d := issued.Device.Result; d.Key != "" {
		s.device = gatewaytest.OSS{AccessKeyID: d.Key, AccessKeySecret: d.Secret, SecurityToken: d.Token}
	}
	s.upload = cmp.Or(between(string(body), "<UploadId>", "<"), s.upload)
}

// object is a request of the device for one object, or for the upload of its parts.
func (s *storyteller) object(c call) gatewaytest.Request {
	s.device.Now = func() time.Time { return s.now }
	r := gatewaytest.Request{
		Method: http.MethodPut, Host: host, Path: "/deepvision/tenant/poi/cat.txt", Body: "meow",
		Query: url.Values{},
	}
	switch c.op {
	case beginUpload:
		r.Method, r.Body = http.MethodPost, ""
		r.Query.Set("uploads", "")
	case uploadPart:
		r.Query = url.Values{"uploadId": {s.upload}, "partNumber": {c.with["partNumber"]}}
	}
	return s.device.V4(r)
}

// request is a good request of the operation with the parameters that the story gives.
func (s *storyteller) request(t *testing.T, c call) gatewaytest.Request {
	t.Helper()
	api, id, _ := strings.Cut(c.op, ".")
	if api == "oss" && s.device.AccessKeyID != "" {
		return s.object(c)
	}
	op := operation(t, s.world, api, id)
	text, body, err := op.RequestExample()
	if err != nil {
		t.Fatal(err)
	}
	with := maps.Clone(c.with)
	if with == nil {
		with = map[string]string{}
	}
	switch {
	case c.op == queryToken && s.mqtt != "":
		with["Token"] = s.mqtt
	case c.op == getStsToken:
		with["AuthCode"] = s.code
	case c.op == warrant:
		with["timestamp"] = strconv.FormatInt(s.now.Unix(), 10)
	}
	text, body = replaced(t, op, text, body, with)
	s.world.top.Format = c.format
	return driverOf(op).valid(t, s.world, op, text, body)
}

// replaced puts values into a request: parameters, members of one that holds JSON, or members of the body.
func replaced(
	t *testing.T, op *contract.Operation, text map[string]string, body []byte, with map[string]string,
) (map[string]string, []byte) {
	t.Helper()
	text = maps.Clone(text)
	for name, value := range with {
		parameter, member, nested := strings.Cut(name, ".")
		switch {
		case op.HasBody:
			body = withMember(t, body, name, value)
		case nested:
			text[parameter] = string(withMember(t, []byte(text[parameter]), member, value))
		default:
			text[name] = value
		}
	}
	return text, body
}

func withMember(t *testing.T, object []byte, name, value string) []byte {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(object, &members); err != nil {
		t.Fatal(err)
	}
	members[name] = value
	return []byte(toJSON(t, members))
}

// feeling is the failure of a call in the words of who made it.
func feeling(err error) string {
	for _, known := range []error{syscall.ECONNRESET, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return errors.Unwrap(err).Error()
}

// waits stands in for time: it notes what is waited for, and it is over at once.
type waits struct {
	sync.Mutex
	durations []string
}

func (w *waits) after(d time.Duration) <-chan time.Time {
	w.Lock()
	defer w.Unlock()
	w.durations = append(w.durations, d.String())
	over := make(chan time.Time, 1)
	over <- instant
	return over
}

func (w *waits) all() []string {
	w.Lock()
	defer w.Unlock()
	return w.durations
}

// steady is an entry without what differs from run to run.
func steady(t *testing.T, entry any) map[string]any {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(toJSON(t, entry)), &members); err != nil {
		t.Fatal(err)
	}
	delete(members, "durationMicros")
	delete(members["delivery"].(map[string]any), "durationMicros")
	delete(members, "arrived")
	delete(members["response"].(map[string]any)["headers"].(map[string]any), "Date")
	return members
}

func compareGolden(t *testing.T, path string, got any) {
	t.Helper()
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with: go test ./emulator -run %s -update", err, t.Name())
	}
	if diff := gocmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("not as in %s (-want +got):\n%s", path, diff)
	}
}
