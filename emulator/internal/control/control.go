// Package control is the control plane: the HTTP API by which people and tests steer the emulator.
package control

import (
	"cmp"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/world"
	"github.com/tokenstage/tokenstage/openapi"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// Options configure the control plane.
type Options struct {
	World *world.World
	// Data is the data plane's address as host:port, named in replies.
	Data string
	// TLS is the address of the data plane's TLS listener as host:port; empty where there is none.
	TLS string
	// CA is the certificate of the CA behind it, in PEM.
	CA []byte
	// Token must come as a bearer token with every call but /healthz when it is not empty.
	Token string
	// Loopback says that the plane listens on a loopback address: then foreign Host and Origin headers are refused.
	Loopback bool
	// Metrics serves what Prometheus asks for; nil means that nothing is counted.
	Metrics http.Handler
	// Console adds the web pages at "/" and below ConsoleRoot, which ask for the token themselves; nil means none.
	Console     func(*echo.Echo)
	ConsoleRoot string
	Log         *slog.Logger
}

// plane holds what the handlers share.
type plane struct {
	world *world.World
	data  string
	tls   string
	ca    []byte
	log   *slog.Logger
}

// New returns the control plane. Its contract is openapi/control.yaml.
func New(o Options) http.Handler {
	p := &plane{world: o.World, data: o.Data, tls: o.TLS, ca: o.CA, log: cmp.Or(o.Log, slog.Default())}
	o.World.Sandboxes().Secrets().Keep(o.Token)
	e := echo.New()
	e.HTTPErrorHandler = p.writeProblem
	e.Pre(recoverPanics, guard{token: o.Token, loopback: o.Loopback, console: o.ConsoleRoot}.check)
	if o.Console != nil {
		o.Console(e)
	}

	e.GET("/healthz", showHealth)
	e.HEAD("/healthz", showHealth) // as some health checks ask
	e.GET("/openapi.yaml", p.showContract)
	e.GET("/metrics", showMetrics(o.Metrics))
	e.GET("/ca.pem", p.showCA)
	v1 := e.Group("/v1")
	v1.GET("/apis", p.listAPIs)
	v1.GET("/apis/:api/openapi.yaml", p.showSpec)
	v1.GET("/schema/scenario.json", p.scenarioSchema)
	v1.GET("/scenarios", p.listScenarios)
	v1.GET("/scenarios/:scenario", p.showScenario)
	v1.POST("/scenarios/check", p.checkScenario)
	v1.GET("/sandboxes", p.listSandboxes)
	v1.POST("/sandboxes", p.createSandbox)
	box := v1.Group("/sandboxes/:sandbox")
	box.GET("", p.withSandbox(showSandbox))
	box.DELETE("", p.removeSandbox)
	box.POST("/reset", p.withSandbox(resetSandbox))
	box.GET("/clock", p.withSandbox(showClock))
	box.PATCH("/clock", p.withSandbox(changeClock))
	box.GET("/requests", p.withSandbox(listRequests))
	box.GET("/requests/:request", p.withSandbox(showRequest))
	box.DELETE("/requests", p.withSandbox(clearRequests))
	box.GET("/events", p.withSandbox(followRequests))
	box.GET("/scenarios", p.withSandbox(listPlaying))
	box.PUT("/scenarios/:scenario", p.withSandbox(playScenario))
	box.DELETE("/scenarios/:scenario", p.withSandbox(stopScenario))
	box.GET("/coverage", p.withSandbox(showCoverage))
	box.GET("/tokens", p.withSandbox(listTokens))
	box.POST("/tokens/:token/:change", p.withSandbox(changeToken))
	return e
}

func showHealth(c echo.Context) error {
	return c.JSON(http.StatusOK, controlapi.Health{Status: "ok"})
}

// showCA hands out what clients of the TLS listener have to trust.
func (p *plane) showCA(c echo.Context) error {
	if p.tls == "" {
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
