package console

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// sessionCookie proves that its holder gave the control plane's token once. Browsers send it to the console alone: the
// control API knows no cookies, so no other site's page can steer by them.
const sessionCookie = "tokenstage_console"

// session lets nobody in who did not give the token, in the address that serve prints or in the form of the sign-in
// page. It takes the token out of the address at once.
func (c *console) session(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case c.Token == "" || isAsset(r):
			next.ServeHTTP(w, r)
		case r.URL.Path == "/" && r.URL.RawQuery == "": // leads to the console; the cookie is not sent here
			next.ServeHTTP(w, r)
		case r.URL.Path == Root+"sign-in" && r.Method == http.MethodPost:
			r.Body = http.MaxBytesReader(w, r.Body, maxSignIn)
			c.signIn(w, r, r.PostFormValue("token"), localPath(r.PostFormValue("back")))
		case r.Method == http.MethodGet && r.URL.Query().Has("token"):
			c.signIn(w, r, r.URL.Query().Get("token"), withoutToken(r.URL))
		case c.holdsSession(r):
			next.ServeHTTP(w, r)
		default:
			c.askToken(w, r, "")
		}
	})
}

func isAsset(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, Root+"assets/") }

// maxSignIn is more than a token and an address take.
const maxSignIn = 64 << 10

// proof is what the cookie holds: whoever reads it has no token for the control API.
func (c *console) proof() string {
	mac := hmac.New(sha256.New, []byte(c.Token))
	mac.Write([]byte(sessionCookie))
	return hex.EncodeToString(mac.Sum(nil))
}

func (c *console) holdsSession(r *http.Request) bool {
	cookie, err := r.Cookie(sessionCookie)
	return err == nil && subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(c.proof())) == 1
}

func (c *console) signIn(w http.ResponseWriter, r *http.Request, token, back string) {
	if subtle.ConstantTimeCompare([]byte(token), []byte(c.Token)) != 1 {
		c.askToken(w, r, "That is not the token of this control plane.")
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: c.proof(), Path: Root, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil,
	})
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, back, http.StatusSeeOther)
}

func (c *console) askToken(w http.ResponseWriter, r *http.Request, wrong string) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	back := r.PostFormValue("back")
	if r.Method == http.MethodGet {
		back = withoutToken(r.URL)
	}
	c.write(w, http.StatusUnauthorized, "sign-in", struct{ Wrong, Back string }{wrong, localPath(back)})
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
func secure(next http.Handler) http.Handler {
	same := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		securityHeaders(w.Header())
		same.ServeHTTP(w, r)
	})
}

// maxForm is more than the largest scenario needs.
const maxForm = 1 << 20

// validForm reads the form of a change and tells whether it came from a page of this console.
func (c *console) validForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
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
