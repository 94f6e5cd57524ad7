package appstream

import (
	"context"
	"encoding/base64"
	"encoding/hex"
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

// form is how one kind of token is written: a prefix, the sealed claims, and the tag by which a call without a
// credential finds its sandbox.
type form struct {
	kind, prefix string
	size         int
	encode       func([]byte) string
	decode       func(string) ([]byte, error)
	// parameter is where calls present the token, name what sentences call it, and errors the beginning of its errors.
	parameter, name, errors string
}

var (
	// authCode makes codes as long as the page's sample: 304 characters beginning with "acv2" (GetAuthCode, Response
	// elements, AuthCode).
	authCode = form{
		kind: "authcode", prefix: "acv2", size: 216,
		encode: base64.StdEncoding.EncodeToString, decode: base64.StdEncoding.DecodeString,
		parameter: "AuthCode", name: "code", errors: "InvalidAuthCode",
	}
	// stsToken begins as the pages' sample does (GetStsToken, both versions, StsToken: "sts****").
	stsToken = form{
		kind: "login", prefix: "sts", size: 150, encode: hex.EncodeToString, decode: hex.DecodeString,
		parameter: "LoginToken", name: "login token", errors: "InvalidLoginToken",
	}
)

// holder is what a token says beside whom it is for. It stands in the Detail of the claims.
type holder struct {
	_ struct{} `cbor:",toarray"`
	// Owner is the tag of the credential to which the token was issued, as hex digits.
	Owner string
	// Session is the id of the login session, empty in a code.
	Session string
	// Type and ID limit what the token opens, as the policy of the code said; empty where nothing does.
	Type, ID string
}

// presented is a token that a call presents.
type presented struct {
	form   form
	claims token.Claims
	holder holder
}

// issue seals a token for a user and remembers it until it ends. The text leads to this sandbox.
func (f form) issue(
	turn *sandbox.Turn, call *wire.Call, user string, expires time.Time, held holder,
) (string, error) {
	owner := token.OwnerOf(call.Credential)
	held.Owner = hex.EncodeToString(owner[:])
	detail, err := record.Write(held)
	if err != nil {
		return "", fmt.Errorf("write the claims of the %s: %w", f.name, err)
	}
	sealed := turn.SealClaims(token.Claims{
		Kind: f.kind, Issuer: Name, ExpiresAt: expires.UnixMilli(), Subject: user, Detail: hex.EncodeToString(detail),
	}, f.size)
	turn.Write(&store.Put{Key: issuedKey(turn.Number, expires.UnixMilli()), Expires: expires})
	return token.Address(f.prefix+f.encode(sealed), owner), nil
}

// issuedKey is there for as long as a token could be used that the call of that number issued in this life of the
// sandbox. It tells it from one of an earlier sandbox with the same id and seed.
func issuedKey(number uint64, endsMillis int64) string {
	return "appstream/issued/" + strconv.FormatUint(number, 10) + "/" + strconv.FormatInt(endsMillis, 10)
}

// open reads a token that this sandbox issued. Only the very text that was issued counts.
func (f form) open(box *sandbox.Sandbox, text string) (presented, bool) {
	p := presented{form: f}
	rest, owner, ok := token.ReadAddress(text)
	if !ok {
		return p, false
	}
	body, ok := strings.CutPrefix(rest, f.prefix)
	if !ok {
		return p, false
	}
	sealed, err := f.decode(body)
	if err != nil || f.encode(sealed) != body {
		return p, false
	}
	if p.claims, ok = box.Unseal(sealed, f.kind); !ok {
		return p, false
	}
	detail, err := hex.DecodeString(p.claims.Detail)
	if err != nil || record.Read(detail, &p.holder) != nil {
		return p, false
	}
	return p, p.holder.Owner == hex.EncodeToString(owner[:])
}

// opens returns the claims of a code, a login token or a ticket.
func opens(box *sandbox.Sandbox, text string) (token.Claims, bool) {
	for _, f := range []form{authCode, stsToken} {
		if p, ok := f.open(box, text); ok {
			return p.claims, true
		}
	}
	return openTicket(box, text)
}

// find opens the token of a call, or refuses it.
func (f form) find(turn *sandbox.Turn, call *wire.Call) (presented, error) {
	p, ok := f.open(turn.Sandbox, call.Text[f.parameter])
	if !ok {
		return p, f.refuse("NotFound", "No sandbox issued this "+f.name+" to the caller: it was changed on its way, is of "+
			"a sandbox that was removed, or never was one.")
	}
	return p, nil
}

func (f form) refuse(what, why string) error {
	return api.Refuse(f.errors+"."+what, "parameter "+f.parameter, why)
}

// forgotten refuses a token that was issued in another life of the sandbox.
func (p presented) forgotten() error {
	return p.form.refuse("NotFound", fmt.Sprintf("The %s of %s was issued before the sandbox was reset, or by an earlier "+
		"sandbox of the same name.", p.form.name, p.claims.Subject))
}

// issued reads whether the token was issued in this life of the sandbox. Where it was not, the run ends.
func (p presented) issued() *store.Get {
	return &store.Get{Key: issuedKey(p.claims.Number, p.claims.ExpiresAt), Needed: true}
}

// end moves the token to another state, of many callers once. A token that has ended gives a *token.TransitionError.
func (p presented) end(ctx context.Context, turn *sandbox.Turn, to token.State, note string) error {
	issued := p.issued()
	ending, err := turn.Ending(p.claims, to, note)
	if err != nil {
		return err
	}
	if err := turn.Do(ctx, append([]store.Step{issued}, ending.Steps()...)...); err != nil {
		return err
	}
	if p.isForgotten(turn, issued) {
		return p.forgotten()
	}
	return ending.Err()
}

// isForgotten reports whether a token that could be good was not issued in this life of the sandbox.
func (p presented) isForgotten(turn *sandbox.Turn, issued *store.Get) bool {
	return !issued.Found && !p.claims.Expired(turn.Now)
}

// ended refuses a token by what became of it.
func (p presented) ended(turn *sandbox.Turn, refused *token.TransitionError) error {
	who := fmt.Sprintf("The %s %s of %s", p.form.name, refused.ID, p.claims.Subject)
	at := refused.Ended.Time.UTC().Format(wire.InstantLayout)
	switch refused.From {
	case token.Redeemed:
		return p.form.refuse("Used", fmt.Sprintf("%s was used up at %s %s. It is good once, whatever comes of it.",
			who, at, refused.Ended.Note))
	case token.Superseded:
		return p.form.refuse("Superseded", fmt.Sprintf("%s ended at %s: a newer one was issued, %s. Only the newest counts.",
			who, at, refused.Ended.Note))
	case token.Active, token.Expired, token.Revoked:
	}
	if refused.Ended.Note != "" {
		return p.form.refuse("Expired", fmt.Sprintf("%s was %s at %s %s, before its time.",
			who, refused.From, at, refused.Ended.Note))
	}
	return p.form.refuse("Expired", fmt.Sprintf("%s ended at %s; the sandbox clock reads %s.",
		who, p.claims.Ends().Format(wire.InstantLayout), turn.Now.UTC().Format(wire.InstantLayout)))
}

// byCall says which call did something to a token.
func byCall(turn *sandbox.Turn, call *wire.Call) string {
	return "by " + call.Operation + ", call " + strconv.FormatUint(turn.Number, 10)
}
