package aicontent_test

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/api/aicontent"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/openapi"
)

const appID, appSecret = "a123", "appSecret"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newSandbox(tb testing.TB, seed uint64, apps ...sandbox.WarrantApp) *sandbox.Sandbox {
	tb.Helper()
	registry := sandbox.NewRegistry(sandbox.RegistryOptions{
		Schemes: gateways.Schemes(),
		Store:   memory.New(), RealNow: func() time.Time { return noon },
	})
	box, err := registry.Create(tb.Context(), sandbox.Definition{
		ID: "test", Seed: seed, Now: &noon, Frozen: true, Fixtures: sandbox.Fixtures{Warrants: apps},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return box
}

func create(tb testing.TB, box *sandbox.Sandbox, params map[string]any) (wire.Result, error) {
	tb.Helper()
	turn, err := box.Begin(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	result, err := aicontent.New().Handlers["CreateAccessWarrant"](tb.Context(), turn, &wire.Call{ID: "the-id", Params: params})
	if err == nil {
		err = turn.Commit(tb.Context())
	}
	return result, err
}

// created is the data of a new warrant.
func created(tb testing.TB, box *sandbox.Sandbox, params map[string]any) map[string]any {
	tb.Helper()
	result, err := create(tb, box, params)
	if err != nil {
		tb.Fatal(err)
	}
	return contract.Plain(result.Body).(map[string]any)["data"].(map[string]any)
}

func seconds(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

// sign is requestSign by the formula of the same service's direct endpoint.
func sign(secret, id, timestamp, ip, user string) string {
	sum := md5.Sum([]byte("app_secret=" + secret + "&appid=" + id + "&timestamp=" + timestamp + "&user_client_ip=" + ip +
		"&user_id=" + user))
	return hex.EncodeToString(sum[:])
}

// request is a good one of the listed application.
func request(pairs ...any) map[string]any {
	params := map[string]any{
		"appId": appID, "timestamp": seconds(noon), "userId": "sn123", "userClientIp": "110.25.23.12",
		"requestSign": sign(appSecret, appID, seconds(noon), "110.25.23.12", "sn123"),
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(params, pairs[i].(string))
		} else {
			params[pairs[i].(string)] = pairs[i+1]
		}
	}
	return params
}

func TestCreateAccessWarrant(t *testing.T) {
	t.Parallel()
	box := newSandbox(t, 7)
	result, err := create(t, box, request("warrantAvailable", int64(60)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, member := range result.Body {
		names = append(names, member.Name)
	}
	if diff := cmp.Diff([]string{"requestId", "success", "httpStatusCode", "data"}, names); diff != "" {
		t.Error(diff)
	}
	body := contract.Plain(result.Body).(map[string]any)
	data := maps.Clone(body["data"].(map[string]any))
	for member, form := range map[string]string{"AccessToken": `^[0-9a-z]{57}$`, "AccessWarrantId": `^ex2[0-9a-z]{21}$`} {
		if text, _ := data[member].(string); !regexp.MustCompile(form).MatchString(text) {
			t.Errorf("%s is %q", member, text)
		}
		delete(data, member)
	}
	want := map[string]any{
		"ApplicationAccessId": appID, "UserId": "sn123", "CreateTime": seconds(noon), "ExpireTime": seconds(noon.Add(time.Minute)),
	}
	if diff := cmp.Diff(want, data); diff != "" {
		t.Error(diff)
	}
	if body["requestId"] != "the-id" || body["success"] != true || body["httpStatusCode"] != 200 || result.Outcome != "" {
		t.Errorf("got %v, outcome %q", body, result.Outcome)
	}
	tokens, err := box.Tokens(t.Context())
	if err != nil || len(tokens) != 1 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	listed := token.Token{
		ID: "aicontent-1", API: "aicontent", Operation: "CreateAccessWarrant", State: token.Active, Subject: "a123/sn123",
		IssuedAt: noon, ExpiresAt: noon.Add(time.Minute), History: []token.Event{{Time: noon, State: token.Active, Note: "issued"}},
	}
	if diff := cmp.Diff(listed, tokens[0]); diff != "" {
		t.Error(diff)
	}
}

// Everything may be left out; a warrant then lives two hours, the default of the same service's direct endpoint.
func TestDefaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		params             map[string]any
		app, user, subject string
		life               time.Duration
	}{
		"nothing":   {nil, "", "", "", 2 * time.Hour},
		"app alone": {map[string]any{"appId": "x"}, "x", "", "x", 2 * time.Hour},
		"user":      {map[string]any{"userId": "u"}, "", "u", "u", 2 * time.Hour},
		"a second":  {map[string]any{"warrantAvailable": int64(1)}, "", "", "", time.Second},
		"longest":   {map[string]any{"warrantAvailable": int64(1<<31 - 1)}, "", "", "", (1<<31 - 1) * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t, 7)
			data := created(t, box, c.params)
			if data["ApplicationAccessId"] != c.app || data["UserId"] != c.user || data["ExpireTime"] != seconds(noon.Add(c.life)) {
				t.Errorf("got %v", data)
			}
			tokens, err := box.Tokens(t.Context())
			if err != nil || tokens[0].Subject != c.subject || !tokens[0].ExpiresAt.Equal(noon.Add(c.life)) {
				t.Errorf("listed %+v, %v", tokens, err)
			}
		})
	}
}

// An app goes on with real time when the clock was moved, as its signatures do.
func TestTimestampAfterTheClockMoved(t *testing.T) {
	t.Parallel()
	box := newSandbox(t, 7, sandbox.WarrantApp{AppID: appID, AppSecret: appSecret})
	if _, err := box.ChangeClock(t.Context(), sandbox.ClockChange{Advance: 59 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	for off, want := range map[time.Duration]bool{0: true, 59 * time.Minute: true, 30 * time.Minute: false} {
		stamp := seconds(noon.Add(off))
		params := request("timestamp", stamp, "requestSign", sign(appSecret, appID, stamp, "110.25.23.12", "sn123"))
		if _, err := create(t, box, params); (err == nil) != want {
			t.Errorf("%s after real time: %v", off, err)
		}
	}
}

// What a sandbox with applications asks for; the errors are the emulator's own.
func TestApplications(t *testing.T) {
	t.Parallel()
	listed := []sandbox.WarrantApp{{AppID: "open"}, {AppID: appID, AppSecret: appSecret}}
	at := func(off time.Duration) map[string]any {
		stamp := seconds(noon.Add(off))
		return request("timestamp", stamp, "requestSign", sign(appSecret, appID, stamp, "110.25.23.12", "sn123"))
	}
	for name, c := range map[string]struct {
		apps   []sandbox.WarrantApp
		params map[string]any
		code   string // empty for success
	}{
		"no applications":        {nil, request("requestSign", "nonsense", "timestamp", "1"), ""},
		"good":                   {listed, request(), ""},
		"in upper case":          {listed, request("requestSign", strings.ToUpper(request()["requestSign"].(string))), ""},
		"without a secret":       {listed, map[string]any{"appId": "open", "requestSign": "nonsense"}, ""},
		"unknown":                {listed, request("appId", "b456"), "INVALID_APP_ID"},
		"absent":                 {listed, request("appId", nil), "INVALID_APP_ID"},
		"in another case":        {listed, request("appId", "A123"), "INVALID_APP_ID"},
		"15 minutes behind":      {listed, at(-15 * time.Minute), ""},
		"15 minutes ahead":       {listed, at(15 * time.Minute), ""},
		"a second more, behind":  {listed, at(-15*time.Minute - time.Second), "INVALID_TIMESTAMP"},
		"a second more, ahead":   {listed, at(15*time.Minute + time.Second), "INVALID_TIMESTAMP"},
		"no timestamp":           {listed, request("timestamp", nil), "INVALID_TIMESTAMP"},
		"timestamp no number":    {listed, request("timestamp", "noon"), "INVALID_TIMESTAMP"},
		"milliseconds":           {listed, request("timestamp", seconds(noon)+"000"), "INVALID_TIMESTAMP"},
		"timestamp before sign":  {listed, request("timestamp", nil, "requestSign", nil), "INVALID_TIMESTAMP"},
		"no sign":                {listed, request("requestSign", nil), "INVALID_REQUEST_SIGN"},
		"another secret":         {listed, request("requestSign", sign("other", appID, seconds(noon), "110.25.23.12", "sn123")), "INVALID_REQUEST_SIGN"},
		"other user":             {listed, request("userId", "sn124"), "INVALID_REQUEST_SIGN"},
		"other address":          {listed, request("userClientIp", "1.1.1.1"), "INVALID_REQUEST_SIGN"},
		"other time":             {listed, request("timestamp", seconds(noon.Add(time.Second))), "INVALID_REQUEST_SIGN"},
		"members absent, signed": {listed, request("userId", nil, "userClientIp", nil, "requestSign", sign(appSecret, appID, seconds(noon), "", "")), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t, 7, c.apps...)
			_, err := create(t, box, c.params)
			if c.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var fault *wire.Fault
			if !errors.As(err, &fault) || fault.Kind != wire.Documented || fault.Code != c.code || len(fault.Findings) != 1 {
				t.Errorf("got %v, want %s", err, c.code)
			}
			if tokens, err := box.Tokens(t.Context()); err != nil || len(tokens) != 0 {
				t.Errorf("a refused call issued %v, %v", tokens, err)
			}
		})
	}
}

// A wrong requestSign is explained with the string that the server signed, its secret left out.
func TestRequestSignIsExplained(t *testing.T) {
	t.Parallel()
	box := newSandbox(t, 7, sandbox.WarrantApp{AppID: appID, AppSecret: appSecret})
	_, err := create(t, box, request("requestSign", "00"))
	var fault *wire.Fault
	if !errors.As(err, &fault) {
		t.Fatal(err)
	}
	want := "app_secret=" + sandbox.Mask + "&appid=a123&timestamp=" + seconds(noon) + "&user_client_ip=110.25.23.12&user_id=sn123"
	if f := fault.Findings[0]; f.Server != want || strings.Contains(f.Message+f.Expected+f.Got, appSecret) {
		t.Errorf("finding %+v", f)
	}
}

// Each call makes a warrant of its own; the same seed and turn make the same.
func TestWarrantsFollowTheSeed(t *testing.T) {
	t.Parallel()
	box := newSandbox(t, 7)
	first, second := created(t, box, nil), created(t, box, nil)
	if diff := cmp.Diff(first, created(t, newSandbox(t, 7), nil)); diff != "" {
		t.Error(diff)
	}
	for _, member := range []string{"AccessToken", "AccessWarrantId"} {
		if first[member] == second[member] || first[member] == created(t, newSandbox(t, 8), nil)[member] {
			t.Errorf("%s is the same for another call or seed", member)
		}
	}
	tokens, err := box.Tokens(t.Context())
	if err != nil || len(tokens) != 2 || tokens[0].State != token.Active || tokens[1].State != token.Active {
		t.Errorf("tokens %+v, %v", tokens, err)
	}
}

// Lua, PHP and Python write a whole number as a float: what the spec takes is how long the warrant lives.
func TestWholeNumbersAsFloats(t *testing.T) {
	t.Parallel()
	catalogue, err := contract.Load(openapi.Files)
	if err != nil {
		t.Fatal(err)
	}
	warrant, _, err := catalogue.ByRoute("acs", "POST", "/api/v1/aliyunConsole/createAccessWarrant")
	if err != nil {
		t.Fatal(err)
	}
	for _, written := range []string{"600", "600.0", "600.000", "6e2", "6.0E+2", "0.6e3", "60000e-2"} {
		t.Run(written, func(t *testing.T) {
			t.Parallel()
			params, problems := warrant.Check(contract.Values{Body: []byte(`{"warrantAvailable":` + written + `}`)})
			if problems != nil {
				t.Fatal(problems)
			}
			if got := created(t, newSandbox(t, 7), params)["ExpireTime"]; got != seconds(noon.Add(10*time.Minute)) {
				t.Errorf("the warrant ends at %v", got)
			}
		})
	}
}

// The members are typed as SDKs read them, and the types of a request are held to.
func TestTypes(t *testing.T) {
	t.Parallel()
	catalogue, err := contract.Load(openapi.Files)
	if err != nil {
		t.Fatal(err)
	}
	op := catalogue.ByAction("acs", "CreateAccessWarrant")
	if op != nil {
		t.Fatal("a ROA operation is found by its action")
	}
	warrant, _, err := catalogue.ByRoute("acs", "POST", "/api/v1/aliyunConsole/createAccessWarrant")
	if err != nil {
		t.Fatal(err)
	}
	result, err := create(t, newSandbox(t, 7), request())
	if err != nil {
		t.Fatal(err)
	}
	if err := warrant.CheckReply(200, contract.Plain(result.Body)); err != nil {
		t.Error(err)
	}
	for name, value := range created(t, newSandbox(t, 7), nil) {
		if _, ok := value.(string); !ok {
			t.Errorf("%s is a %T", name, value)
		}
	}
	for body, wrong := range map[string]string{
		`{}`: "", ``: "", `{"timestamp":"1701000000","warrantAvailable":7200}`: "", `{"unknown":1}`: "",
		`{"warrantAvailable":2147483647}`: "", `{"warrantAvailable":2147483648}`: "warrantAvailable",
		`{"warrantAvailable":0}`: "warrantAvailable", `{"warrantAvailable":"60"}`: "warrantAvailable",
		`{"warrantAvailable":1.5}`: "warrantAvailable", `{"timestamp":1701000000}`: "timestamp",
		`{"timestamp":"17010000"}`: "timestamp", `{"appId":7}`: "appId", `{"userId":null,"timestamp":""}`: "", `[]`: "body", `{`: "body",
	} {
		t.Run("body "+body, func(t *testing.T) {
			t.Parallel()
			_, problems := warrant.Check(contract.Values{Body: []byte(body)})
			if wrong == "" && len(problems) > 0 || wrong != "" && (len(problems) == 0 || problems[0].Name != wrong) {
				t.Errorf("got %+v, want %q", problems, wrong)
			}
		})
	}
}
