package emulator_test

import (
	"log/slog"

	"github.com/tokenstage/tokenstage/emulator/journal"
)

var discard = slog.New(slog.DiscardHandler)

// journalFilter selects everything.
var journalFilter = journal.Filter{Limit: journal.MaxLimit}
