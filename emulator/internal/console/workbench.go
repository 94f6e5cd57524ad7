package console

import (
	"bufio"
	"context"
	"crypto/hmac"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/route"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// workbench is the page that takes the signature of a call apart.
type workbench struct {
	// Call is the address of the call, Sandbox, ID, Operation and Outcome what it is.
	Call, Sandbox, ID, Operation, Outcome string
	Seq                                   uint64
	// Style says how the call is signed; empty where nothing of it is.
	Style string
	// Key is the id of the key that signs here, and Named the one that the call names, which the sandbox may not have.
	Key, Named string
	// Carried is the signature that the call carries.
	Carried string
	// Verdicts say what is known of it, each by computing it.
	Verdicts []verified
	// Server is the string to sign of the call, and Other the one beside it; OtherName says where that is from.
	Server, Other, OtherName string
	Parts                    partsCompared
	// Text is what was pasted as the client's string, Inputs a request in the form of HTTP.
	Text, Inputs string
	// Refusal says what is wrong with the inputs.
	Refusal string
	// Inexact says that the journal does not have all of the call.
	Inexact bool
}

// verified is something about a signature that was computed, and so is no guess.
type verified struct {
	Good bool
	Text string
}

// signedCall is a call with what signs it.
type signedCall struct {
	entry   journal.Entry
	req     *wire.Request
	profile gateway.Signing
	signed  gateway.Signed
	keys    []sandbox.ListedKey
	// key is that of the call, or the first of the sandbox where it has none of that name; known tells the two apart.
	key   sandbox.Key
	known bool
}

// workbench shows the signature of the call that the path names.
func (c *console) workbench(ec echo.Context) error { return c.showWorkbench(ec, nil) }

// workbenchForm compares what was pasted, or signs and sends it.
func (c *console) workbenchForm(ec echo.Context) error {
	err := c.validForm(ec)
	if err != nil {
		return c.errorPage(ec, err)
	}
	if ec.Request().PostForm.Get("do") == "send" {
		address, err := c.sendInputs(ec)
		if err == nil {
			leaveCookie(ec, noteCookie, sentNote)
			http.Redirect(ec.Response(), ec.Request(), address, http.StatusSeeOther)
			return nil
		}
		return c.showWorkbench(ec, err)
	}
	return c.showWorkbench(ec, nil)
}

const sentNote = "This call was signed anew and sent from the console."

func (c *console) showWorkbench(ec echo.Context, refusal error) error {
	box, id := route.Param(ec, "sandbox"), route.Param(ec, "request")
	return c.page(func(r *http.Request, l *layout) (body, error) {
		if err := c.about(r.Context(), l, box); err != nil {
			return body{}, err
		}
		l.Path, l.Here, l.Keep, l.Refused = r.URL.RequestURI(), Root+"calls", nil, false
		call, err := c.signedCall(r, l.Sandbox, id)
		if err != nil {
			return body{}, err
		}
		page := c.newWorkbench(call)
		if r.Method == http.MethodPost {
			page.read(r, call)
		}
		if refusal != nil {
			said, _ := c.errorBody(r, refusal)
			page.Refusal = fmt.Sprint(said.data)
		}
		return body{"workbench", "Signature of " + id, page}, refusal
	})(ec)
}

// signedCall finds a call and what signs it. Without a profile nothing of the call is signed.
func (c *console) signedCall(r *http.Request, box *sandbox.Sandbox, id string) (*signedCall, error) {
	number, _ := strconv.ParseUint(r.FormValue("seq"), 10, 64)
	entry, err := c.entry(r.Context(), box, id, number)
	if err != nil {
		return nil, err
	}
	call := &signedCall{entry: entry, req: requestOf(&entry)}
	profile, ok := gateways.Find(entry.Gateway)
	if !ok {
		return call, nil
	}
	call.profile, _ = profile.(gateway.Signing)
	if call.profile == nil {
		return call, nil
	}
	call.signed, _ = call.profile.Signed(call.req)
	for _, listed := range box.Keys(profile.Name()) {
		if !listed.Names.Secret && !listed.Disabled {
			call.keys = append(call.keys, listed)
		}
	}
	if call.key, call.known = keyOf(profile, box, entry.Credential); !call.known && len(call.keys) > 0 {
		call.key = call.keys[0].Key
	}
	return call, nil
}

func (c *console) newWorkbench(call *signedCall) workbench {
	e := &call.entry
	page := workbench{
		Call:    link("calls/"+e.Sandbox+"/"+e.ID, "seq", strconv.FormatUint(e.Seq, 10)),
		Sandbox: e.Sandbox, ID: e.ID, Operation: e.Operation, Outcome: e.Outcome, Seq: e.Seq, Named: e.Credential,
		Style: call.signed.Style, Carried: call.signed.Signature, Server: call.signed.Text, Key: call.key.ID,
		Inputs: inputsOf(call.req), Inexact: isInexact(e) || holdsMask(call.signed.Text),
	}
	if page.Style == "" {
		return page
	}
	page.verify(call)
	for _, f := range e.Findings {
		if f.Client != "" && f.Server != "" {
			page.Other, page.OtherName = f.Client, "Client"
		}
	}
	page.compare(call)
	return page
}

// verify says what the signature of the call is, by computing it with every key.
func (p *workbench) verify(call *signedCall) {
	switch {
	case p.Inexact:
		p.say(false, "The journal has not all of this call, so its signature cannot be computed here.")
	case !call.known:
		p.say(false, fmt.Sprintf("This sandbox has no key %q that could be used, so what that key signs cannot be told.",
			p.Named))
	case call.signs(call.key.Secret, p.Server):
		p.say(true, "The signature is right: the server's string and the secret of "+call.key.ID+" give it.")
	default:
		p.say(false, "The server's string and the secret of "+call.key.ID+" give "+
			call.profile.SignatureOf(call.req, call.key.Secret, p.Server)+", which is not what the call carries.")
	}
	p.otherKey(call, p.Server, "the server's string")
	for _, f := range call.entry.Findings {
		if f.Client != "" && f.Marker != "" && call.signs(call.key.Secret, f.Client) {
			p.say(true, "Found: "+f.Message+" The string beside the server's gives the signature that the call carries.")
		}
	}
}

// otherKey finds out whether the call was signed with the secret of another key.
func (p *workbench) otherKey(call *signedCall, text, what string) {
	for _, other := range call.keys {
		if other.ID != call.key.ID && call.signs(other.Secret, text) {
			p.say(false, "The call was signed with another secret: "+what+" and that of "+other.ID+" give its signature.")
		}
	}
}

func (p *workbench) say(good bool, text string) {
	p.Verdicts = append(p.Verdicts, verified{good, text})
}

// signs tells whether a secret gives the signature of the call over a text.
func (s *signedCall) signs(secret, text string) bool {
	made := s.profile.SignatureOf(s.req, secret, text)
	return made != "" && hmac.Equal([]byte(made), []byte(s.signed.Signature))
}

// read takes what was pasted: the string that the client signed, or a request.
func (p *workbench) read(r *http.Request, call *signedCall) {
	if call.profile == nil {
		return
	}
	if text := pasted(r, "text"); text != "" && p.Style != "" {
		p.Text, p.Other, p.OtherName = text, text, "Yours"
		p.compare(call)
		p.judge(call, text)
	}
	if !r.PostForm.Has("request") {
		return
	}
	p.Inputs = pasted(r, "request")
	req, err := readInputs(p.Inputs, call.req)
	if err != nil {
		p.Refusal = err.Error()
		return
	}
	signed, ok := call.profile.Signed(req)
	if !ok {
		p.Refusal = "This request carries no signature that could be computed. It can be signed anew and sent all the same."
		return
	}
	p.Other, p.OtherName = signed.Text, "Your request"
	p.compare(call)
	p.Verdicts = nil
	p.say(true, "With the secret of "+p.Key+" your request has the signature "+
		call.profile.SignatureOf(req, call.key.Secret, signed.Text)+".")
}

// judge says whether a string is the one that the client signed.
func (p *workbench) judge(call *signedCall, text string) {
	p.Verdicts = nil
	switch {
	case !call.known:
		p.verify(call)
	case text == p.Server && call.signs(call.key.Secret, text):
		p.say(true, "This is the server's string, and the call carries its signature.")
	case call.signs(call.key.Secret, text):
		p.say(true, "This is what the client signed: with the secret of "+call.key.ID+
			" it gives the signature that the call carries. What differs stands below.")
	case text == p.Server:
		p.say(false, "This is the server's string. The signature is another one, so the client signs with another secret "+
			"than that of "+call.key.ID+", or in another way.")
	default:
		p.say(false, "With the secret of "+call.key.ID+" this gives "+
			call.profile.SignatureOf(call.req, call.key.Secret, text)+". The call carries another signature: the client signed "+
			"yet another string, or with another secret.")
	}
	p.otherKey(call, text, "your string")
}

// compare lays the parts of the server's string beside those of the other one.
func (p *workbench) compare(call *signedCall) {
	p.Parts = compareParts(call.profile.Parts(call.req, p.Server), call.profile.Parts(call.req, p.Other), p.Other != "")
}

// pasted is a field of several lines; browsers end these in their own way, and people copy an end too many.
func pasted(r *http.Request, name string) string {
	return strings.TrimRight(strings.ReplaceAll(r.PostForm.Get(name), "\r\n", "\n"), "\n")
}

// inputsOf writes a request as HTTP does.
func inputsOf(req *wire.Request) string {
	target := req.Path
	if req.RawQuery != "" {
		target += "?" + req.RawQuery
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\nHost: %s\n", req.Method, target, req.Host)
	for _, f := range sortedFields(req.Header) {
		if !slices.Contains(hopByHop, f.Name) {
			fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
		}
	}
	if len(req.Body) > 0 {
		b.WriteString("\n" + string(req.Body))
	}
	return strings.TrimRight(b.String(), "\n")
}

// readInputs reads a request in the form of HTTP. Its body has the line ends of the call from which it was written.
func readInputs(text string, from *wire.Request) (*wire.Request, error) {
	head, sent, _ := strings.Cut(text, "\n\n")
	first, fields, _ := strings.Cut(head, "\n")
	method, target, ok := strings.Cut(strings.TrimSuffix(strings.TrimSpace(first), " HTTP/1.1"), " ")
	if !ok || !strings.HasPrefix(target, "/") {
		return nil, &problem{http.StatusUnprocessableEntity, fmt.Sprintf(
			"A request begins with a line such as \"POST /path?name=value HTTP/1.1\", got %q.", first)}
	}
	header, err := textproto.NewReader(bufio.NewReader(strings.NewReader(fields + "\n\n"))).ReadMIMEHeader()
	if err != nil {
		return nil, &problem{
			http.StatusUnprocessableEntity, "The headers cannot be read, one a line as Name: value: " + err.Error(),
		}
	}
	req := &wire.Request{Method: method, Scheme: "http", Host: header.Get("Host"), Header: http.Header(header)}
	req.Header.Del("Host")
	req.Path, req.RawQuery, _ = strings.Cut(target, "?")
	if strings.Contains(string(from.Body), "\r\n") {
		sent = strings.ReplaceAll(sent, "\n", "\r\n")
	}
	req.Body = []byte(sent)
	return req, nil
}

// sendInputs signs what stands in the form anew, sends it, and returns the address of the call that this is.
func (c *console) sendInputs(ec echo.Context) (string, error) {
	r := ec.Request()
	box, err := c.World.Sandboxes().Get(r.Context(), route.Param(ec, "sandbox"))
	if err != nil {
		return "", err
	}
	call, err := c.signedCall(r, box, route.Param(ec, "request"))
	if err != nil {
		return "", err
	}
	req, err := readInputs(pasted(r, "request"), call.req)
	if err != nil {
		return "", err
	}
	if call.profile == nil || call.key.Secret == "" {
		return "", &problem{http.StatusUnprocessableEntity, "This sandbox has no key of that gateway to sign with."}
	}
	now, err := c.signingTime(r.Context(), box)
	if err != nil {
		return "", err
	}
	if req, err = signNow(call.profile, req, call.key, now); err != nil {
		return "", &problem{http.StatusUnprocessableEntity, "This cannot be signed: " + err.Error() + "."}
	}
	return c.send(r.Context(), req)
}

// sendCall sends a call once more: signed anew where it is signed, or as it is.
func (c *console) sendCall(r *http.Request, box *sandbox.Sandbox) (string, error) {
	number, _ := strconv.ParseUint(r.PostFormValue("seq"), 10, 64)
	entry, err := c.entry(r.Context(), box, r.PostFormValue("request"), number)
	if err != nil {
		return "", err
	}
	again, note := &entry, sentNote
	if signed, err := c.signedAnew(r.Context(), box, &entry); err != nil {
		return "", err
	} else if signed != nil {
		again = signed
	} else {
		note = "This call was sent once more from the console, as it was."
	}
	if !canSend(again) {
		return "", &problem{
			http.StatusUnprocessableEntity,
			"The journal has not all of this call, or a secret stood in it: let its client make it again.",
		}
	}
	address, err := c.send(r.Context(), requestOf(again))
	r.PostForm.Set("back", address)
	return note, err
}

// isSigned tells whether a call carries a signature that can be taken apart.
func isSigned(e *journal.Entry) bool {
	profile, _ := gateways.Find(e.Gateway)
	signing, ok := profile.(gateway.Signing)
	if !ok {
		return false
	}
	_, ok = signing.Signed(requestOf(e))
	return ok
}

// canSend tells whether the journal has a call as it came.
func canSend(e *journal.Entry) bool {
	return !isInexact(e) && len(masked(e)) == 0 && strings.HasPrefix(e.Request.URL, "http")
}

// send has the data plane answer a request and waits for that as a client would.
func (c *console) send(ctx context.Context, req *wire.Request) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	box, id := c.Send(ctx, req)
	if id == "" {
		return "", &problem{http.StatusInternalServerError, "The call was sent, and nothing was journaled of it."}
	}
	return link("calls/" + box + "/" + id), nil
}
