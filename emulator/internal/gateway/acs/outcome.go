package acs

import (
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Outcome is the member Code of an error, or errCode of a failure that comes with HTTP 200.
func (Profile) Outcome(reply *wire.Reply) string {
	_, members := gateway.ReadMembers(reply.Body)
	return gateway.CodeIn(members, "Code", "errCode")
}
