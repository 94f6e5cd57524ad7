package fabric

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Outcome is the status of an error, or the resultCode of a failure that comes with HTTP 200.
func (Profile) Outcome(reply *wire.Reply) string {
	if reply.Status != http.StatusOK {
		return strconv.Itoa(reply.Status)
	}
	_, members := gateway.ReadMembers(reply.Body)
	code := gateway.CodeIn(members, "resultCode")
	if strings.Trim(code, "0") == "" {
		return ""
	}
	return businessFailure + code
}
