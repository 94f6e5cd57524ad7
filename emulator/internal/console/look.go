package console

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"
)

// look is how somebody wants the pages: it is kept in cookies of their browser.
type look struct {
	// Theme is "light" or "dark"; empty follows the system.
	Theme string
	// Zone is in which zone times are shown: "local" for that of the browser, "gmt8" for China's; empty is UTC. Pages
	// are written in UTC, and a script shows them in another zone.
	Zone string
}

// The choices of a look.
var (
	themes = []string{"", "light", "dark"}
	zones  = []string{"", "local", "gmt8"}
)

const (
	themeCookie = "tokenstage_theme"
	zoneCookie  = "tokenstage_zone"
)

// readLook is the look that a browser asks for; what it cannot be is left out.
func readLook(r *http.Request) look {
	read := func(name string, choices []string) string {
		cookie, err := r.Cookie(name)
		if err != nil || !slices.Contains(choices, cookie.Value) {
			return ""
		}
		return cookie.Value
	}
	return look{Theme: read(themeCookie, themes), Zone: read(zoneCookie, zones)}
}

// choice is a button of the look.
type choice struct {
	Name, Value, Label string
	Chosen             bool
}

func newChoice(name, value, label, now string) choice {
	return choice{name, value, label, value == now}
}

// setLook keeps what the pressed button says, and leads back.
func (c *console) setLook(ec echo.Context) error {
	if err := c.validForm(ec); err != nil {
		return c.errorPage(ec, err)
	}
	r := ec.Request()
	for _, choice := range []struct {
		field, cookie string
		choices       []string
	}{{"theme", themeCookie, themes}, {"zone", zoneCookie, zones}} {
		value := r.PostForm.Get(choice.field)
		if !r.PostForm.Has(choice.field) || !slices.Contains(choice.choices, value) {
			continue
		}
		const year = 365 * 24 * 60 * 60
		cookie := &http.Cookie{
			Name: choice.cookie, Value: value, Path: Root, MaxAge: year, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		}
		if value == "" {
			cookie.MaxAge = -1
		}
		ec.SetCookie(cookie)
	}
	http.Redirect(ec.Response(), r, localPath(r.PostForm.Get("back")), http.StatusSeeOther)
	return nil
}
