package console

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/labstack/echo/v4"
)

// sessionCookie proves that its holder gave the control plane's token once. Browsers send it to the console alone: the
// control API knows no cookies, so no other site's page can steer by them.
const sessionCookie = "tokenstage_console"

// cookieName is that of a cookie of this console alone: browsers send cookies to every port of a host, where another
// Tokenstage may listen.
func cookieName(r *http.Request, name string) string {
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		return name + "_" + port
	}
	return name
}

// session lets nobody in who did not give the token, in the address that serve prints or in the form of the sign-in
// page. It takes the token out of the address at once.
func (c *console) session(next echo.HandlerFunc) echo.HandlerFunc {
	return func(ec echo.Context) error {
		r := ec.Request()
		switch {
		case c.Token == "":
			return next(ec)
		case r.URL.Path == "/" && r.URL.RawQuery == "": // leads to the console; the cookie is not sent here
			return next(ec)
		case r.Method == http.MethodGet && r.URL.Query().Has("token"):
			return c.signIn(ec, r.URL.Query().Get("token"), withoutToken(r.URL))
		case c.holdsSession(r):
			return next(ec)
		}
		return askToken(ec, "")
	}
}

// signInByForm takes the form of the page that asks for the token.
func (c *console) signInByForm(ec echo.Context) error {
	r := ec.Request()
	r.Body = http.MaxBytesReader(ec.Response(), r.Body, maxSignIn)
	return c.signIn(ec, r.PostFormValue("token"), localPath(r.PostFormValue("back")))
}

// maxSignIn is more than a token and an address take.
const maxSignIn = 64 << 10

// proof is what the cookie holds: whoever reads it has no token for the control API.
func (c *console) proof() string {
	mac := hmac.New(sha256.New, []byte(c.Token))
	mac.Write([]byte(sessionCookie))
	return hex.EncodeToString(mac.Sum(nil))
}

func (c *console) holdsSession(r *http.Request) bool {
	cookie, err := r.Cookie(cookieName(r, sessionCookie))
	return err == nil && subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(c.proof())) == 1
}

func (c *console) signIn(ec echo.Context, token, back string) error {
	if subtle.ConstantTimeCompare([]byte(token), []byte(c.Token)) != 1 {
		return askToken(ec, "That is not the token of this control plane.")
	}
	ec.SetCookie(&http.Cookie{
		Name: cookieName(ec.Request(), sessionCookie), Value: c.proof(), Path: Root,
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: ec.Request().TLS != nil,
	})
	ec.Response().Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(ec.Response(), ec.Request(), back, http.StatusSeeOther)
	return nil
}

func askToken(ec echo.Context, wrong string) error {
	ec.Response().Header().Set("WWW-Authenticate", "Bearer")
	r := ec.Request()
	back := r.PostFormValue("back")
	if r.Method == http.MethodGet {
		back = withoutToken(r.URL)
	}
	return write(ec, http.StatusUnauthorized, "sign-in", "layout", struct{ Wrong, Back string }{wrong, localPath(back)})
}

func withoutToken(u *url.URL) string {
	query := u.Query()
	query.Del("token")
	plain := url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: query.Encode()}
	return localPath(plain.String())
}

// localPath is where a form leads back to: a page of the console, whatever was sent. Browsers take a backslash for a
// slash and resolve dots, also encoded ones.
func localPath(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host != "" || u.Scheme != "" || u.User != nil || !strings.HasPrefix(u.Path, Root) ||
		strings.Contains(u.Path, `\`) || !strings.HasPrefix(path.Clean(u.Path)+"/", Root) {
		return Root
	}
	return address
}

// policy is the Content-Security-Policy: everything comes from here, nothing is inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func securityHeaders(header http.Header) {
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
}

// secure sets the headers that keep pages to themselves, and refuses changes that come from other sites' pages.
func secure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(ec echo.Context) error {
		securityHeaders(ec.Response().Header())
		if err := http.NewCrossOriginProtection().Check(ec.Request()); err != nil {
			http.Error(ec.Response(), err.Error(), http.StatusForbidden)
			return nil
		}
		return next(ec)
	}
}

// maxForm is more than the largest scenario needs.
const maxForm = 1 << 20

// validForm reads the form of a change and tells whether it came from a page of this console.
func (c *console) validForm(ec echo.Context) error { return c.validFormUpTo(ec, maxForm) }

// validFormUpTo does so with a form of another size, which may hold files.
func (c *console) validFormUpTo(ec echo.Context, most int64) error {
	r := ec.Request()
	r.Body = http.MaxBytesReader(ec.Response(), r.Body, most)
	err := r.ParseForm()
	if err == nil && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		err = r.ParseMultipartForm(most)
	}
	if err != nil {
		return &problem{http.StatusBadRequest, "The form could not be read: " + err.Error()}
	}
	if subtle.ConstantTimeCompare([]byte(r.PostFormValue("csrf")), []byte(c.csrf)) != 1 {
		return &problem{
			http.StatusForbidden,
			"This form is not of this run of the console: it was open since before a restart. Load the page again.",
		}
	}
	return nil
}
