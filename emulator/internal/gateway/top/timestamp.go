package top

import (
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// tolerance is how far the timestamp may lie from the gateway's clock, either way; vendor page "public parameters".
const tolerance = 10 * time.Minute

// china is the zone in which the platform reads timestamps, whatever zone the client lives in.
var china = time.FixedZone("GMT+8", chinaOffset)

const chinaOffset = 8 * 60 * 60

func (e *exchange) checkTimestamp(turn *sandbox.Turn) error {
	text := e.params.values["timestamp"]
	if text == "" {
		return gateway.Refuse(wire.MissingTimestamp, "timestamp", "The parameter timestamp is absent.")
	}
	sent, wall, ok := parseTimestamp(text)
	if !ok {
		return gateway.Differ(wire.BadTimestamp, "timestamp", "The timestamp cannot be read.",
			"yyyy-MM-dd HH:mm:ss in GMT+8, or milliseconds since 1970", validUTF8(text))
	}
	stamp := gateway.Stamp{Text: text, At: sent, Window: tolerance, Write: func(at time.Time) string {
		return at.In(china).Format(time.DateTime) + " (GMT+8)"
	}}
	if wall {
		stamp.Zone = zoneAdvice
	}
	return gateway.CheckTime(turn, stamp)
}

// zoneAdvice blames a client that writes its local time.
func zoneAdvice(ahead time.Duration) []wire.Finding {
	zone := clientZone(-ahead)
	if zone == "" {
		return nil
	}
	return []wire.Finding{{
		Check: "time zone", Level: wire.LevelAdvice,
		Message: "Read as " + zone + " the timestamp would be right: the client formats its local time instead of " +
			"GMT+8, as most SDKs for Node and Go do. Run it with TZ=Asia/Shanghai.",
	}}
}

// parseTimestamp reads the documented form, a wall clock of GMT+8, or the milliseconds since 1970 that the official
// Python SDK (taobao-sdk-python-20130603) sends.
func parseTimestamp(text string) (sent time.Time, wall, ok bool) {
	// time.Parse takes fractions of a second that the layout does not have; the length does not.
	if len(text) == len(time.DateTime) {
		if sent, err := time.ParseInLocation(time.DateTime, text, china); err == nil {
			return sent, true, true
		}
	}
	if strings.Trim(text, "0123456789") != "" {
		return time.Time{}, false, false
	}
	millis, err := strconv.ParseInt(text, 10, 64)
	return time.UnixMilli(millis), false, err == nil
}

const (
	zoneStep = 30 * time.Minute
	// zoneSlack is how exactly another zone but UTC must fit: a stale timestamp must not look like a zone by chance.
	zoneSlack = time.Minute
)

// clientZone names the zone whose local time the client must have sent, given how far a timestamp read as GMT+8 lies
// behind the clock. It is empty when no zone explains the difference.
func clientZone(difference time.Duration) string {
	if (difference - chinaOffset*time.Second).Abs() <= tolerance {
		return "UTC"
	}
	steps := difference.Round(zoneStep)
	offset := chinaOffset*time.Second - steps
	if (difference-steps).Abs() > zoneSlack || offset < -12*time.Hour || offset > 14*time.Hour {
		return ""
	}
	return "UTC" + time.Unix(0, 0).In(time.FixedZone("", int(offset.Seconds()))).Format("-07:00")
}
