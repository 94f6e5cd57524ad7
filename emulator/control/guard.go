package control

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v5"
)

// guard keeps strangers out: other sites' pages by Host and Origin on a loopback address, everybody without the token
// elsewhere.
type guard struct {
	token    string
	loopback bool
}

const healthPath = "/healthz"

// check runs before routing, so that a refused caller learns nothing of what there is.
func (g guard) check(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) error {
		req := c.Request()
		if g.loopback && !isLoopbackHost(req.Host) {
			return problem(http.StatusForbidden, "the Host header must name 127.0.0.1, [::1] or localhost")
		}
		if origin := req.Header.Get("Origin"); g.loopback && origin != "" && !isLoopbackOrigin(origin) {
			return problem(http.StatusForbidden, "the Origin header must name 127.0.0.1, [::1] or localhost")
		}
		if g.token != "" && req.URL.Path != healthPath && !g.holdsToken(req) {
			c.Response().Header().Set("WWW-Authenticate", "Bearer")
			return problem(http.StatusUnauthorized, "the control plane needs its token as a bearer token: "+
				"see TOKENSTAGE_CONTROL_TOKEN, or what the server printed when it started")
		}
		return next(c)
	}
}

func (g guard) holdsToken(req *http.Request) bool {
	scheme, got, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	// Schemes are known in any case: RFC 9110, section 11.1.
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(got), []byte(g.token)) == 1
}

// isLoopbackHost judges a Host header, with or without a port.
func isLoopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	switch strings.ToLower(strings.Trim(host, "[]")) {
	case "127.0.0.1", "::1", "localhost":
		return true
	}
	return false
}

func isLoopbackOrigin(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && isLoopbackHost(u.Host)
}
