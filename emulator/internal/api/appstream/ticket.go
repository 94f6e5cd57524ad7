package appstream

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const (
	// startTime is how long the application takes to start, by the sandbox's clock. The pages name no time.
	startTime = 3 * time.Second
	// ticketLife is that of the ticket of a cloud computer, which GetConnectionTicket of ecd 2020-09-30 documents; that
	// it holds for applications is our choice.
	ticketLife = 10 * time.Minute
	ticketKind = "ticket"
	ticketSize = 120
	// The ids of instances and delivery groups, as long as those of the pages' samples.
	idLength   = 17
	idAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz"

	androidCloud  = "AndroidCloud"
	defaultRegion = "cn-hangzhou"
)

// task is the start of an application, as it is kept until its ticket has ended.
type task struct {
	_ struct{} `cbor:",toarray"`
	// User and Session are whose it is; a task of a server call has no session.
	User, Session string
	// Ready is when it is finished, in Unix milliseconds.
	Ready int64
	// Ticket, Group, Instance, Region and System are what the answer says then.
	Ticket, Group, Instance, Region, System string
}

// taskKey is that of a task. The id comes from the client, which the spec bounds.
func taskKey(id string) string { return "appstream/task/" + id }

// asked is what a call for a ticket says.
type asked struct{ user, session, app, group, instance string }

// ticketOfLogin is GetConnectionTicket of version 2021-09-03: a client with a login starts an application.
func ticketOfLogin(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	kept := store.Get{Key: taskKey(api.Text(call, "TaskId"))}
	p, err := goodLogin(ctx, turn, call, &kept)
	if err != nil {
		return wire.Result{}, err
	}
	want := asked{
		user: p.claims.Subject, session: p.holder.Session, app: api.Text(call, "AppId"),
		group: api.Text(call, "AppInstanceGroupId"), instance: api.Text(call, "AppInstanceId"),
	}
	if err := p.holder.limit(&want); err != nil {
		return wire.Result{}, err
	}
	return ticket(turn, call, want, kept.Value, "RegionId")
}

// limit holds a call to the policy of the code behind its login (GetAuthCode, Policy).
func (h holder) limit(want *asked) error {
	named := map[string]*string{"App": &want.app, "AppInstanceGroup": &want.group, "AppInstance": &want.instance}[h.Type]
	switch {
	case named == nil || *named == h.ID:
		return nil
	case *named == "":
		*named = h.ID
		return nil
	}
	return &wire.Fault{Kind: wire.Documented, Code: "Forbidden.Policy", Findings: []wire.Finding{{
		Check: "policy", Level: wire.LevelError, Expected: h.ID, Got: *named,
		Message: "The policy of the code behind this login opens another " + h.Type + " alone.",
	}}}
}

// ticketOfUser is GetConnectionTicket of version 2021-09-01: a server starts an application for one of its users.
func ticketOfUser(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	user, err := knownUser(turn, api.Text(call, "EndUserId"), "", "")
	if err != nil {
		return wire.Result{}, err
	}
	want := asked{
		user: user, app: api.Text(call, "AppId"), instance: api.Text(call, "AppInstanceId"),
		group: call.Text["AppInstanceGroupIdList.1"],
	}
	id := api.Text(call, "TaskId")
	if id == "" && want.app == "" {
		return wire.Result{}, api.Refuse("Missing%s", "parameter AppId",
			"AppId is needed in the first call, which names no TaskId.", "AppId")
	}
	kept := store.Get{Key: taskKey(id)}
	if id != "" {
		if err := turn.Do(ctx, &kept); err != nil {
			return wire.Result{}, err
		}
	}
	return ticket(turn, call, want, kept.Value, "BizRegionId")
}

