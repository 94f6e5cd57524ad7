package console

import (
	"net/http"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// sandboxPage is one sandbox with what clients need to reach it.
type sandboxPage struct {
	sandboxRow

	Credentials sandbox.Credentials
	// Fixtures are what exists here, where that is limited.
	Fixtures sandbox.Fixtures
	// Quotas are the documented limits that are changed here.
	Quotas map[string]string
	// Created says that the sandbox was made a moment ago, Hidden that the secrets are not shown.
	Created, Hidden bool
	// Again is how to get the secrets once more.
	Again    string
	Settings []settingGroup
}

// sandbox shows the sandbox of the path. One that the picker of the header chose has a page of its own.
func (c *console) sandbox(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if chosen := r.URL.Query().Get("sandbox"); chosen != id && sandbox.ValidID(chosen) {
		http.Redirect(w, r, link("sandboxes/"+chosen), http.StatusSeeOther)
		return
	}
	created := takeCookie(w, r, createdCookie) == id
	c.page(func(r *http.Request, l *layout) (body, error) {
		if err := c.about(r.Context(), l, id); err != nil {
			return body{}, err
		}
		page, err := c.sandboxPage(r, l.Sandbox, created)
		return body{"sandbox", "Sandbox " + id, page}, err
	}).ServeHTTP(w, r)
}

func (c *console) sandboxPage(r *http.Request, box *sandbox.Sandbox, created bool) (sandboxPage, error) {
	row, err := c.sandboxRow(r.Context(), box)
	if err != nil {
		return sandboxPage{}, err
	}
	page := sandboxPage{
		sandboxRow: row, Credentials: box.Credentials, Fixtures: box.Fixtures, Quotas: box.Quotas,
		// The secrets of the default sandbox are documented and no secrets.
		Created: created, Hidden: !created && box.ID != sandbox.Default,
	}
	if page.Hidden {
		page.Credentials = hidden(box.Credentials)
	}
	s := c.settingsOf(r, box.ID, page.Credentials)
	if page.Settings, err = s.groups(); err != nil {
		return page, err
	}
	page.Again, err = s.text("again")
	return page, err
}

// What stands in the place of secrets that are not shown.
const (
	hiddenKey    = "<access key secret>"
	hiddenBearer = "<bearer token>"
	hiddenApp    = "<app secret>"
)

// hidden are credentials without their secrets.
func hidden(c sandbox.Credentials) sandbox.Credentials {
	var shown sandbox.Credentials
	for _, key := range c.ACS {
		if key.AccessKeySecret != "" {
			key.AccessKeySecret = hiddenKey
		}
		if key.BearerToken != "" {
			key.BearerToken = hiddenBearer
		}
		shown.ACS = append(shown.ACS, key)
	}
	for _, app := range c.Top {
		shown.Top = append(shown.Top, sandbox.App{AppKey: app.AppKey, AppSecret: hiddenApp})
	}
	for _, app := range c.Fabric {
		shown.Fabric = append(shown.Fabric, sandbox.App{AppKey: app.AppKey, AppSecret: hiddenApp})
	}
	return shown
}
