package world

import (
	"errors"
	"net/http"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// ErrNoClient says that no MQTT client of an id is connected to a sandbox.
var ErrNoClient = errors.New("no such client is connected")

// statuses are the HTTP statuses of the errors that the methods of World can return.
var statuses = []struct {
	err    error
	status int
}{
	{sandbox.ErrUnknown, http.StatusNotFound},
	{sandbox.ErrGone, http.StatusNotFound},
	{token.ErrUnknown, http.StatusNotFound},
	{journal.ErrUnknown, http.StatusNotFound},
	{ErrNoClient, http.StatusNotFound},
	{play.ErrUnknown, http.StatusNotFound},
	{play.ErrNotPlaying, http.StatusNotFound},
	{play.ErrFull, http.StatusConflict},
	{sandbox.ErrExists, http.StatusConflict},
	{sandbox.ErrCredential, http.StatusConflict},
	{sandbox.ErrKept, http.StatusConflict},
	{sandbox.ErrTooMany, http.StatusTooManyRequests},
	{ErrWatched, http.StatusTooManyRequests},
	{store.ErrFull, http.StatusInsufficientStorage},
	{store.ErrDown, http.StatusServiceUnavailable},
}

// StatusOf returns the HTTP status for an error of a World. It is 500 for errors that no caller caused; their text must
// not be shown to callers either.
func StatusOf(err error) int {
	if _, ok := errors.AsType[*sandbox.InvalidError](err); ok {
		return http.StatusUnprocessableEntity
	}
	if _, ok := errors.AsType[scenario.Problems](err); ok {
		return http.StatusUnprocessableEntity
	}
	if _, ok := errors.AsType[*sandbox.ExportError](err); ok {
		return http.StatusConflict
	}
	if _, ok := errors.AsType[*UnknownNameError](err); ok {
		return http.StatusBadRequest
	}
	if _, ok := errors.AsType[*token.TransitionError](err); ok {
		return http.StatusConflict
	}
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			return s.status
		}
	}
	return http.StatusInternalServerError
}
