package emulator

import (
	"context"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
)

// NewWithAPI is New with the code of a further API, whose spec is among the options.
func NewWithAPI(ctx context.Context, o Options, further api.API) (*Emulator, error) {
	return newWith(ctx, o, further)
}
