package emulator_test

import (
	"log/slog"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

var discard = slog.New(slog.DiscardHandler)

// journalFilter selects everything.
var journalFilter = journal.Filter{Limit: journal.MaxLimit}
