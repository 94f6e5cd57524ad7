package acs

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/habits"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Authenticate makes the gateway's checks: key, timestamp, nonce, digest, signature, security token. A nonce counts as
// used only once a signature with it was right, as a tampered copy must not burn it.
func (x *exchange) Authenticate(ctx context.Context, turn *sandbox.Turn) ([]wire.Finding, error) {
	if x.isAnonymous() {
		return nil, nil // nothing is signed, so that time, nonce and digest vouch for nothing
	}
	key, err := x.key(turn)
	if err != nil {
		return nil, err
	}
	if err := x.checkTimestamp(turn); err != nil {
		return nil, err
	}
	if err := x.checkSigningData(); err != nil {
		return nil, err
	}
	if err := x.checkDigest(); err != nil {
		return nil, err
	}
	if err := x.checkSignature(turn, key); err != nil {
		return nil, err
	}
	x.spendNonce(turn)
	return x.halfDayAdvice(), x.checkSecurityToken(ctx, turn, key)
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
		return key, gateway.Refuse(wire.UnknownKey, "bearer token", "No sandbox has this bearer token."+
			damage(named.ID, func(text string) bool {
				_, ok := turn.Key(wire.Credential{Kind: wire.Bearer, ID: text, Secret: true})
				return ok
			})+" "+gateway.WhereKeysAre)
	case !ok:
		return key, gateway.Refuse(wire.UnknownKey, "access key",
			fmt.Sprintf("No sandbox has the AccessKey ID %q. %s", named.ID, gateway.WhereKeysAre))
	case key.Disabled:
		return key, gateway.Refuse(wire.DisabledKey, "access key", fmt.Sprintf("The AccessKey %q is disabled.", key.ID))
	}
	return key, nil
}

const (
	// timeWindow is how far a request's time may be from the gateway's, either way, and how long a nonce is
	// remembered: "Common parameters", Timestamp and SignatureNonce.
	timeWindow = 15 * time.Minute
)

func (x *exchange) checkTimestamp(turn *sandbox.Turn) error {
	text := x.claim.timestamp
	if text == "" {
		if x.claim.style == bearer {
			return nil // unsigned bearer requests carry no date in some clients
		}
		if x.claim.style == v3 {
			return missingHeader(dateHeader)
		}
		return gateway.Refuse(wire.MissingTimestamp, "timestamp", "The request carries no timestamp.", x.timestampName())
	}
	at, err := x.parseTime(text)
	if err != nil {
		return gateway.Differ(wire.BadTimestamp, "timestamp",
			"The timestamp is not in the form that this signature style takes.", x.timestampForm(), text)
	}
	x.sent = at
	return gateway.CheckTime(turn, gateway.Stamp{
		Text: text, At: at, Window: timeWindow, Write: x.writeTime, Habit: x.halfDayAdvice(), Zone: zoneAdvice,
	})
}

