package cli

import (
	"context"
	"errors"
	"log/slog"
	"net"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// fromServerOrShipped asks the emulator that runs. Where none runs at the default address it asks one of this process,
// which knows what ships: nobody needs a server to read what there is.
func fromServerOrShipped[T any](
	ctx context.Context, env Env, f controlFlags, ask func(*client.Client) (T, error),
) (T, error) {
	got, err := ask(f.client())
	if f.Control != defaultControl || !isUnreached(err) {
		return got, err
	}
	em, failed := emulator.New(ctx, emulator.Options{Log: slog.New(slog.DiscardHandler)})
	if failed != nil {
		return got, failed
	}
	if failed := em.Start(ctx); failed != nil {
		return got, errors.Join(err, failed)
	}
	defer func() { _ = stop(ctx, em) }()
	printf(env.Stderr, "no emulator runs at %s: this is what ships\n", f.Control)
	return ask(client.New("http://" + em.ControlAddr()))
}

// isUnreached reports whether nobody answered at the address of the control plane.
func isUnreached(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}
