package console

import (
	"context"
	"crypto/rand"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/settings"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// curl is a call as a command, made of what the journal shows.
type curl struct {
	Command string
	// Masked names where a secret was taken out, which the command lacks.
	Masked []string
	// Inexact says that the journal does not have the body byte for byte.
	Inexact bool
	// Replay says what becomes of the command when it is run.
	Replay string
	// Signed is the command of the same call, signed anew; empty where the console cannot sign it.
	Signed string
}

// hopByHop are the headers of one connection (RFC 9110, section 7.6.1), and those that curl makes itself.
var hopByHop = []string{
	"Connection", "Content-Length", "Expect", "Host", "Keep-Alive", "Proxy-Connection", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade",
}

// asCurl is the command of a call that a sandbox has in its journal.
func (c *console) asCurl(ctx context.Context, box *sandbox.Sandbox, e *journal.Entry) (curl, error) {
	made := curl{
		Command: c.command(e), Masked: masked(e), Replay: replay(e),
		Inexact: isInexact(e),
	}
	if made.Inexact {
		return made, nil
	}
	signed, err := c.signedAnew(ctx, box, e)
	if err == nil && signed != nil && len(masked(signed)) == 0 {
		made.Signed = c.command(signed)
	}
	return made, err
}

// isInexact tells whether the journal does not have the body of a request byte for byte.
func isInexact(e *journal.Entry) bool {
	return e.Request.BodyTruncated || strings.ContainsAny(e.Request.Body, "\x00\uFFFD")
}

// signedAnew is the call as its client would send it now: signed with the same key, by a time that the sandbox takes.
// It is nil where nothing is to be signed, or nothing to sign with.
func (c *console) signedAnew(ctx context.Context, box *sandbox.Sandbox, e *journal.Entry) (*journal.Entry, error) {
	profile, ok := gateways.Find(e.Gateway)
	if !ok {
		return nil, nil
	}
	req := requestOf(e)
	key, ok := keyOf(profile, box, e.Credential)
	if !ok || profile.Repeat(req).Result != gateway.RepeatRefused {
		return nil, nil
	}
	now, err := c.signingTime(ctx, box)
	if err != nil {
		return nil, err
	}
	signed, err := signNow(profile, req, key, now)
	if err != nil {
		return nil, nil //nolint:nilerr // what a gateway cannot read, it cannot sign
	}
	again := *e
	scheme, _, _ := strings.Cut(e.Request.URL, "://")
	again.Request.URL = scheme + "://" + signed.Host + signed.Path
	if signed.RawQuery != "" {
		again.Request.URL += "?" + signed.RawQuery
	}
	again.Request.Headers, again.Request.Body = signed.Header, string(signed.Body)
	return &again, nil
}

// signingTime is a time that the sandbox takes.
func (c *console) signingTime(ctx context.Context, box *sandbox.Sandbox) (time.Time, error) {
	if !box.Signing().TakesClock() {
		return c.World.RealNow(), nil
	}
	clock, err := box.Clock(ctx)
	return clock.Now, err
}

// signNow signs a request with a nonce that nobody has used.
func signNow(profile gateway.Profile, req *wire.Request, key sandbox.Key, now time.Time) (*wire.Request, error) {
	nonce := rand.Text() //nolint:forbidigo // of what people send; no sandbox draws it
	return profile.Sign(req, key, now, nonce)
}

// keyOf finds the key by which a call named itself among those that the sandbox lists.
func keyOf(profile gateway.Profile, box *sandbox.Sandbox, id string) (sandbox.Key, bool) {
	for _, key := range box.Keys(profile.Name()) {
		if key.Names.ID == id && !key.Names.Secret && !key.Disabled {
			return key.Key, true
		}
	}
	return sandbox.Key{}, false
}

// command goes to the data plane by its own address, whatever name the client had for it: the real service may answer
// to that.
func (c *console) command(e *journal.Entry) string {
	target, host := e.Request.URL, ""
	if _, rest, ok := strings.Cut(target, "://"); ok {
		end := strings.IndexByte(rest+"/", '/')
		host, target = rest[:end], "http://"+c.Data+rest[end:]
	}
	parts := []string{"curl -sS --globoff --path-as-is " + curlMethod(e) + shellescape.Quote(target)}
	if host != c.Data {
		parts = append(parts, "-H "+shellescape.Quote("Host: "+host))
	}
	for _, h := range curlHeaders(e) {
		parts = append(parts, "-H "+shellescape.Quote(h))
	}
	if body := e.Request.Body; body != "" {
		option := "--data-binary "
		if body[0] == '@' {
			option = "--data-raw " // the other one would read a file
		}
		parts = append(parts, option+shellescape.Quote(body))
	}
	return settings.Command(parts...)
}

// curlMethod leaves out what curl chooses by itself.
func curlMethod(e *journal.Entry) string {
	switch method := e.Request.Method; {
	case method == "HEAD":
		return "--head "
	case method == "GET" && e.Request.Body == "", method == "POST" && e.Request.Body != "":
		return ""
	default:
		return "-X " + shellescape.Quote(method) + " "
	}
}

// curlHeaders are those of the request; the ones that curl would add of its own are taken away from it.
func curlHeaders(e *journal.Entry) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(e.Request.Headers)) {
		if slices.Contains(hopByHop, name) {
			continue
		}
		for _, value := range e.Request.Headers[name] {
			if value == "" {
				lines = append(lines, name+";") // with a colon curl would send none
				continue
			}
			lines = append(lines, name+": "+value)
		}
	}
	added := []string{"Accept", "User-Agent"}
	if e.Request.Body != "" {
		added = append(added, "Content-Type")
	}
	for _, name := range added {
		if _, sent := e.Request.Headers[name]; !sent {
			lines = append(lines, name+":")
		}
	}
	return lines
}

