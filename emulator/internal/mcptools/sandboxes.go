package mcptools

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// defaultSandbox is the sandbox that always exists.
const defaultSandbox = "default"

// inSandbox is the argument of tools about one sandbox.
type inSandbox struct {
	Sandbox string `json:"sandbox,omitempty" jsonschema:"Id of the sandbox; default without it."`
}

func (s inSandbox) id() string {
	if s.Sandbox == "" {
		return defaultSandbox
	}
	return s.Sandbox
}

func (t *tools) addSandboxTools(s *mcp.Server) {
	add(s, t, readOnly, "sandboxes", "Look at sandboxes",
		"Lists the sandboxes; with an id shows one in full: endpoints, credentials with their (fake) secrets, clock, what "+
			"plays. Point the app under test at these.", t.sandboxes)
	add(s, t, adding, "create_sandbox", "Create a sandbox",
		"Makes an isolated sandbox with credentials of its own and shows it in full. Give it a ttl, so that it is removed "+
			"when nobody uses it any more.", t.createSandbox)
	add(s, t, destructive, "clear_sandbox", "Reset or remove a sandbox",
		"Puts a sandbox back to its start: tokens, scenarios, clock, calls and coverage; credentials stay. With remove it "+
			"is deleted, credentials too.", t.clearSandbox)
	add(s, t, adding, "clock", "Read or change a clock",
		"Reads the clock of a sandbox, or moves or freezes it, so that tokens expire without waiting. The changes are "+
			"carried out in the order real, set, advance, frozen.", t.clock)
	add(s, t, destructive, "tokens", "List or end tokens",
		"Lists the tokens that a sandbox issued, newest first, never their text. With id and change it ends one: expire, "+
			"revoke behind the app's back, or redeem a single-use one.", t.tokens)
}

type sandboxRow struct {
	ID     string    `json:"id"`
	Now    time.Time `json:"now" jsonschema:"What its clock shows."`
	Frozen bool      `json:"frozen"`
	TTL    string    `json:"ttl,omitempty" jsonschema:"It is removed when nobody used it for so long."`
}

type sandboxView struct {
	sandboxRow
	SignatureTime string `json:"signatureTime" jsonschema:"The time that judges signatures: either, clock, real or off."`

	Endpoints   map[string]string           `json:"endpoints" jsonschema:"What clients are pointed at, by gateway."`
	Credentials map[string][]map[string]any `json:"credentials" jsonschema:"By gateway. What an app signs with."`
	More        int                         `json:"moreCredentials,omitempty" jsonschema:"How many others there are."`
	Quotas      map[string]string           `json:"quotas,omitempty" jsonschema:"Rate limits in place of documented ones."`
	Playing     []string                    `json:"playing" jsonschema:"What was played, and where each rule stands."`
}

type sandboxesOut struct {
	Sandboxes []sandboxRow `json:"sandboxes,omitempty" jsonschema:"All sandboxes, when no id was given."`
	More      int          `json:"more,omitempty" jsonschema:"How many others there are."`
	Sandbox   *sandboxView `json:"sandbox,omitempty" jsonschema:"The one that was asked for."`
}

func (t *tools) sandboxes(ctx context.Context, in struct {
	Sandbox string `json:"sandbox,omitempty" jsonschema:"Id of one sandbox to show in full; all are listed without it."`
},
) (sandboxesOut, error) {
	if in.Sandbox != "" {
		view, err := t.sandboxView(ctx, in.Sandbox)
		return sandboxesOut{Sandbox: view}, err
	}
	all, err := t.control.Sandboxes(ctx)
	shown, more := first(all, maxRows)
	out := sandboxesOut{Sandboxes: make([]sandboxRow, len(shown)), More: more}
	for i, s := range shown {
		out.Sandboxes[i] = sandboxRow{s.ID, s.Now, s.Frozen, s.TTL}
	}
	return out, err
}

