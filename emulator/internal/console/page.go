package console

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// body is what a page shows: a template and what fills it.
type body struct {
	template string
	title    string
	data     any
}

// view makes the body of a page. The layout, made before, can be changed.
type view func(r *http.Request, l *layout) (body, error)

// layout is what stands around every page.
type layout struct {
	Title   string
	Section string // of the navigation, such as "calls"
	// Sandboxes are the ids to choose from; More says that there are others.
	Sandboxes []string
	More      bool
	// Here is the page that another choice of sandbox leads to, and Keep what it keeps of the address.
	Here string
	Keep []field
	// Sandbox is the chosen one; Scope is what stands in the address, which "calls" can have as every.
	Sandbox *sandbox.Sandbox
	Scope   string
	Clock   sandbox.Clock
	CSRF    string
	// Run names this run of the console.
	Run string
	// Ahead is how far the clock is from real time, as people say it; empty where that is no minute.
	Ahead string
	// Path is where a change leads back to: this page, or the one where a refused change came from.
	Path    string
	Refused bool
	// Note says what the last change did.
	Note string
	Look look
	Body any
}

// field is a name with its value.
type field struct{ Name, Value string }

// every stands for all sandboxes in an address; it can be no id.
const every = "*"

// page serves a view inside the layout; its error becomes a page of its own.
func (c *console) page(v view) echo.HandlerFunc {
	return func(ec echo.Context) error {
		r := ec.Request()
		l, err := c.layout(r)
		l.Note = takeCookie(ec, noteCookie)
		var b body
		if err == nil {
			b, err = v(r, &l)
		}
		status := http.StatusOK
		if err != nil {
			var refusal body
			if refusal, status = c.errorBody(r, err); b.template == "" { // else the page says itself what is wrong
				b = refusal
				c.mask(&l)
			}
		}
		l.Title, l.Body = b.title, b.data
		return write(ec, status, b.template, "layout", l)
	}
}

// errorPage says what is wrong.
func (c *console) errorPage(ec echo.Context, err error) error {
	return c.page(func(*http.Request, *layout) (body, error) { return body{}, err })(ec)
}

// mask keeps secrets out of what the page around an error repeats of the address.
func (c *console) mask(l *layout) {
	secrets := c.World.Sandboxes().Secrets()
	for _, text := range []*string{&l.Here, &l.Path, &l.Scope} {
		*text = secrets.Mask(*text)
	}
	for i := range l.Keep {
		l.Keep[i].Value = secrets.Mask(l.Keep[i].Value)
	}
}

func (c *console) layout(r *http.Request) (layout, error) {
	l := layout{
		Look: readLook(r), CSRF: c.csrf, Run: c.run, Scope: r.URL.Query().Get("sandbox"), Path: r.URL.RequestURI(),
		Section: section(r.URL.Path),
	}
	if r.Method == http.MethodPost {
		l.Scope, l.Path, l.Refused = r.PostForm.Get("sandbox"), localPath(r.PostForm.Get("back")), true
	}
	l.Here, l.Keep = kept(l.Path)
	all, err := c.World.Sandboxes().List(r.Context())
	if err != nil {
		return l, err
	}
	l.Sandboxes, l.More = pickable(all, l.Scope)
	id := l.Scope
	if id == "" || id == every {
		id = sandbox.Default
	}
	box, err := c.World.Sandboxes().Get(r.Context(), id)
	if err != nil {
		box = c.World.Default() // so that the page around the error has one
	}
	l.Sandbox = box
	clock, clockErr := box.Clock(r.Context())
	l.Clock, l.Ahead = clock, c.ahead(clock)
	return l, errors.Join(err, clockErr)
}

// about makes a page one about the sandbox that its path names.
func (c *console) about(ctx context.Context, l *layout, id string) error {
	box, err := c.World.Sandboxes().Get(ctx, id)
	if err != nil {
		return err
	}
	l.Sandbox, l.Scope = box, box.ID
	l.Clock, err = box.Clock(ctx)
	l.Ahead = c.ahead(l.Clock)
	return err
}

// ahead says how far a clock is from real time: "+33 d", "-2 h"; nothing where that is no minute.
func (c *console) ahead(clock sandbox.Clock) string {
	off, sign := clock.Now.Sub(c.World.RealNow()), "+"
	if off < 0 {
		off, sign = -off, "−"
	}
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if off >= unit.size-time.Second {
			return fmt.Sprintf("%s%d %s", sign, int((off+time.Second)/unit.size), unit.name)
		}
	}
	return ""
}

// maxPickable is how many sandboxes the picker offers; the page of sandboxes has them all.
const maxPickable = 500

