// Package control is the control plane: the HTTP API by which people and tests steer the emulator.
package control

import (
	"cmp"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/broker"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
	"github.com/tokenstage/tokenstage/openapi"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// Options configure the control plane.
type Options struct {
	World *world.World
	// Broker holds the clients of MQTT.
	Broker *broker.Broker
	// Endpoints are further URLs that sandboxes show, by their names in the contract.
	Endpoints map[string]string
	// Data is the data plane's address as host:port, named in replies.
	Data string
	// TLS is the address of the data plane's TLS listener as host:port; empty where there is none.
	TLS string
	// CA is the certificate of the CA behind it, in PEM.
	CA []byte
	// Token must come as a bearer token with every call but /healthz and /readyz when it is not empty.
	Token string
	// Loopback says that the plane listens on a loopback address: then foreign Host and Origin headers are refused.
	Loopback bool
	// Metrics serves what Prometheus asks for; nil means that nothing is counted.
	Metrics http.Handler
	// Console adds the web pages at "/" and below ConsoleRoot, which ask for the token themselves; nil means none.
	Console     func(*echo.Echo)
	ConsoleRoot string
	// Tools makes what serves agents at toolsPath, by calling the plane itself; nil means that nothing does.
	Tools func(plane http.Handler) http.Handler
	Log   *slog.Logger
}

// plane holds what the handlers share.
type plane struct {
	world   *world.World
	broker  *broker.Broker
	data    string
	tls     string
	ca      []byte
	further map[string]string // endpoints
	log     *slog.Logger
}

// New returns the control plane. Its contract is openapi/control.yaml.
func New(o Options) http.Handler {
	p := &plane{
		world: o.World, broker: o.Broker, data: o.Data, tls: o.TLS, ca: o.CA, further: o.Endpoints,
		log: cmp.Or(o.Log, slog.Default()),
	}
	o.World.Sandboxes().Secrets().Keep(o.Token)
	e := echo.New()
	e.HTTPErrorHandler = p.writeProblem
	e.Pre(apart, recoverPanics, guard{token: o.Token, loopback: o.Loopback, console: o.ConsoleRoot}.check)
	if o.Console != nil {
		o.Console(e)
	}

	e.GET(healthPath, showHealth)
	e.HEAD(healthPath, showHealth) // as some health checks ask
	e.GET(readyPath, p.showReady)
	e.HEAD(readyPath, p.showReady)
	e.GET("/openapi.yaml", p.showContract)
	e.GET("/metrics", showMetrics(o.Metrics))
	e.GET("/ca.pem", p.showCA)
	if o.Tools != nil {
		e.POST(toolsPath, echo.WrapHandler(o.Tools(e)))
	}
	p.addRoutes(e.Group("/v1"))
	return e
}

// addRoutes adds what the contract has below /v1.
func (p *plane) addRoutes(v1 *echo.Group) {
	v1.GET("/apis", p.listAPIs)
	v1.GET("/apis/:api/openapi.yaml", p.showSpec)
	v1.GET("/schema/scenario.json", p.scenarioSchema)
	v1.GET("/scenarios", p.listScenarios)
	v1.GET("/scenarios/:scenario", p.showScenario)
	v1.POST("/scenarios/check", p.checkScenario)
	v1.GET("/coverage", p.showWholeCoverage)
	v1.GET("/requests", p.listAllRequests)
	v1.GET("/events", p.followAllRequests)
	v1.GET("/sandboxes", p.listSandboxes)
	v1.POST("/sandboxes", p.createSandbox)
	box := v1.Group("/sandboxes/:sandbox")
	box.GET("", p.withSandbox(showSandbox))
	box.DELETE("", p.removeSandbox)
	box.POST("/reset", p.withSandbox(resetSandbox))
	box.GET("/snapshot", p.withSandbox(showSnapshot))
	box.GET("/clock", p.withSandbox(showClock))
	box.PATCH("/clock", p.withSandbox(changeClock))
	box.GET("/requests", p.withSandbox(listRequests))
	box.GET("/requests/:request", p.withSandbox(showRequest))
	box.DELETE("/requests", p.withSandbox(clearRequests))
	box.GET("/names", p.withSandbox(checkNames))
	box.POST("/claims", p.withSandbox(judgeClaim))
	box.GET("/events", p.withSandbox(followRequests))
	box.GET("/scenarios", p.withSandbox(listPlaying))
	box.PUT("/scenarios/:scenario", p.withSandbox(playScenario))
	box.DELETE("/scenarios/:scenario", p.withSandbox(stopScenario))
	box.GET("/coverage", p.withSandbox(showCoverage))
	box.GET("/tokens", p.withSandbox(listTokens))
	box.GET("/clients", p.withSandbox(listClients))
	box.DELETE("/clients/:client", p.withSandbox(cutClient))
	box.POST("/tokens/:token/:change", p.withSandbox(changeToken))
}

// toolsPath is where agents find the tools of the Model Context Protocol.
const toolsPath = "/mcp"

// apart keeps whatever is answered out of other sites' pages. The console says more.
func apart(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Response().Header()
		header.Set("Content-Security-Policy", "frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		return next(c)
	}
}

func showHealth(c echo.Context) error {
	return c.JSON(http.StatusOK, controlapi.Health{Status: "ok"})
}

// showReady says whether calls can be answered.
func (p *plane) showReady(c echo.Context) error {
	if err := p.world.Ready(); err != nil {
		return problem(http.StatusServiceUnavailable, err.Error())
	}
	return c.JSON(http.StatusOK, controlapi.Health{Status: "ok"})
}

// showCA hands out what clients of the TLS listener have to trust.
func (p *plane) showCA(c echo.Context) error {
	if len(p.ca) == 0 {
		return problem(http.StatusNotFound, "there is no CA, since TLS is off: start the server with --tls-addr")
	}
	return c.Blob(http.StatusOK, pemContent, p.ca)
}

// pemContent is not registered, and what web servers send for .pem files.
const pemContent = "application/x-pem-file"

const yamlContent = "application/yaml"

func (p *plane) showContract(c echo.Context) error {
	source, err := openapi.Files.ReadFile("control.yaml")
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, yamlContent, source)
}
