package top

import (
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Outcome is the sub_code of an error, or its code where it has none. The status is the same for errors and successes.
func (Profile) Outcome(reply *wire.Reply) string {
	root, members := gateway.ReadMembers(reply.Body)
	if inner, ok := members[errorRoot].(map[string]any); ok {
		root, members = errorRoot, inner
	}
	if root != errorRoot {
		return ""
	}
	return gateway.CodeIn(members, "sub_code", "code")
}
