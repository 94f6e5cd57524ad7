package ccmessaging

import (
	"context"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// createClickToCall lets a user call the contact center from a web page. No call takes place; the counterpart can say
// something to it in the chat that is open beside it, or not be there.
func createClickToCall(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	c, header, findings, err := enter(ctx, turn, call, "", "")
	if err != nil {
		return wire.Result{}, err
	}
	plans, isRefused := plansFor(turn, c.clientToken, sandbox.ChatCall, "")
	if isRefused {
		fault := api.Refuse("resultCode."+failed, "fixtures.chat",
			"The fixtures refuse "+sandbox.ChatCall+" on the channel "+c.ChannelID+".")
		fault.Message = "No agents available currently"
		return wire.Result{}, fault
	}
	if len(plans) > 0 {
		err := inChat(ctx, turn, c.clientToken, func(of *chat) { of.planAll(plans, turn.Now) })
		if err != nil {
			return wire.Result{}, fmt.Errorf("tell the counterpart: %w", err)
		}
	}
	return wire.Result{Header: header, Findings: findings, Body: wire.Object{
		{Name: "resultCode", Value: succeeded},
		{Name: "resultDesc", Value: nil},
	}}, nil
}