// writeTime writes an instant in the form of the style.
func (x *exchange) writeTime(at time.Time) string {
	if x.claim.style == roaV1 {
		return at.UTC().Format(http.TimeFormat)
	}
	return at.UTC().Format(isoLayout)
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

func (x *exchange) timestampName() string {
	switch x.claim.style {
	case roaV1:
		return "Date"
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
	if err := x.checkStyle(); err != nil {
		return err
	}
	switch c.style {
	case unsigned:
		return missingData("Signature")
	case rpcV1:
		return x.checkRPC()
	case roaV1:
		if err := x.checkROA(); err != nil {
			return err
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
		return x.checkV3Headers()
	}
	return nil
}

// checkStyle refuses a signature of the other kind of call. That of RPC v1 covers no path, so that it would be good for
// every operation that has one; that of ROA v1 covers no form, in which an RPC call can stand.
func (x *exchange) checkStyle() error {
	hasPath := gateway.RoutePath(x.req.Path) != rpcPath
	switch {
	case x.claim.style == rpcV1 && hasPath:
		return wrongForm("The parameter Signature signs no path, and this operation has one.",
			"an Authorization header", "the parameter Signature")
	case x.claim.style == roaV1 && !hasPath:
		return wrongForm("An Authorization header of this scheme signs operations with a path, and this one has none.",
			"the parameter Signature, or "+string(hmacSHA256)+" in Authorization", "Authorization: "+roaScheme+"…")
	}
	return nil
}

// wrongForm refuses a signature that is not written as its call needs it, before it is computed.
func wrongForm(message, expected, got string) error {
	return gateway.Differ(wire.WrongSignature, "signature", message, expected, got)
}

// missingData refuses a request that names a key and leaves out what its signature needs.
func missingData(parameter string) error {
	return gateway.Refuse(wire.MissingSigningData, "signature",
		"The request names an AccessKey ID, and its parameter "+parameter+" is absent or empty.", parameter)
}

// What RPC v1 and ROA v1 name as their method and version.
const (
	sha1Method       = "HMAC-SHA1"
	signatureVersion = "1.0"
)

func wrongVersion(what, got string) error {
	fault := gateway.Differ(wire.WrongSigningData, "signature version",
		"The gateway does not know the signature version of "+what+".", signatureVersion, got)
	fault.Fill = []string{"SignatureVersion"}
	return fault
}

func wrongMethod(what, expected, got string) error {
	return gateway.Differ(wire.WrongSignatureMethod, "signature method",
		"The gateway does not know the signature method of "+what+".", expected, got)
}

func (x *exchange) checkRPC() error {
	text := x.call.Text
	for _, name := range []string{"Signature", "SignatureMethod", "SignatureVersion"} {
		if text[name] == "" {
			return missingData(name)
		}
	}
	if m := text["SignatureMethod"]; m != sha1Method {
		return wrongMethod("SignatureMethod", sha1Method, m)
	}
	if v := text["SignatureVersion"]; v != signatureVersion {
		return wrongVersion("SignatureVersion", v)
	}
	if x.claim.nonce == "" {
		return gateway.Refuse(wire.MissingNonce, "nonce", "The parameter SignatureNonce is absent.", "SignatureNonce")
	}
	return nil
}

// checkROA judges what a ROA v1 request says of its signature; some clients say nothing.
func (x *exchange) checkROA() error {
	if m := x.req.Header.Get(methodHeader); m != "" && m != sha1Method {
		return wrongMethod(strings.ToLower(methodHeader), sha1Method, m)
	}
	if v := x.req.Header.Get(signatureVersionHeader); v != "" && v != signatureVersion {
		return wrongVersion(strings.ToLower(signatureVersionHeader), v)
	}
	return nil
}

// checkV3Headers refuses a V3 request without the hash of its body, and one that leaves out of its signature what every
// client signs.
func (x *exchange) checkV3Headers() error {
	if x.req.Header.Get(digestHeader) == "" {
		return missingHeader(digestHeader)
	}
	if c := &x.claim; c.doubled != "" {
		return wrongForm("The Authorization header has "+c.doubled+" twice.", "each field once", c.doubled)
	}
	if names := x.claim.signedHeaders; !areInOrder(names) {
		return wrongForm("SignedHeaders must be in lower case, sorted, and each there once.",
			inOrder(names), strings.Join(names, ";"))
	}
	return x.checkSignedHeaders()
}

// areInOrder reports whether names are in lower case, sorted, and each there once.
func areInOrder(names []string) bool {
	for i, name := range names {
		if strings.ToLower(name) != name || i > 0 && name <= names[i-1] {
			return false
		}
	}
	return true
}

// inOrder is a list of names as clients sign it.
func inOrder(names []string) string {
	lower := strings.Split(strings.ToLower(strings.Join(names, ";")), ";")
	slices.Sort(lower)
	return strings.Join(slices.Compact(lower), ";")
}

// checkSignedHeaders refuses a V3 request that leaves a header out of its signature which every client signs: those
// that begin with x-acs-. The host is none of them: aliyun-java-sdk-core never signs it.
func (x *exchange) checkSignedHeaders() error {
	unsigned := ""
	for name := range x.req.Header {
		if isACSHeader(name) && !x.signs(name) {
			unsigned = strings.ToLower(name)
		}
	}
	if unsigned == "" {
		return nil
	}
	return gateway.Differ(wire.MissingSignature, "signature",
		"SignedHeaders must name every x-acs- header.", unsigned, strings.Join(x.claim.signedHeaders, ";"))
}

func (x *exchange) signs(header string) bool {
	return slices.ContainsFunc(x.claim.signedHeaders, func(name string) bool {
		return len(name) == len(header) && strings.EqualFold(name, header)
	})
}

// checkDigest compares Content-MD5 with the body where a client sends it.
func (x *exchange) checkDigest() error {
	sent := x.req.Header.Get("Content-Md5")
	want, why := habits.WrongContentMD5(sent, x.req.Body)
	if why == "" {
		return nil
	}
	return gateway.Differ(wire.WrongDigest, "content MD5", why, want, sent)
}

// spendNonce remembers the nonce of a rightly signed request for the gateway's window.
func (x *exchange) spendNonce(turn *sandbox.Turn) {
	nonce := x.claim.nonce
	if nonce == "" {
		return
	}
	turn.ClaimNonce("nonce/"+x.call.Credential.ID+"/"+nonce, x.sent, timeWindow, func() error {
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
	return gateway.Refuse(wire.BadSecurityToken, tokenCheck, "No sandbox issued this security token."+
		damage(got, func(text string) bool { return isTokenOf(turn, key, text) }))
}

// isTokenOf reports whether a text is a security token of the key, good or ended.
func isTokenOf(turn *sandbox.Turn, key sandbox.Key, text string) bool {
	claims, issued := turn.OpenSecurityToken(text)
	return issued && claims.Subject == key.ID || key.SecurityToken != "" && text == key.SecurityToken
}

// damage tells what happened to a token on its way, if it would be good without that.
func damage(got string, good func(text string) bool) string {
	for _, r := range habits.TokenRepairs(got)[1:] {
		if good(r.Text) {
			return " It is one that is known, changed on its way. " + strings.Join(r.Says, " ")
		}
	}
	return ""
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
	end := claims.Ends().Format(wire.InstantLayout)
	return gateway.Refuse(wire.ExpiredSecurityToken, tokenCheck,
		fmt.Sprintf("The security token is %s: it was good until %s.", state, end))
}