// sandboxView reads a sandbox and what plays there.
func (t *tools) sandboxView(ctx context.Context, id string) (*sandboxView, error) {
	box, err := t.control.Sandbox(ctx, id)
	if err != nil {
		return nil, err
	}
	playing, err := t.playing(ctx, id)
	if err != nil {
		return nil, err
	}
	view := &sandboxView{
		sandboxRow:    sandboxRow{box.ID, box.Now, box.Frozen, box.TTL},
		SignatureTime: string(box.SignatureTime), Quotas: box.Quotas, Playing: playing,
	}
	return view, view.open(box)
}

// maxCredentials is how many credentials of a gateway are shown.
const maxCredentials = 10

// open fills in what clients need, as the control API writes it: gateways are known by their names alone.
func (v *sandboxView) open(box client.Sandbox) error {
	if err := copyJSON(box.Credentials, &v.Credentials); err != nil {
		return err
	}
	for gateway, listed := range v.Credentials {
		shown, more := first(listed, maxCredentials)
		v.Credentials[gateway], v.More = shown, v.More+more
	}
	return copyJSON(box.Endpoints, &v.Endpoints)
}

// copyJSON reads what another type writes.
func copyJSON(from, into any) error {
	raw, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	return err
}

type createIn struct {
	ID     string            `json:"id,omitempty" jsonschema:"Its id; one is drawn without it."`
	Seed   *uint64           `json:"seed,omitempty" jsonschema:"All chance comes from it: the same seed, the same tokens."`
	Now    *time.Time        `json:"now,omitempty" jsonschema:"Where its clock starts; at real time without it."`
	Frozen bool              `json:"frozen,omitempty" jsonschema:"Whether the clock stands still."`
	TTL    string            `json:"ttl,omitempty" jsonschema:"Removed when unused for so long, such as 30m."`
	Quotas map[string]string `json:"quotas,omitempty" jsonschema:"Rates by operation, such as onsmqtt.ApplyToken: 5/s."`

	Scenarios []string `json:"scenarios,omitempty" jsonschema:"Names of known scenarios that play from the start."`
}

type createOut struct {
	Sandbox *sandboxView `json:"sandbox"`
}

func (t *tools) createSandbox(ctx context.Context, in createIn) (createOut, error) {
	def := client.Definition{ID: in.ID, Seed: in.Seed, Frozen: in.Frozen, TTL: in.TTL, Quotas: in.Quotas}
	if in.Now != nil {
		def.Now = *in.Now
	}
	for _, name := range in.Scenarios {
		raw, err := json.Marshal(name)
		if err != nil {
			return createOut{}, err
		}
		def.Scenarios = append(def.Scenarios, raw)
	}
	box, err := t.control.CreateSandbox(ctx, def)
	if err != nil {
		return createOut{}, err
	}
	view, err := t.sandboxView(ctx, box.ID)
	return createOut{view}, err
}

type clearOut struct {
	Sandbox string `json:"sandbox"`
	Done    string `json:"done" jsonschema:"reset or removed"`
}

func (t *tools) clearSandbox(ctx context.Context, in struct {
	Sandbox string `json:"sandbox" jsonschema:"Id of the sandbox."`
	Remove  bool   `json:"remove,omitempty" jsonschema:"Delete it instead. The sandbox default cannot be deleted."`
},
) (clearOut, error) {
	if in.Remove {
		return clearOut{in.Sandbox, "removed"}, t.control.RemoveSandbox(ctx, in.Sandbox)
	}
	return clearOut{in.Sandbox, "reset"}, t.control.Reset(ctx, in.Sandbox)
}

type clockIn struct {
	inSandbox
	Real    bool       `json:"real,omitempty" jsonschema:"Set the clock to real time."`
	Set     *time.Time `json:"set,omitempty" jsonschema:"Set it to this instant (RFC 3339), forwards or backwards."`
	Advance string     `json:"advance,omitempty" jsonschema:"Move it on by a duration, such as 59m, 2h30m or 2d."`
	Frozen  *bool      `json:"frozen,omitempty" jsonschema:"true stops the clock, false lets it run."`
}

type clockOut struct {
	Now     time.Time `json:"now"`
	Frozen  bool      `json:"frozen"`
	Warning string    `json:"warning,omitempty" jsonschema:"Which clients are refused now by the time that they sign."`
}

