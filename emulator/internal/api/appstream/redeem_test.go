package appstream_test

import (
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/api/appstream"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// call makes a call of an operation, without a key where one of its parameters says so, and commits what it wrote.
func call(tb testing.TB, box *sandbox.Sandbox, operation string, params map[string]any) (map[string]any, error) {
	tb.Helper()
	turn, err := box.Begin(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	text := map[string]string{}
	for name, value := range params {
		text[name], _ = value.(string)
	}
	made := &wire.Call{ID: "the-id", Operation: operation, Params: params, Text: text}
	made.Credential = wire.Credential{Kind: wire.AccessKey, ID: "ak"}
	for _, name := range []string{"AuthCode", "LoginToken"} {
		if text[name] != "" {
			made.Credential = wire.Credential{Kind: wire.IssuedToken, ID: text[name], Secret: true}
		}
	}
	result, err := appstream.New().Handlers[operation](tb.Context(), turn, made)
	if err != nil {
		return nil, err
	}
	if err := turn.Commit(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return contract.Plain(result.Body).(map[string]any), nil
}

// must is call for one that succeeds.
func must(tb testing.TB, box *sandbox.Sandbox, operation string, params map[string]any) map[string]any {
	tb.Helper()
	body, err := call(tb, box, operation, params)
	if err != nil {
		tb.Fatalf("%s: %v", operation, err)
	}
	return body
}

// refused wants a documented error whose finding holds every one of the words.
func refused(tb testing.TB, err error, code string, words ...string) {
	tb.Helper()
	var fault *wire.Fault
	if !errors.As(err, &fault) || fault.Kind != wire.Documented || fault.Code != code {
		tb.Errorf("got %v, want %s", err, code)
		return
	}
	for _, word := range words {
		if !strings.Contains(fault.Findings[0].Message, word) {
			tb.Errorf("%s is explained by %q, without %q", code, fault.Findings[0].Message, word)
		}
	}
}

func codeFor(tb testing.TB, box *sandbox.Sandbox, user string) map[string]any {
	tb.Helper()
	model := must(tb, box, "GetAuthCode", map[string]any{"EndUserId": user})["AuthModel"].(map[string]any)
	return map[string]any{"AuthCode": model["AuthCode"]}
}

// loginFor is the login of a user, as calls present it.
func loginFor(tb testing.TB, box *sandbox.Sandbox, code map[string]any) map[string]any {
	tb.Helper()
	model := must(tb, box, "GetStsToken", code)["StsTokenModel"].(map[string]any)
	return map[string]any{"LoginToken": model["StsToken"], "SessionId": model["SessionId"]}
}

func with(params map[string]any, name string, value any) map[string]any {
	all := maps.Clone(params)
	all[name] = value
	return all
}

// The three rules of a code: GetStsToken 2021-02-20, Request parameters, AuthCode.
func TestCodeIsTradedInOnce(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	code := codeFor(t, box, "alice")
	model := must(t, box, "GetStsToken", code)["StsTokenModel"].(map[string]any)
	text, _ := model["StsToken"].(string)
	session, _ := model["SessionId"].(string)
	tenant, _ := model["TenantId"].(int64)
	if len(model) != 3 || !strings.HasPrefix(text, "sts") || len(session) != 36 || tenant < 1e15 || tenant >= 2e15 {
		t.Errorf("got %v", model)
	}
	if diff := cmp.Diff([]string{"alice redeemed", "alice active"}, states(t, box)); diff != "" {
		t.Error(diff)
	}
	_, err := call(t, box, "GetStsToken", code)
	refused(t, err, "InvalidAuthCode.Used", "appstream-1 of alice", "by GetStsToken, call 2")
	advance(t, box, time.Hour)
	_, err = call(t, box, "GetStsToken", code)
	refused(t, err, "InvalidAuthCode.Used", "by GetStsToken, call 2")
	wantTransition(t, redeem(t, box, 1), token.Redeemed)
}

func TestCodeLivesThreeMinutes(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	code := codeFor(t, box, "alice")
	advance(t, box, 3*time.Minute-time.Nanosecond)
	must(t, box, "GetStsToken", code)
	box = newSandbox(t)
	code = codeFor(t, box, "alice")
	advance(t, box, 3*time.Minute)
	_, err := call(t, box, "GetStsToken", code)
	refused(t, err, "InvalidAuthCode.Expired", "ended at 2026-03-01T12:03:00.000Z", "reads 2026-03-01T12:03:00.000Z")
}

func TestOnlyTheNewestCodeIsGood(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	first, bobs := codeFor(t, box, "alice"), codeFor(t, box, "bob")
	second := codeFor(t, box, "alice")
	_, err := call(t, box, "GetStsToken", first)
	refused(t, err, "InvalidAuthCode.Superseded", "a newer one was issued, by the code of call 3")
	for _, good := range []map[string]any{second, bobs} {
		must(t, box, "GetStsToken", good)
	}
}

// What people do over the control plane counts for clients, and is told as theirs.
func TestCodesThatPeopleEnded(t *testing.T) {
	t.Parallel()
	for to, want := range map[token.State]string{
		token.Redeemed: "InvalidAuthCode.Used", token.Revoked: "InvalidAuthCode.Expired", token.Expired: "InvalidAuthCode.Expired",
	} {
		box := newSandbox(t)
		code := codeFor(t, box, "alice")
		if _, err := box.ChangeToken(t.Context(), "appstream-1", to); err != nil {
			t.Fatal(err)
		}
		_, err := call(t, box, "GetStsToken", code)
		refused(t, err, want, "by the control plane")
	}
}

func TestConcurrentTrades(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	code := codeFor(t, box, "alice")
	var good, used atomic.Int64
	var done sync.WaitGroup
	for range 64 {
		done.Go(func() {
			_, err := call(t, box, "GetStsToken", code)
			var fault *wire.Fault
			switch {
			case err == nil:
				good.Add(1)
			case errors.As(err, &fault) && fault.Code == "InvalidAuthCode.Used":
				used.Add(1)
			}
		})
	}
	done.Wait()
	if good.Load() != 1 || used.Load() != 63 {
		t.Errorf("%d were good and %d too late", good.Load(), used.Load())
	}
}

// A call that did not reach the operation uses the code up; one about a code that is none does nothing.
func TestSpentCodes(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	code := codeFor(t, box, "alice")
	for _, text := range []string{code["AuthCode"].(string), code["AuthCode"].(string), "none", ""} {
		turn, err := box.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		findings, err := appstream.New().Spent["GetStsToken"](t.Context(), turn,
			&wire.Call{Operation: "GetStsToken", Text: map[string]string{"AuthCode": text}})
		if first := turn.Number == 2; err != nil || (len(findings) == 1) != first {
			t.Errorf("call %d found %v, %v", turn.Number, findings, err)
		}
	}
	_, err := call(t, box, "GetStsToken", code)
	refused(t, err, "InvalidAuthCode.Used", "by GetStsToken, call 2")
}

// GetStsToken 2021-02-18: a server logs its user in, for as long as it says.
func TestLoginOfAUser(t *testing.T) {
	t.Parallel()
	box := newSandbox(t, "alice", "ext")
	model := must(t, box, "GetStsToken20210218", map[string]any{"EndUserId": "alice", "Expiration": int64(600)})["StsTokenModel"].(map[string]any)
	if model["AliUid"] != model["TenantId"] || len(model) != 4 {
		t.Errorf("got %v", model)
	}
	login := map[string]any{"LoginToken": model["StsToken"], "SessionId": model["SessionId"]}
	advance(t, box, 10*time.Minute-time.Millisecond)
	must(t, box, "RefreshLoginToken", login)
	advance(t, box, time.Millisecond)
	_, err := call(t, box, "RefreshLoginToken", login)
	refused(t, err, "InvalidLoginToken.Expired", "ended at 2026-03-01T12:10:00.000Z")
	must(t, box, "GetStsToken20210218", map[string]any{"ExternalId": "ext"})
	_, err = call(t, box, "GetStsToken20210218", map[string]any{})
	refused(t, err, "InvalidUser.Missing", "ExternalId")
	_, err = call(t, box, "GetStsToken20210218", map[string]any{"EndUserId": "bob"})
	refused(t, err, "InvalidUser.NotFound")
}

// A login lives eight hours, and can be renewed as long as it is good: RefreshLoginToken 2021-02-20.
func TestLifeOfALogin(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	login := loginFor(t, box, codeFor(t, box, "alice"))
	advance(t, box, 8*time.Hour-time.Second)
	renewed := with(login, "LoginToken", must(t, box, "RefreshLoginToken", login)["LoginToken"])
	advance(t, box, time.Second)
	_, err := call(t, box, "RefreshLoginToken", login)
	refused(t, err, "InvalidLoginToken.Expired")
	must(t, box, "RefreshLoginToken", renewed)
	for _, operation := range []string{"RefreshLoginToken", "ClientUserLogout", "ExpireLoginToken", "GetConnectionTicket"} {
		_, err = call(t, box, operation, with(renewed, "SessionId", "another"))
		refused(t, err, "InvalidLoginToken.Mismatch", "another SessionId")
		_, err = call(t, box, operation, with(renewed, "EndUserId", "bob"))
		refused(t, err, "InvalidLoginToken.Mismatch", "another EndUserId")
		_, err = call(t, box, operation, with(renewed, "LoginToken", codeFor(t, box, "alice")["AuthCode"]))
		refused(t, err, "InvalidLoginToken.NotFound")
	}
}

func TestEndOfALogin(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"ExpireLoginToken", "ClientUserLogout"} {
		box := newSandbox(t)
		login := loginFor(t, box, codeFor(t, box, "alice"))
		for range 2 {
			if body := must(t, box, operation, login); body["RequestId"] != "the-id" || len(body) != 1 {
				t.Errorf("%s answers %v", operation, body)
			}
		}
		_, err := call(t, box, "GetConnectionTicket", login)
		refused(t, err, "InvalidLoginToken.Expired", "by "+operation+", call 3")
	}
}

// A reset forgets logins and tasks.
func TestLoginsEndWithAReset(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	login := loginFor(t, box, codeFor(t, box, "alice"))
	if err := box.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, err := call(t, box, "GetConnectionTicket", login)
		refused(t, err, "InvalidLoginToken.NotFound", "before the sandbox was reset")
	}
}

// The first call begins a task, later ones get its ticket: GetConnectionTicket 2021-09-03 and 2021-09-01.
func TestTickets(t *testing.T) {
	t.Parallel()
	for operation, region := range map[string]string{
		"GetConnectionTicket": "RegionId", "GetConnectionTicket20210901": "BizRegionId",
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			asked := loginFor(t, box, codeFor(t, box, "alice"))
			if operation != "GetConnectionTicket" {
				asked = map[string]any{"EndUserId": "alice"}
			}
			asked = with(with(asked, "AppId", "ca-1"), "ProductType", "CloudApp")
			begun := must(t, box, operation, asked)
			id, _ := begun["TaskId"].(string)
			if len(id) != 36 || begun["TaskStatus"] != "Running" || len(begun) != 3 {
				t.Fatalf("the first call answers %v", begun)
			}
			asked["TaskId"] = id
			if again := must(t, box, operation, asked); again["TaskStatus"] != "Running" || again["TaskId"] != id {
				t.Errorf("at once: %v", again)
			}
			advance(t, box, 3*time.Second)
			got := must(t, box, operation, asked)
			text, err := base64.StdEncoding.DecodeString(got["Ticket"].(string))
			if err != nil || !strings.HasPrefix(string(text), "\r\n[Desktop]\r\n") {
				t.Errorf("the ticket holds %q, %v", text, err)
			}
			if got["TaskStatus"] != "Finished" || got[region] != "cn-hangzhou" || got["OsType"] != "Windows" || len(got) != 9 {
				t.Errorf("then: %v", got)
			}
			if diff := cmp.Diff(got, must(t, box, operation, asked)); diff != "" {
				t.Errorf("the same task answers differently: %s", diff)
			}
			_, err = call(t, box, operation, with(asked, "TaskId", "another"))
			refused(t, err, "InvalidTaskId.NotFound", "task of alice")
		})
	}
}

