package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// maxSnapshotBody bounds what is read of a call that brings a snapshot: every snapshot that is written fits into it.
const maxSnapshotBody = 16 << 20

func showSnapshot(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	query, err := readQuery(c.Request())
	if err != nil {
		return err
	}
	options, err := readSnapshotOptions(query)
	if err != nil {
		return err
	}
	snapshot, err := p.world.Snapshot(c.Request().Context(), box, options)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	c.Response().Header().Set("Content-Disposition", `attachment; filename="`+box.ID+`.snapshot.json"`)
	return c.JSON(http.StatusOK, snapshot)
}

func readSnapshotOptions(query url.Values) (o world.SnapshotOptions, err error) {
	for name, values := range query {
		if len(values) > 1 {
			return o, filterTwice(name)
		}
		set, err := strconv.ParseBool(values[0])
		if err != nil || values[0] != strconv.FormatBool(set) {
			return o, problem(http.StatusBadRequest, fmt.Sprintf("%s must be true or false, got %q", name, values[0]))
		}
		switch name {
		case "secrets":
			o.Secrets = set
		case "journal":
			o.Journal = set
		default:
			return o, unknownFilter(name, "secrets", "journal")
		}
	}
	return o, nil
}

// load makes the sandbox of a snapshot, which stands alone in the body: all that a sandbox is made from is in it.
func (p *plane) load(ctx context.Context, text document, snapshot world.Snapshot) (*sandbox.Sandbox, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, text.unreadable(err)
	}
	for name := range members {
		if !strings.EqualFold(name, "snapshot") {
			return nil, &sandbox.InvalidError{Field: name, Reason: "cannot stand beside a snapshot, which has everything"}
		}
	}
	box, err := p.world.LoadSnapshot(ctx, snapshot)
	if invalid, ok := errors.AsType[*sandbox.InvalidError](err); ok {
		return nil, &sandbox.InvalidError{Field: snapshotField(invalid.Field), Reason: invalid.Reason}
	}
	return box, err
}

// snapshotField is where a field stands in the body; those of a definition are named without it.
func snapshotField(field string) string {
	first, _, _ := strings.Cut(strings.ReplaceAll(field, "[", "."), ".")
	if slices.Contains([]string{"format", "definition", "life", "values", "tokens", "journal"}, first) {
		return "snapshot." + field
	}
	return "snapshot.definition." + field
}
