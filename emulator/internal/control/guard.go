package control

import (
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// guard keeps strangers out: other sites' pages by Host and Origin on a loopback address, everybody without the token
// elsewhere. The console judges the token itself: a browser cannot send it as programs do.
type guard struct {
	token    string
	loopback bool
	console  string // the path of its pages; empty when there are none
}

const (
	healthPath = "/healthz"
	readyPath  = "/readyz"
)

// isOpen reports whether a path needs no token: load balancers and health checks have none.
func isOpen(path string) bool { return path == healthPath || path == readyPath }

// check runs before routing, so that a refused caller learns nothing of what there is.
func (g guard) check(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		req := c.Request()
		if g.loopback {
			if err := refuseForeign(req); err != nil {
				return err
			}
		}
		if g.token != "" && !isOpen(req.URL.Path) && !g.isConsole(req.URL.Path) && !g.holdsToken(req) {
			c.Response().Header().Set("WWW-Authenticate", "Bearer")
			return problem(http.StatusUnauthorized, "the control plane needs its token as a bearer token: "+
				"see TOKENSTAGE_CONTROL_TOKEN, or what the server printed when it started")
		}
		return next(c)
	}
}

// refuseForeign keeps other sites' pages out: those that had their own name point here (DNS rebinding) show it in Host,
// others in Origin, and what a page merely embeds has a browser's word for it.
func refuseForeign(req *http.Request) error {
	if !isLoopbackHost(req.Host) {
		return problem(http.StatusForbidden, "the Host header must name 127.0.0.1, [::1] or localhost")
	}
	origins := req.Header.Values("Origin")
	for _, origin := range origins {
		if !isLoopbackOrigin(origin) {
			return problem(http.StatusForbidden, "the Origin header must name 127.0.0.1, [::1] or localhost")
		}
	}
	// Fetch Metadata, W3C: a link that somebody follows is a navigation.
	embedded := req.Method != http.MethodGet || req.Header.Get("Sec-Fetch-Mode") != "navigate"
	if len(origins) == 0 && req.Header.Get("Sec-Fetch-Site") == "cross-site" && embedded {
		return problem(http.StatusForbidden, "another site's page asked for this")
	}
	return nil
}

func (g guard) isConsole(path string) bool {
	return g.console != "" && (path == "/" || strings.HasPrefix(path, g.console))
}

func (g guard) holdsToken(req *http.Request) bool {
	scheme, got, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	// Schemes are known in any case: RFC 9110, section 11.1.
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(got), []byte(g.token)) == 1
}

// isLoopbackHost judges a Host header, with or without a port, by its very text: no name is looked up.
func isLoopbackHost(host string) bool {
	name, port, found := host, "", false
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		name, port, found = host[:i], host[i+1:], true
	}
	if _, err := strconv.ParseUint(port, 10, 16); found && err != nil {
		return false
	}
	switch strings.ToLower(name) {
	case "127.0.0.1", "[::1]", "localhost":
		return true
	}
	return false
}

// isLoopbackOrigin wants what browsers send: scheme and host and nothing else (RFC 6454, section 6.2).
func isLoopbackOrigin(origin string) bool {
	for _, scheme := range []string{"http://", "https://"} {
		if host, ok := strings.CutPrefix(origin, scheme); ok {
			return isLoopbackHost(host)
		}
	}
	return false
}
