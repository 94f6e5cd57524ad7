package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/route"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// maxSnapshotForm is more than every snapshot that is written.
const maxSnapshotForm = 17 << 20

// saveSnapshot hands out a sandbox as a file.
func (c *console) saveSnapshot(ec echo.Context) error {
	r := ec.Request()
	box, err := c.World.Sandboxes().Get(r.Context(), route.Param(ec, "id"))
	if err != nil {
		return c.errorPage(ec, err)
	}
	query := r.URL.Query()
	snapshot, err := c.World.Snapshot(r.Context(), box, world.SnapshotOptions{
		Secrets: query.Has("secrets"), Journal: query.Has("journal"),
	})
	if err != nil {
		return c.errorPage(ec, err)
	}
	ec.Response().Header().Set("Content-Disposition", `attachment; filename="`+box.ID+`.snapshot.json"`)
	return ec.JSON(http.StatusOK, snapshot)
}

// loadSnapshot makes the sandbox of a file and leads to its page. Where new credentials were made, it shows them once.
func (c *console) loadSnapshot(ec echo.Context) error {
	if err := c.validFormUpTo(ec, maxSnapshotForm); err != nil {
		return c.errorPage(ec, err)
	}
	r := ec.Request()
	snapshot, err := readSnapshot(r)
	var box *sandbox.Sandbox
	if err == nil {
		box, err = c.World.LoadSnapshot(r.Context(), snapshot)
	}
	if errors.Is(err, sandbox.ErrExists) {
		err = &problem{http.StatusConflict, fmt.Sprintf("The snapshot is of the sandbox %s, and there is one of that id. "+
			"Remove that first, or change the id in the file.", snapshot.Definition.ID)}
	}
	if err != nil {
		return c.errorPage(ec, err)
	}
	leaveCookie(ec, noteCookie, "Sandbox "+box.ID+" goes on as it was saved.")
	if !snapshot.Secrets {
		leaveCookie(ec, createdCookie, box.ID)
	}
	http.Redirect(ec.Response(), r, link("sandboxes/"+box.ID), http.StatusSeeOther)
	return nil
}

// readSnapshot reads the file of a form.
func readSnapshot(r *http.Request) (snapshot world.Snapshot, err error) {
	file, _, err := r.FormFile("snapshot")
	if err != nil {
		return snapshot, &problem{http.StatusUnprocessableEntity, "Choose the file of a snapshot first."}
	}
	defer func() { _ = file.Close() }()
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&snapshot); err != nil {
		return snapshot, &problem{
			http.StatusUnprocessableEntity,
			"This file is no snapshot: " + err.Error() + ". The page of a sandbox saves one.",
		}
	}
	return snapshot, nil
}