func (t *tools) clock(ctx context.Context, in clockIn) (clockOut, error) {
	change := client.ClockChange{Real: in.Real, Frozen: in.Frozen}
	if in.Set != nil {
		change.Now = *in.Set
	}
	if in.Advance != "" {
		var err error
		if change.Advance, err = duration.Forward(in.Advance); err != nil {
			return clockOut{}, fmt.Errorf("advance: %w", err)
		}
	}
	read := t.control.Clock
	if change != (client.ClockChange{}) {
		read = func(ctx context.Context, id string) (client.Clock, error) {
			return t.control.ChangeClock(ctx, id, change)
		}
	}
	clock, err := read(ctx, in.id())
	return clockOut{clock.Now, clock.Frozen, clock.Warning}, err
}

type tokensIn struct {
	inSandbox
	ID     string `json:"id,omitempty" jsonschema:"Id of one token, such as onsmqtt-7."`
	Change string `json:"change,omitempty" jsonschema:"What to do to that token: expire, revoke or redeem."`
}

type tokenRow struct {
	ID        string    `json:"id"`
	Operation string    `json:"operation" jsonschema:"The operation that issued it."`
	State     string    `json:"state" jsonschema:"active, expired, revoked, redeemed or superseded"`
	Subject   string    `json:"subject" jsonschema:"Whom or what it is for."`
	IssuedAt  time.Time `json:"issuedAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	SingleUse bool      `json:"singleUse"`
	History   []string  `json:"history,omitempty" jsonschema:"What happened to it, for the one that was asked for."`
}

type tokensOut struct {
	Tokens []tokenRow `json:"tokens"`
	More   int        `json:"more,omitempty" jsonschema:"How many older ones there are."`
}

func (t *tools) tokens(ctx context.Context, in tokensIn) (tokensOut, error) {
	change := map[string]func(context.Context, string, string) (client.Token, error){
		"expire": t.control.ExpireToken, "revoke": t.control.RevokeToken, "redeem": t.control.RedeemToken,
	}[in.Change]
	switch {
	case in.Change != "" && change == nil:
		return tokensOut{}, fmt.Errorf("change must be expire, revoke or redeem, got %q", cut(in.Change, maxValue))
	case in.Change != "" && in.ID == "":
		return tokensOut{}, fmt.Errorf("%s which token? Give its id; without change and id the tokens are listed", in.Change)
	case change != nil:
		changed, err := change(ctx, in.id(), in.ID)
		return tokensOut{Tokens: []tokenRow{tokenInFull(changed)}}, err
	}
	all, err := t.control.Tokens(ctx, in.id())
	if in.ID != "" {
		return oneToken(all, in.ID, err)
	}
	shown, more := first(all, maxRows)
	out := tokensOut{Tokens: make([]tokenRow, len(shown)), More: more}
	for i, each := range shown {
		out.Tokens[i] = tokenView(each)
	}
	return out, err
}

// oneToken finds a token among all.
func oneToken(all []client.Token, id string, err error) (tokensOut, error) {
	for _, each := range all {
		if each.ID == id {
			return tokensOut{Tokens: []tokenRow{tokenInFull(each)}}, err
		}
	}
	if err == nil {
		err = fmt.Errorf("no token %q is listed; without id the tool lists those that are", cut(id, maxValue))
	}
	return tokensOut{}, err
}

func tokenView(t client.Token) tokenRow {
	return tokenRow{
		ID: t.ID, Operation: t.API + "." + t.Operation, State: string(t.State), Subject: cut(t.Subject, maxValue),
		IssuedAt: t.IssuedAt, ExpiresAt: t.ExpiresAt, SingleUse: t.SingleUse,
	}
}

// tokenInFull has the newest of its history.
func tokenInFull(t client.Token) tokenRow {
	row := tokenView(t)
	for _, event := range t.History[max(0, len(t.History)-maxRows):] {
		line := event.Time.UTC().Format(time.RFC3339) + " " + event.Note
		if event.State != "" {
			line += " (" + string(event.State) + ")"
		}
		row.History = append(row.History, cut(line, maxValue))
	}
	return row
}