// A task belongs to whom began it.
func TestTasksOfOthers(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	mine := loginFor(t, box, codeFor(t, box, "alice"))
	mine["TaskId"] = must(t, box, "GetConnectionTicket", mine)["TaskId"]
	for name, login := range map[string]map[string]any{
		"user": loginFor(t, box, codeFor(t, box, "bob")), "session": loginFor(t, box, codeFor(t, box, "alice")),
	} {
		if _, err := call(t, box, "GetConnectionTicket", with(login, "TaskId", mine["TaskId"])); err == nil {
			t.Errorf("another %s got the task", name)
		}
	}
	_, err := call(t, box, "GetConnectionTicket20210901", map[string]any{"EndUserId": "alice"})
	var fault *wire.Fault
	if !errors.As(err, &fault) || fault.Code != "Missing%s" || fault.Fill[0] != "AppId" {
		t.Errorf("without AppId: %v", err)
	}
}

// What the policy of a code names is all that its login opens: GetAuthCode, Request parameters, Policy.
func TestPolicyOfALogin(t *testing.T) {
	t.Parallel()
	for kind, parameter := range map[string]string{
		"App": "AppId", "AppInstanceGroup": "AppInstanceGroupId", "AppInstance": "AppInstanceId",
	} {
		box := newSandbox(t)
		model := must(t, box, "GetAuthCode", map[string]any{"EndUserId": "alice", "Policy": map[string]any{
			"Version": "1", "Resource": map[string]any{"Type": kind, "Id": "the-one"},
		}})["AuthModel"].(map[string]any)
		login := loginFor(t, box, map[string]any{"AuthCode": model["AuthCode"]})
		login = with(login, "LoginToken", must(t, box, "RefreshLoginToken", login)["LoginToken"])
		_, err := call(t, box, "GetConnectionTicket", with(login, parameter, "other"))
		refused(t, err, "Forbidden.Policy", "another "+kind)
		for _, good := range []map[string]any{login, with(login, parameter, "the-one")} {
			good = with(good, "TaskId", must(t, box, "GetConnectionTicket", good)["TaskId"])
			advance(t, box, 3*time.Second)
			got := must(t, box, "GetConnectionTicket", good)
			if named, answered := got[parameter]; answered && named != "the-one" {
				t.Errorf("%s: %v", kind, got)
			}
		}
	}
}
