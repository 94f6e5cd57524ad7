// Package console is the web pages of the control plane, for people who would rather look than read.
package console

import (
	"crypto/rand"
	"log/slog"
	"net/http"

	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// Root is the path under which every page of the console is.
const Root = "/console/"

// Options configure the console.
type Options struct {
	World *world.World
	// Data is the data plane's address as host:port, which the pages show in settings and commands.
	Data string
	// TLS is the address of the data plane's TLS listener as host:port; empty where there is none.
	TLS string
	// Token is that of the control plane. When it is not empty, pages open only to who gave it once.
	Token string
	Log   *slog.Logger
}

// console holds what the pages share.
type console struct {
	Options

	csrf string // stands in every form; other sites' pages cannot read it
}

// New returns the console as a handler of every path below Root, and of "/", which leads there. The control plane's
// rules for Host and Origin are those of who mounts it.
func New(o Options) http.Handler {
	c := &console{Options: o, csrf: rand.Text()} //nolint:forbidigo // a secret of this process, of no sandbox
	mux := http.NewServeMux()
	c.pages(mux)
	return secure(c.session(mux))
}

// pages are all there is.
func (c *console) pages(mux *http.ServeMux) {
	mux.Handle("GET /{$}", http.RedirectHandler(Root+"calls", http.StatusSeeOther))
	mux.Handle("GET /console/{$}", http.RedirectHandler(Root+"calls", http.StatusSeeOther))
	mux.HandleFunc("GET /console/assets/{name}", serveAsset)
	mux.Handle("GET /console/calls", c.page(c.calls))
	mux.HandleFunc("GET /console/calls/events", c.callEvents)
	mux.Handle("POST /console/calls/clear", c.action(c.clearCalls))
	mux.Handle("GET /console/calls/{sandbox}/{request}", c.page(c.call))
	mux.Handle("GET /console/tokens", c.page(c.tokens))
	mux.Handle("POST /console/tokens", c.action(c.changeToken))
	mux.Handle("GET /console/clock", c.page(c.clock))
	mux.Handle("POST /console/clock", c.action(c.setClock))
	mux.HandleFunc("GET /console/changes", c.changeEvents)
	mux.Handle("GET /console/scenarios", c.page(c.scenarios))
	mux.Handle("POST /console/scenarios", c.action(c.playOrStop))
	mux.Handle("GET /console/scenarios/show", c.page(c.scenario))
	mux.Handle("GET /console/scenarios/edit", c.page(c.editor))
	mux.Handle("POST /console/scenarios/edit", http.HandlerFunc(c.tryScenario))
	mux.HandleFunc("POST /console/scenarios/check", c.checkScenario)
	mux.Handle("GET /console/coverage", c.page(c.coverage))
	mux.Handle("GET /console/sandboxes", c.page(c.sandboxes))
	mux.HandleFunc("POST /console/sandboxes", c.createSandbox)
	mux.Handle("POST /console/sandboxes/change", c.action(c.changeSandbox))
	mux.HandleFunc("GET /console/sandboxes/{id}", c.sandbox)
	mux.Handle("GET /console/", c.page(func(*http.Request, *layout) (body, error) { return body{}, errNoPage }))
}
