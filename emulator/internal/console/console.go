// Package console is the web pages of the control plane, for people who would rather look than read.
package console

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/broker"
	"github.com/tokenstage/tokenstage/emulator/internal/identify"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// Root is the path under which every page of the console is.
const Root = "/console/"

// Options configure the console.
type Options struct {
	World *world.World
	// Broker holds the clients of MQTT.
	Broker *broker.Broker
	// Data is the data plane's address as host:port, which the pages show in settings and commands.
	Data string
	// MQTT is the address of the broker as host:port; empty where it is off.
	MQTT string
	// TLS is the address of the data plane's TLS listener as host:port; empty where there is none.
	TLS string
	// Token is that of the control plane. When it is not empty, pages open only to who gave it once.
	Token string
	// Send has the data plane answer a request, and returns the sandbox and the id by which the journal has the call.
	Send func(ctx context.Context, req *wire.Request) (sandbox, id string)
	// Identify tells what a token or a key is.
	Identify *identify.Identifier
	Log      *slog.Logger
}

// console holds what the pages share.
type console struct {
	Options

	csrf string // stands in every form; other sites' pages cannot read it
	run  string // names this run of the console, so that pages notice a restart
}

// Register adds the console to the routes of the control plane: every path below Root, and "/", which leads there. The
// control plane's rules for Host and Origin are those of who serves the routes.
func Register(e *echo.Echo, o Options) {
	c := &console{Options: o, csrf: rand.Text(), run: rand.Text()} //nolint:forbidigo // of this process, of no sandbox
	read := []string{http.MethodGet, http.MethodHead}
	signedIn := []echo.MiddlewareFunc{secure, c.session, clean}
	get := func(path string, h echo.HandlerFunc) { e.Match(read, Root+path, h, signedIn...) }
	post := func(path string, h echo.HandlerFunc) { e.POST(Root+path, h, signedIn...) }

	e.GET("/", toCalls, signedIn...)
	e.Match(read, Root+"assets/:name", serveAsset, secure, clean) // the page that asks for the token needs them
	if o.Token != "" {
		e.POST(Root+"sign-in", c.signInByForm, secure)
	}
	c.registerCalls(get, post)
	c.registerScenarios(get, post)
	c.registerSandboxes(get, post)
	// A last parameter takes slashes too, unless a route goes on behind one.
	for _, path := range []string{"", "assets/:name/", "calls/:sandbox/:request/", "sandboxes/:id/"} {
		e.RouteNotFound(Root+path+"*", c.noRoute, signedIn...)
	}
}

// adds is how a page, or the form of a change, is added to the routes.
type adds func(path string, h echo.HandlerFunc)

func (c *console) registerCalls(get, post adds) {
	get("", toCalls)
	get("calls", c.page(c.calls))
	post("calls/news", c.news)
	get("calls/flow", c.page(c.flow))
	post("calls/clear", c.action(c.clearCalls))
	post("calls/send", c.action(c.sendCall))
	post("calls/again", c.action(c.playAgain))
	get("calls/download", c.downloadCalls)
	get("calls/compare", c.page(c.compareCalls))
	get("calls/:sandbox/:request", c.call)
	get("calls/:sandbox/:request/part", c.callPart)
	get("calls/:sandbox/:request/download", c.downloadCall)
	get("calls/:sandbox/:request/signature", c.workbench)
	post("calls/:sandbox/:request/signature", c.workbenchForm)
}

func (c *console) registerScenarios(get, post adds) {
	get("scenarios", c.page(c.scenarios))
	post("scenarios", c.action(c.playOrStop))
	get("scenarios/show", c.page(c.scenario))
	get("scenarios/edit", c.page(c.editor))
	post("scenarios/edit", c.tryScenario)
	get("scenarios/words", c.words)
	post("scenarios/check", c.checkScenario)
	get("coverage", c.page(c.coverage))
}

// registerSandboxes adds the pages of sandboxes and of what is in one beside calls and scenarios.
func (c *console) registerSandboxes(get, post adds) {
	get("tokens", c.page(c.tokens))
	post("tokens", c.action(c.changeToken))
	post("tokens/which", c.which)
	get("tokens/call", c.callOfToken)
	get("clients", c.page(c.clients))
	post("clients", c.action(c.cutClient))
	get("clock", c.page(c.clock))
	post("clock", c.actionOr(c.setClock, c.refusedClock))
	post("look", c.setLook)
	get("live", c.live)
	get("sandboxes", c.page(c.sandboxes))
	post("sandboxes", c.createSandbox)
	post("sandboxes/change", c.action(c.changeSandbox))
	post("sandboxes/load", c.loadSnapshot)
	get("sandboxes/:id", c.sandbox)
	get("sandboxes/:id/snapshot", c.saveSnapshot)
}

func toCalls(ec echo.Context) error {
	http.Redirect(ec.Response(), ec.Request(), Root+"calls", http.StatusSeeOther)
	return nil
}

// clean leads from a path with dots or doubled slashes to the one that it means.
func clean(next echo.HandlerFunc) echo.HandlerFunc {
	return func(ec echo.Context) error {
		r := ec.Request()
		meant := r.URL.JoinPath()
		if meant.EscapedPath() == r.URL.EscapedPath() {
			return next(ec)
		}
		if meant.Path+"/" == Root {
			meant.Path = Root
		}
		http.Redirect(ec.Response(), r, meant.RequestURI(), http.StatusTemporaryRedirect)
		return nil
	}
}

// noRoute answers where no other route does. GET and HEAD are allowed at every path: they get the page which says that
// there is none.
func (c *console) noRoute(ec echo.Context) error {
	r := ec.Request()
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return c.errorPage(ec, errNoPage)
	}
	allowed := "GET, HEAD"
	if slices.ContainsFunc(ec.Echo().Routes(), func(route *echo.Route) bool {
		return route.Method == http.MethodPost && route.Path == r.URL.Path
	}) {
		allowed += ", POST"
	}
	ec.Response().Header().Set("Allow", allowed)
	http.Error(ec.Response(), http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
	return nil
}
