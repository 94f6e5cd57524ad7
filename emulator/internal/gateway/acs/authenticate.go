package acs

import (
	"context"
	"crypto/md5" //nolint:gosec // Content-MD5 is MD5
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Authenticate makes the gateway's checks: key, timestamp, nonce, digest, signature, security token. A nonce counts as
// used only once a signature with it was right, as a tampered copy must not burn it.
func (x *exchange) Authenticate(ctx context.Context, turn *sandbox.Turn) ([]wire.Finding, error) {
	key, err := x.key(turn)
	if err != nil {
		return nil, err
	}
	if err := x.checkTimestamp(turn.Now); err != nil {
		return nil, err
	}
	if err := x.checkSigningData(); err != nil {
		return nil, err
	}
	if err := x.checkDigest(); err != nil {
		return nil, err
	}
	if err := x.checkSignature(key); err != nil {
		return nil, err
	}
	x.spendNonce(turn)
	return nil, x.checkSecurityToken(ctx, turn, key)
}

// key finds the key that the request names.
func (x *exchange) key(turn *sandbox.Turn) (sandbox.Key, error) {
	named := x.call.Credential
	if named.ID == "" {
		return sandbox.Key{}, gateway.Refuse(wire.MissingKey, "access key",
			"The request is not signed: it names no AccessKey ID and no bearer token.")
	}
	key, ok := turn.Key(named)
	switch {
	case !ok && named.Kind == wire.Bearer:
		return key, gateway.Refuse(wire.UnknownKey, "bearer token", "No sandbox has this bearer token.")
	case !ok:
		return key, gateway.Refuse(wire.UnknownKey, "access key",
			fmt.Sprintf("No sandbox has the AccessKey ID %q. List what there is with: tokenstage sandbox list", named.ID))
	case key.Disabled:
		return key, gateway.Refuse(wire.DisabledKey, "access key", fmt.Sprintf("The AccessKey %q is disabled.", key.ID))
	}
	return key, nil
}

const (
	// timeWindow is how far a request's time may be from the gateway's, either way, and how long a nonce is
	// remembered: "Common parameters", Timestamp and SignatureNonce.
	timeWindow = 15 * time.Minute

	isoLayout = "2006-01-02T15:04:05Z"
)

func (x *exchange) checkTimestamp(now time.Time) error {
	text := x.claim.timestamp
	if text == "" {
		if x.claim.style == bearer {
			return nil // unsigned bearer requests carry no date in some clients
		}
		return gateway.Refuse(wire.MissingTimestamp, "timestamp", "The request carries no timestamp.", x.timestampName())
	}
	at, err := x.parseTime(text)
	if err != nil {
		return gateway.Differ(wire.BadTimestamp, "timestamp",
			"The timestamp is not in the form that this signature style takes.", x.timestampForm(), text)
	}
	x.sent = at
	if off := at.Sub(now).Abs(); off > timeWindow {
		fault := gateway.Differ(wire.ExpiredTimestamp, "timestamp", fmt.Sprintf(
			"The timestamp is %s from the sandbox's clock; at most %s is allowed.", off.Round(time.Second), timeWindow),
			now.Format(isoLayout)+" by the sandbox's clock", text)
		fault.Findings = append(fault.Findings, zoneAdvice(at.Sub(now))...)
		return fault
	}
	return nil
}

// zoneAdvice recognizes a clock that is right, give or take some minutes, but written in local time.
func zoneAdvice(off time.Duration) []wire.Finding {
	zone := off.Round(30 * time.Minute)
	if zone.Abs() < time.Hour || zone.Abs() > 14*time.Hour || (off-zone).Abs() > 5*time.Minute {
		return nil
	}
	return []wire.Finding{{Check: "timestamp", Level: wire.LevelAdvice, Message: fmt.Sprintf("The difference is close "+
		"to a time zone's (%s): the client may write its local time where UTC is expected.", zone)}}
}

// parseTime takes the one form of the style: time.Parse alone would let fractions of a second and short hours pass.
func (x *exchange) parseTime(text string) (time.Time, error) {
	layout := time.RFC3339 // the quick one to read and write; in UTC it is isoLayout
	if x.claim.style == roaV1 {
		layout = http.TimeFormat
	}
	at, err := time.Parse(layout, text)
	var room [len(http.TimeFormat)]byte
	if err == nil && string(at.UTC().AppendFormat(room[:0], layout)) != text {
		err = errTimeForm
	}
	return at, err
}

var errTimeForm = errors.New("not in the form of the signature style")

func (x *exchange) timestampName() string {
	switch x.claim.style {
	case roaV1:
		return "Date"
	case v3:
		return strings.ToLower(dateHeader)
	default:
		return "Timestamp"
	}
}

func (x *exchange) timestampForm() string {
	if x.claim.style == roaV1 {
		return http.TimeFormat
	}
	return "yyyy-MM-ddTHH:mm:ssZ, UTC"
}

// checkSigningData holds the request to the data that its style needs before a signature can be computed.
func (x *exchange) checkSigningData() error {
	c := &x.claim
	switch c.style {
	case unsigned:
		return gateway.Refuse(wire.MissingParameter, "signature",
			"The request names an AccessKey ID but carries no signature.", "Signature")
	case rpcV1:
		return x.checkRPC()
	case roaV1:
		if m := x.req.Header.Get(methodHeader); m != "" && m != sha1Method {
			return wrongMethod(methodHeader, sha1Method, m)
		}
	case v3:
		if !c.algorithm.known() {
			return wrongMethod("the algorithm in Authorization", string(hmacSHA256+" or "+hmacSM3), string(c.algorithm))
		}
	case bearer: // needs nothing beside its token
	}
	if c.incomplete != "" {
		return gateway.Refuse(wire.MissingSignature, "signature", "The Authorization header lacks "+c.incomplete+".")
	}
	if c.style == v3 {
		return x.checkSignedHeaders()
	}
	return nil
}

// What RPC v1 and ROA v1 name as their method, and RPC v1 as its version.
const (
	sha1Method = "HMAC-SHA1"
	rpcVersion = "1.0"
)

func wrongMethod(what, expected, got string) error {
	return gateway.Differ(wire.WrongSignatureMethod, "signature method",
		"The gateway does not know the signature method of "+what+".", expected, got)
}

func (x *exchange) checkRPC() error {
	text := x.call.Text
	if m := text["SignatureMethod"]; m != sha1Method {
		return wrongMethod("SignatureMethod", sha1Method, m)
	}
	if v := text["SignatureVersion"]; v != rpcVersion {
		return wrongMethod("SignatureVersion", rpcVersion, v)
	}
	if x.claim.nonce == "" {
		return gateway.Refuse(wire.MissingNonce, "nonce", "The parameter SignatureNonce is absent.", "SignatureNonce")
	}
	return nil
}

// checkSignedHeaders refuses a V3 request that leaves a header out of its signature which every client signs: host
// and all x-acs- headers.
func (x *exchange) checkSignedHeaders() error {
	unsigned := ""
	for name := range x.req.Header {
		if isACSHeader(name) && !x.signs(name) {
			unsigned = strings.ToLower(name)
		}
	}
	if !x.signs("host") {
		unsigned = "host"
	}
	if unsigned == "" {
		return nil
	}
	return gateway.Differ(wire.MissingSignature, "signature",
		"SignedHeaders must name host and every x-acs- header.", unsigned, strings.Join(x.claim.signedHeaders, ";"))
}

func (x *exchange) signs(header string) bool {
	return slices.ContainsFunc(x.claim.signedHeaders, func(name string) bool {
		return len(name) == len(header) && strings.EqualFold(name, header)
	})
}

// checkDigest compares Content-MD5 with the body where a client sends it.
func (x *exchange) checkDigest() error {
	sent := x.req.Header.Get("Content-Md5")
	if sent == "" {
		return nil
	}
	sum := md5.Sum(x.req.Body) //nolint:gosec // Content-MD5 is MD5
	if want := base64.StdEncoding.EncodeToString(sum[:]); want != sent {
		return gateway.Differ(wire.WrongDigest, "content MD5",
			"Content-MD5 is not the digest of the body that came.", want, sent)
	}
	return nil
}

// spendNonce remembers the nonce of a rightly signed request for the gateway's window.
func (x *exchange) spendNonce(turn *sandbox.Turn) {
	nonce := x.claim.nonce
	if nonce == "" {
		return
	}
	// The window counts from the later of both clocks: a request dated ahead stays valid for longer. At its very end
	// a timestamp is still good, so the nonce outlives it.
	until := turn.Now.Add(timeWindow + 1)
	if x.sent.After(turn.Now) {
		until = x.sent.Add(timeWindow + 1)
	}
	turn.Claim("nonce/"+x.call.Credential.ID+"/"+nonce, until, func() error {
		return gateway.Differ(wire.UsedNonce, "nonce", fmt.Sprintf(
			"This nonce was used already in the last %s: each request, a retry too, needs a new one.", timeWindow),
			"a new nonce", nonce)
	})
}

// checkSecurityToken holds a rightly signed request to the token of its key.
func (x *exchange) checkSecurityToken(ctx context.Context, turn *sandbox.Turn, key sandbox.Key) error {
	got := x.claim.securityToken
	switch {
	case got == "" && (key.Temporary || key.SecurityToken != ""):
		return gateway.Refuse(wire.MissingSecurityToken, tokenCheck,
			"The AccessKey "+key.ID+" is temporary: its security token must come with every call.")
	case got == "", key.SecurityToken != "" && equal([]byte(key.SecurityToken), got):
		return nil
	}
	claims, issued := turn.OpenSecurityToken(got)
	switch {
	case issued && claims.Subject == key.ID:
		return checkTokenState(ctx, turn, claims)
	case issued:
		return gateway.Differ(wire.WrongSecurityToken, tokenCheck,
			"The security token was issued with another AccessKey ID.", claims.Subject, key.ID)
	case turn.HasSecurityToken(got):
		return gateway.Refuse(wire.WrongSecurityToken, tokenCheck, "The security token belongs to another AccessKey ID.")
	}
	return gateway.Refuse(wire.BadSecurityToken, tokenCheck, "No sandbox issued this security token.")
}

const tokenCheck = "security token"

func checkTokenState(ctx context.Context, turn *sandbox.Turn, claims token.Claims) error {
	state, err := turn.TokenState(ctx, claims)
	if err != nil {
		return fmt.Errorf("look up the security token: %w", err)
	}
	if state == token.Active {
		return nil
	}
	end := claims.Ends().Format(time.RFC3339)
	return gateway.Refuse(wire.ExpiredSecurityToken, tokenCheck,
		fmt.Sprintf("The security token is %s: it was good until %s.", state, end))
}