// ticket starts a task, or answers with what became of the one that the call names, of which kept is the record.
func ticket(
	turn *sandbox.Turn, call *wire.Call, want asked, kept []byte, region string,
) (wire.Result, error) {
	id := api.Text(call, "TaskId")
	if id == "" {
		return start(turn, call, want)
	}
	var t task
	if kept != nil {
		if err := record.Read(kept, &t); err != nil {
			return wire.Result{}, fmt.Errorf("read the task: %w", err)
		}
	}
	if kept == nil || t.User != want.user || t.Session != want.session {
		return wire.Result{}, api.Refuse("InvalidTaskId.NotFound", "parameter TaskId",
			"This sandbox has no such task of "+want.user+". Leave TaskId out to begin one.")
	}
	ready := time.UnixMilli(t.Ready)
	if turn.Now.Before(ready) {
		result := running(call, id)
		result.Findings = []wire.Finding{{Check: "task", Level: wire.LevelAdvice, Message: fmt.Sprintf(
			"The task is finished at %s; the sandbox clock reads %s.", ready.UTC().Format(wire.InstantLayout),
			turn.Now.UTC().Format(wire.InstantLayout))}}
		return result, nil
	}
	return wire.Result{Body: wire.Object{
		{Name: "RequestId", Value: call.ID},
		{Name: "TaskId", Value: id},
		{Name: "TaskStatus", Value: "Finished"},
		{Name: "Ticket", Value: t.Ticket},
		{Name: "AppInstanceGroupId", Value: t.Group},
		{Name: "AppInstanceId", Value: t.Instance},
		{Name: "OsType", Value: t.System},
		{Name: region, Value: t.Region},
		{Name: "TenantId", Value: tenant(turn)},
	}}, nil
}

func running(call *wire.Call, id string) wire.Result {
	return wire.Result{Body: wire.Object{
		{Name: "RequestId", Value: call.ID}, {Name: "TaskId", Value: id}, {Name: "TaskStatus", Value: "Running"},
	}}
}

// start begins a task. Its ticket is made and listed with it, and handed out once it is finished.
func start(turn *sandbox.Turn, call *wire.Call, want asked) (wire.Result, error) {
	id, ready := turn.UUID(), turn.Now.Add(startTime)
	expires := ready.Add(ticketLife)
	t := task{
		User: want.user, Session: want.session, Ready: ready.UnixMilli(),
		Group: orDrawn(turn, want.group, "aig-"), Instance: orDrawn(turn, want.instance, "ai-"),
		Region: api.Text(call, "BizRegionId"), System: "Windows",
	}
	if t.Region == "" {
		t.Region = defaultRegion
	}
	if api.Text(call, "ProductType") == androidCloud {
		t.System = "Android"
	}
	sealed := turn.SealClaims(token.Claims{
		Kind: ticketKind, Issuer: Name, ExpiresAt: expires.UnixMilli(), Subject: want.user, Detail: want.app,
	}, ticketSize)
	t.Ticket = ticketText(sealed)
	kept, err := record.Write(t)
	if err != nil {
		return wire.Result{}, fmt.Errorf("write the task: %w", err)
	}
	turn.Write(&store.Put{Key: taskKey(id), Value: kept, Expires: expires})
	err = turn.Grant(token.Grant{
		Issuer: Name, Operation: call.Operation, Subject: want.user, ExpiresAt: expires,
		Note: "issued; handed out once the task of call " + strconv.FormatUint(turn.Number, 10) + " is finished",
	})
	if err != nil {
		return wire.Result{}, fmt.Errorf("list the ticket: %w", err)
	}
	return running(call, id), nil
}

// orDrawn is the id that a call names, or a new one.
func orDrawn(turn *sandbox.Turn, id, prefix string) string {
	if id != "" {
		return id
	}
	return prefix + turn.Draw(idLength, idAlphabet)
}

// openTicket returns the claims of a ticket.
func openTicket(box *sandbox.Sandbox, text string) (token.Claims, bool) {
	settings, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return token.Claims{}, false
	}
	_, rest, _ := strings.Cut(string(settings), "GWToken=")
	sealed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	if err != nil || ticketText(sealed) != text {
		return token.Claims{}, false
	}
	return box.Unseal(sealed, ticketKind)
}

// ticketText writes a ticket as the sample of version 2021-09-01 is: base64 of the settings of a desktop client.
func ticketText(sealed []byte) string {
	return base64.StdEncoding.EncodeToString([]byte(
		"\r\n[Desktop]\r\nForceTlsType=1\r\nGWToken=" + base64.StdEncoding.EncodeToString(sealed) + "\r\n"))
}
