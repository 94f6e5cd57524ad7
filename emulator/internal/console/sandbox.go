package console

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/route"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/settings"
)

// sandboxPage is one sandbox with what clients need to reach it.
type sandboxPage struct {
	sandboxRow

	Credentials []credentialRow
	// Fixtures are what exists here, where that is limited.
	Fixtures sandbox.Fixtures
	// Quotas are the documented limits that are changed here.
	Quotas map[string]string
	// SignatureTime is how the times of signatures are judged.
	SignatureTime sandbox.SignatureTime
	// Created says that the sandbox was made a moment ago, Hidden that the secrets are not shown, Shown that somebody
	// asked for them.
	Created, Hidden, Shown bool
	// Again is how to get the secrets once more.
	Again    string
	Settings []settings.Group
}

// sandbox shows the sandbox of the path. One that the picker of the header chose has a page of its own.
func (c *console) sandbox(ec echo.Context) error {
	id := route.Param(ec, "id")
	if chosen := ec.QueryParam("sandbox"); chosen != id && sandbox.ValidID(chosen) {
		http.Redirect(ec.Response(), ec.Request(), link("sandboxes/"+chosen), http.StatusSeeOther)
		return nil
	}
	created := takeCookie(ec, createdCookie) == id
	return c.page(func(r *http.Request, l *layout) (body, error) {
		if err := c.about(r.Context(), l, id); err != nil {
			return body{}, err
		}
		page, err := c.sandboxPage(r, l.Sandbox, created)
		return body{"sandbox", "Sandbox " + id, page}, err
	})(ec)
}

func (c *console) sandboxPage(r *http.Request, box *sandbox.Sandbox, created bool) (sandboxPage, error) {
	shown := r.URL.Query().Get("secrets") == "show"
	row, err := c.sandboxRow(r.Context(), box)
	if err != nil {
		return sandboxPage{}, err
	}
	page := sandboxPage{
		sandboxRow: row, Fixtures: box.Fixtures, Quotas: box.Quotas, SignatureTime: box.Signing(),
		// The secrets of the default sandbox are documented and no secrets.
		Created: created, Hidden: !created && !shown && box.ID != sandbox.Default, Shown: shown && box.ID != sandbox.Default,
	}
	credentials, err := credentialsOf(box, page.Hidden)
	if err != nil {
		return page, err
	}
	if page.Credentials, err = credentialRows(credentials); err != nil {
		return page, err
	}
	if page.Settings, err = c.settingGroups(r, box.ID, credentials); err != nil {
		return page, err
	}
	page.Again, err = c.again(r, box.ID)
	return page, err
}

// credentialRow is a key in the table of credentials.
type credentialRow struct {
	Gateway, ID, Secret string
	Disabled            bool
	// SecurityToken comes with every call that the key signs.
	SecurityToken string
	// Token stands for itself, and Kind is what it is called.
	Token, Kind string
}

// credentialsOf are the credentials of a sandbox by gateway, with words in the place of the secrets where these are
// hidden.
func credentialsOf(box *sandbox.Sandbox, hidden bool) (map[string][]json.RawMessage, error) {
	if !hidden {
		return box.Credentials, nil
	}
	all := map[string][]json.RawMessage{}
	for _, profile := range gateways.Profiles() {
		for _, credential := range box.Credentials[profile.Name()] {
			shown, err := profile.Hidden(credential)
			if err != nil {
				return nil, err
			}
			all[profile.Name()] = append(all[profile.Name()], shown)
		}
	}
	return all, nil
}

func credentialRows(credentials map[string][]json.RawMessage) ([]credentialRow, error) {
	var rows []credentialRow
	for _, profile := range gateways.Profiles() {
		for _, credential := range credentials[profile.Name()] {
			keys, err := profile.Scheme().Parse(credential)
			if err != nil {
				return nil, err
			}
			for _, key := range keys {
				row := credentialRow{Gateway: profile.Name(), Disabled: key.Disabled}
				if key.Names.Secret {
					row.Token, row.Kind = key.Names.ID, string(key.Names.Kind)
				} else {
					row.ID, row.Secret, row.SecurityToken = key.ID, key.Secret, key.SecurityToken
				}
				rows = append(rows, row)
			}
		}
	}
	return rows, nil
}
