package oss

import (
	"context"
	"crypto/hmac"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/habits"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Authenticate makes the gateway's checks: key, time, digest, signature, security token, the policy of the form, and
// the policy with which the key was issued.
func (x *exchange) Authenticate(ctx context.Context, turn *sandbox.Turn) ([]wire.Finding, error) {
	if err := x.checkClaim(); err != nil {
		return nil, err
	}
	key, err := x.key(turn)
	if err != nil {
		return nil, err
	}
	if err := x.checkTime(turn); err != nil {
		return nil, err
	}
	if err := x.checkDigest(); err != nil {
		return nil, err
	}
	if err := x.checkSignature(turn, key); err != nil {
		return nil, err
	}
	policy, err := x.checkSecurityToken(ctx, turn, key)
	if err != nil {
		return nil, err
	}
	if x.claim.style.inForm() {
		if err := x.checkForm(turn); err != nil {
			return nil, err
		}
	}
	return x.advice(), x.checkPolicy(policy)
}

// checkClaim refuses what is not signed, not in a way that is emulated, or not as it must be written.
func (x *exchange) checkClaim() error {
	c := &x.claim
	switch {
	case c.style == unknown:
		return gateway.Differ(wire.WrongSignatureMethod, "signature", "The gateway does not emulate this way to sign.",
			schemeV1+"… (V1) or "+algorithmV4+" (V4)", c.version)
	case c.style == unsigned:
		fault := gateway.Refuse(wire.MissingKey, "access key", "The request is not signed, and every bucket is private.")
		fault.Message = "You have no right to access this object because of bucket acl."
		return fault
	case c.bad != nil:
		return c.bad
	case c.accessKeyID == "":
		return missingData("an AccessKey ID", keyParameter)
	case c.style.inForm() && c.policy == "":
		return missingData("the field policy, over which a form is signed", "policy")
	}
	if !c.style.isV4() {
		return nil
	}
	return x.checkScope()
}

// checkScope holds a signature of the fourth version to the region that the host names, and its list of headers to the
// order in which they are signed.
func (x *exchange) checkScope() error {
	c := &x.claim
	if x.target.region != "" && c.scope.region != x.target.region {
		return wrongData("The signature is good for another region than the one that the host names.", x.target.region,
			c.scope.region)
	}
	for i, name := range c.additional {
		if strings.ToLower(name) != name || i > 0 && name <= c.additional[i-1] {
			return wrongData("The list of additional headers must be in lower case, sorted, and have each once.",
				"a sorted list", strings.Join(c.additional, ";"))
		}
	}
	return nil
}

// key finds the key that the request names.
func (x *exchange) key(turn *sandbox.Turn) (sandbox.Key, error) {
	key, ok := turn.Key(x.call.Credential)
	switch {
	case !ok:
		return key, gateway.Refuse(wire.UnknownKey, "access key",
			fmt.Sprintf("No sandbox has the AccessKey ID %q. %s", x.claim.accessKeyID, gateway.WhereKeysAre))
	case key.Disabled:
		fault := gateway.Refuse(wire.DisabledKey, "access key", fmt.Sprintf("The AccessKey %q is disabled.", key.ID))
		fault.Message = "The OSS Access Key Id you provided is disabled."
		return key, fault
	}
	return key, nil
}

const (
	// window is how far the time of a request may lie from the service's, either way (documentation, "Add signatures to
	// headers", Date).
	window = 15 * time.Minute
	// layoutV4 is how the fourth version writes a time.
	layoutV4 = "20060102T150405Z"
	// longest is how long a URL of the fourth version can be good: seven days (documentation, "Add signatures to URLs").
	longest = 7 * 24 * time.Hour
)

const timeCheck = "timestamp"

// checkTime holds the request to the time at which it was signed or, for a URL, to its end.
func (x *exchange) checkTime(turn *sandbox.Turn) error {
	switch x.claim.style {
	case headerV1, headerV4:
		at, err := x.signedAt()
		if err != nil {
			return err
		}
		return gateway.CheckTime(turn, gateway.Stamp{Text: x.claim.date, At: at, Window: window, Write: x.writeTime})
	case urlV1:
		seconds, err := strconv.ParseInt(x.claim.date, 10, 64)
		if err != nil {
			return wrongData("The end of the URL must be in seconds since 1970.", "a whole number", x.claim.date)
		}
		return checkEnd(turn, time.Unix(seconds, 0))
	case urlV4:
		return x.checkSpan(turn)
	case formV4:
		_, err := x.signedAt()
		return err
	case unsigned, formV1, unknown: // say no time
	}
	return nil
}

// signedAt reads the time of a signature. The fourth version writes it in a form of its own; SDK aliyun-oss-go-sdk
// signs the header Date with it.
func (x *exchange) signedAt() (time.Time, error) {
	text := x.claim.date
	if text == "" {
		return time.Time{}, badDate(wire.MissingTimestamp, "The request carries no time.", "", text)
	}
	at, err := http.ParseTime(text)
	form := http.TimeFormat
	if err != nil && x.claim.style.isV4() {
		at, err = time.Parse(layoutV4, text)
		form = "yyyymmddTHHMMSSZ, UTC"
	}
	if err != nil {
		return at, badDate(wire.BadTimestamp, "The time is not in the form that this signature takes.", form, text)
	}
	if day := at.UTC().Format("20060102"); x.claim.style.isV4() && day != x.claim.scope.day {
		return at, wrongData("The scope of the signature names another day than its time.", day, x.claim.scope.day)
	}
	return at, nil
}

func badDate(kind wire.Kind, why, expected, got string) error {
	fault := gateway.Differ(kind, timeCheck, why, expected, got)
	fault.Message = "OSS authentication requires a valid Date."
	return fault
}

// writeTime writes an instant in the form that the request has.
func (x *exchange) writeTime(at time.Time) string {
	if x.claim.style.isV4() && x.req.Header.Get(dateHeader) != "" {
		return at.UTC().Format(layoutV4)
	}
	return at.UTC().Format(http.TimeFormat)
}

// clockOf is the time by which things end: the sandbox's clock, unless it takes real time alone.
func clockOf(turn *sandbox.Turn) time.Time {
	if turn.Signing().TakesClock() {
		return turn.Now
	}
	return turn.Real
}

// checkEnd refuses a URL that has ended.
func checkEnd(turn *sandbox.Turn, end time.Time) error {
	now := clockOf(turn)
	if !now.After(end) {
		return nil
	}
	why := fmt.Sprintf("The URL was good until %s, and it is %s.", end.UTC().Format(wire.InstantLayout),
		now.UTC().Format(wire.InstantLayout))
	if turn.Signing().TakesClock() && !turn.Real.After(end) {
		why += " By real time it is still good: what is to end is judged by the sandbox's clock."
	}
	return expired("Request has expired.", "0002-00000069", timeCheck, why)
}

// expired is the refusal of what was signed for a time that is over.
func expired(message, cause, check, why string) error {
	fault := gateway.Refuse(wire.Documented, check, why)
	fault.Code, fault.Message, fault.Detail = "AccessDenied", message, cause
	return fault
}

// checkSpan holds a URL of the fourth version to its beginning and its end.
func (x *exchange) checkSpan(turn *sandbox.Turn) error {
	at, err := x.signedAt()
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(x.claim.expires, 10, 64)
	if most := int64(longest / time.Second); err != nil || seconds < 1 || seconds > most {
		return wrongData(expiresParameterV4+" must be a number of seconds.", fmt.Sprintf("1 to %d", most), x.claim.expires)
	}
	ahead := at.Sub(turn.Now)
	if turn.Signing().TakesReal() {
		ahead = min(ahead, at.Sub(turn.Real))
	}
	if ahead > window {
		fault := gateway.Refuse(wire.Documented, timeCheck, fmt.Sprintf(
			"The URL is good from %s on, which is %s ahead.", at.UTC().Format(wire.InstantLayout), ahead))
		fault.Code, fault.Message, fault.Detail = "AccessDenied", "Request is not valid yet.", "0002-00000235"
		return fault
	}
	return checkEnd(turn, at.Add(time.Duration(seconds)*time.Second))
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

// checkSignature computes the signature of the request's style and compares.
func (x *exchange) checkSignature(turn *sandbox.Turn, key sandbox.Key) error {
	if x.claim.signature == "" {
		return gateway.Refuse(wire.MissingSignature, "signature",
			"The request names an AccessKey ID, and its signature is empty.")
	}
	right := x.right(key.Secret)
	ways := []way{right}
	if x.claim.style.isV4() && !x.claim.style.inForm() {
		other := right
		other.query = x.queryV4(false)
		ways = append(ways, other)
	}
	fits := func(w way) bool { return hmac.Equal([]byte(w.signature()), []byte(x.claim.signature)) }
	if slices.ContainsFunc(ways, fits) {
		return nil
	}
	return x.wrongSignature(turn, right)
}

const tokenCheck = "security token"

// checkSecurityToken holds a rightly signed request to the token of its key, and returns the policy that goes with it.
func (x *exchange) checkSecurityToken(ctx context.Context, turn *sandbox.Turn, key sandbox.Key) (string, error) {
	got := x.claim.securityToken
	switch {
	case got == "" && (key.Temporary || key.SecurityToken != ""):
		return "", gateway.Refuse(wire.MissingSecurityToken, tokenCheck,
			"The AccessKey "+key.ID+" is temporary: its security token must come with every call.")
	case got == "", key.SecurityToken != "" && hmac.Equal([]byte(key.SecurityToken), []byte(got)):
		return "", nil
	}
	claims, issued := turn.OpenSecurityToken(got)
	switch {
	case issued && claims.Subject == key.ID:
		return claims.Detail, checkTokenState(ctx, turn, claims)
	case issued:
		return "", gateway.Differ(wire.WrongSecurityToken, tokenCheck,
			"The security token was issued with another AccessKey ID.", claims.Subject, key.ID)
	}
	return "", gateway.Refuse(wire.BadSecurityToken, tokenCheck, "This sandbox issued no such security token."+
		damage(turn, key, got))
}

// damage tells what happened to a token on its way, if it would be good without that.
func damage(turn *sandbox.Turn, key sandbox.Key, got string) string {
	for _, r := range habits.TokenRepairs(got)[1:] {
		if claims, issued := turn.OpenSecurityToken(r.Text); issued && claims.Subject == key.ID {
			return " It is one that is known, changed on its way. " + strings.Join(r.Says, " ")
		}
	}
	return ""
}

func checkTokenState(ctx context.Context, turn *sandbox.Turn, claims token.Claims) error {
	state, err := turn.TokenState(ctx, claims)
	if err != nil {
		return fmt.Errorf("look up the security token: %w", err)
	}
	if state == token.Active {
		return nil
	}
	return gateway.Refuse(wire.ExpiredSecurityToken, tokenCheck, fmt.Sprintf(
		"The security token is %s: it was good until %s.", state, claims.Ends().Format(wire.InstantLayout)))
}

// advice is about a request that passed.
func (x *exchange) advice() []wire.Finding {
	if x.form == nil || x.form.field("callback") == "" {
		return nil
	}
	return []wire.Finding{{
		Check: "callback", Level: wire.LevelAdvice,
		Message: "The form asks for a callback. The emulator opens no connections, so none is made.",
	}}
}