// masked names the parts of a request in which the journal shows no secret.
func masked(e *journal.Entry) []string {
	var places []string
	if holdsMask(e.Request.URL) {
		places = append(places, "the address")
	}
	for _, name := range slices.Sorted(maps.Keys(e.Request.Headers)) {
		if slices.ContainsFunc(e.Request.Headers[name], holdsMask) {
			places = append(places, "the header "+name)
		}
	}
	if holdsMask(e.Request.Body) {
		places = append(places, "the body")
	}
	return places
}

func holdsMask(text string) bool {
	return strings.Contains(text, sandbox.Mask) || strings.Contains(text, url.QueryEscape(sandbox.Mask))
}

// replay says what becomes of a command, as its gateway judges the call.
func replay(e *journal.Entry) string {
	profile, ok := gateways.Find(e.Gateway)
	if !ok {
		return "No API took this call: the command meets the same refusal."
	}
	repeat := profile.Repeat(requestOf(e))
	switch repeat.Result {
	case gateway.RepeatWorks:
		return sentence(repeat.Why) + ": the command works as it is, while its credentials are good."
	case gateway.RepeatSame:
		if e.Outcome == wire.OutcomeOK {
			return sentence(repeat.Why) + ": the command is taken once more, but for a token in it that is good once."
		}
		return sentence(repeat.Why) + ": the command meets the same refusal."
	case gateway.RepeatRefused:
	}
	return "Sent again as it came, the call is refused: " + repeat.Why + "."
}

// sentence begins in upper case.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// requestOf is the request of an entry, as far as the journal shows it.
func requestOf(e *journal.Entry) *wire.Request {
	req := &wire.Request{Method: e.Request.Method, Header: http.Header{}, Body: []byte(e.Request.Body)}
	_, rest, _ := strings.Cut(e.Request.URL, "://")
	target, query, _ := strings.Cut(rest, "?")
	req.Host, req.Path, _ = strings.Cut(target, "/")
	req.Path, req.RawQuery = "/"+req.Path, query
	for name, values := range e.Request.Headers {
		req.Header[name] = values
	}
	return req
}