// pickable are the ids of the first sandboxes, with the chosen one always among them.
func pickable(boxes []*sandbox.Sandbox, chosen string) (ids []string, more bool) {
	for _, box := range boxes {
		if len(ids) < maxPickable || box.ID == chosen {
			ids = append(ids, box.ID)
		}
	}
	return ids, len(ids) < len(boxes)
}

// kept is what the choice of another sandbox keeps of an address: all but what is about one sandbox alone.
func kept(address string) (path string, fields []field) {
	u, err := url.Parse(address)
	if err != nil {
		return Root, nil
	}
	query := u.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if value := query.Get(name); value != "" && !slices.Contains(aboutOne, name) {
			fields = append(fields, field{name, value})
		}
	}
	return u.EscapedPath(), fields
}

// aboutOne are the fields of an address that are about one sandbox, or one moment of it.
var aboutOne = []string{"sandbox", "before", "seq", "from", "until", "paused", "reach", "call"}

// section is the first part of a path behind Root.
func section(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, Root), "/")
	return first
}

// problem is an error with a status and a sentence for people.
type problem struct {
	status int
	detail string
}

func (p *problem) Error() string { return p.detail }

var errNoPage = &problem{http.StatusNotFound, "There is no such page."}

func (c *console) errorBody(r *http.Request, err error) (body, int) {
	shown := &problem{status: world.StatusOf(err), detail: err.Error()}
	if p, ok := errors.AsType[*problem](err); ok {
		shown = p
	}
	secrets := c.World.Sandboxes().Secrets()
	if shown.status == http.StatusInternalServerError {
		if r.Context().Err() == nil { // else the client left, which is nobody's failure
			c.Log.Error("console", "path", secrets.Mask(r.URL.Path), "error", secrets.Mask(err.Error()))
		}
		shown.detail = "The console failed; the server's log says more."
	}
	said := said{Status: shown.status, Detail: secrets.Mask(shown.detail)}
	return body{"error", said.title(), said}, shown.status
}

// said is what a page says of a refusal.
type said struct {
	Status int
	Detail string
}

// String is the sentence alone.
func (s said) String() string { return s.Detail }

// title says in plain words what the status does in those of HTTP.
func (s said) title() string {
	switch s.Status {
	case http.StatusNotFound:
		return "Not found"
	case http.StatusForbidden:
		return "Not allowed"
	case http.StatusConflict:
		return "Not possible now"
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return "That cannot be done"
	case http.StatusServiceUnavailable:
		return "The store does not answer"
	case http.StatusInternalServerError:
		return "The console failed"
	}
	return http.StatusText(s.Status)
}

// change carries out what a form asks for and returns a sentence that says what was done.
type change func(r *http.Request, box *sandbox.Sandbox) (note string, err error)

// action serves the form of a change: afterwards the browser is back on the page where the form was.
func (c *console) action(do change) echo.HandlerFunc { return c.actionOr(do, nil) }

// actionOr does so too. Where again finds a view for a refusal, the page of the form comes back as it was sent.
func (c *console) actionOr(do change, again func(r *http.Request, refusal error) view) echo.HandlerFunc {
	return func(ec echo.Context) error {
		r := ec.Request()
		err := c.validForm(ec)
		var box *sandbox.Sandbox
		if err == nil {
			box, err = c.World.Sandboxes().Get(r.Context(), r.PostFormValue("sandbox"))
		}
		var note string
		if err == nil {
			note, err = do(r, box)
		}
		if err != nil && box != nil && again != nil {
			if v := again(r, err); v != nil {
				return c.page(v)(ec)
			}
		}
		if err != nil {
			return c.errorPage(ec, err)
		}
		leaveCookie(ec, noteCookie, c.World.Sandboxes().Secrets().Mask(note))
		http.Redirect(ec.Response(), r, localPath(r.PostFormValue("back")), http.StatusSeeOther)
		return nil
	}
}

// noteCookie carries what a change did to the page that is shown next.
const noteCookie = "tokenstage_note"

// leaveCookie tells something to the page that is shown next.
func leaveCookie(ec echo.Context, name, value string) {
	const seconds = 10
	ec.SetCookie(&http.Cookie{
		Name: cookieName(ec.Request(), name), Value: url.QueryEscape(value), Path: Root, MaxAge: seconds, HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	})
}

// takeCookie reads what the page before left, once.
func takeCookie(ec echo.Context, name string) string {
	name = cookieName(ec.Request(), name)
	cookie, err := ec.Cookie(name)
	if err != nil {
		return ""
	}
	ec.SetCookie(&http.Cookie{Name: name, Path: Root, MaxAge: -1, HttpOnly: true})
	value, _ := url.QueryUnescape(cookie.Value)
	return value
}
