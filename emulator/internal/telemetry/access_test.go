package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/telemetry"
)

func TestAccessLog(t *testing.T) {
	t.Parallel()
	const head = "time=2026-03-01T08:00:00.001Z level=INFO msg=call sandbox=default "
	for name, c := range map[string]struct {
		change func(*dataplane.Observation)
		want   string
	}{
		"a good call": {
			func(*dataplane.Observation) {},
			head + "gateway=acs api=onsmqtt operation=ApplyToken outcome=ok status=200 duration_ms=1.5 " +
				"bytes_in=4 bytes_out=70 request_id=ID-1\n",
		},
		"a documented error": {
			func(o *dataplane.Observation) { o.Outcome, o.Status = "ApplyTokenOverFlow", 400 },
			head + "gateway=acs api=onsmqtt operation=ApplyToken outcome=ApplyTokenOverFlow status=400 duration_ms=1.5 " +
				"bytes_in=4 bytes_out=70 request_id=ID-1\n",
		},
		"an error with a placeholder": {
			func(o *dataplane.Observation) { o.Outcome, o.Status = "InvalidParameter.Secret", 400 },
			head + "gateway=acs api=onsmqtt operation=ApplyToken outcome=InvalidParameter.%s status=400 duration_ms=1.5 " +
				"bytes_in=4 bytes_out=70 request_id=ID-1\n",
		},
		"an outcome that a script made up": {
			func(o *dataplane.Observation) { o.Outcome = "x\nlevel=ERROR msg=\"forged\"" },
			head + "gateway=acs api=onsmqtt operation=ApplyToken outcome=other status=200 duration_ms=1.5 " +
				"bytes_in=4 bytes_out=70 request_id=ID-1\n",
		},
		"a scenario": {
			func(o *dataplane.Observation) {
				o.Scenario = "slow\nmsg=\"forged\""
				deliver(journal.Reset, "reset", 0)(o)
			},
			head + "gateway=acs api=onsmqtt operation=ApplyToken outcome=ok status=200 duration_ms=1.5 " +
				`bytes_in=4 bytes_out=0 request_id=ID-1 scenario="slow\nmsg=\"forged\"" delivery=reset network=reset` + "\n",
		},
		"a client that left": {
			deliver(journal.Abandoned, "", 0),
			head + "gateway=acs api=onsmqtt operation=ApplyToken outcome=ok status=200 duration_ms=1.5 " +
				"bytes_in=4 bytes_out=0 request_id=ID-1 delivery=abandoned\n",
		},
		"a gateway without an operation": {
			func(o *dataplane.Observation) { o.Operation, o.Outcome, o.Status = nil, "InvalidAction.NotFound", 404 },
			head + "gateway=acs outcome=InvalidAction.NotFound status=404 duration_ms=1.5 " +
				"bytes_in=4 bytes_out=70 request_id=ID-1\n",
		},
		"what no gateway claims": {
			func(o *dataplane.Observation) { o.Operation, o.Gateway, o.Outcome, o.Status = nil, "", "http.404", 404 },
			head + "outcome=http.404 status=404 duration_ms=1.5 bytes_in=4 bytes_out=70 request_id=ID-1\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			seen := newTelemetry(t, telemetry.Options{AccessLog: slog.NewTextHandler(&out, nil)})
			seen.Observe(t.Context(), call(t, c.change))
			if got := out.String(); got != c.want {
				t.Errorf("got  %swant %s", got, c.want)
			}
		})
	}
}

func TestAccessLogAsJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	seen := newTelemetry(t, telemetry.Options{AccessLog: slog.NewJSONHandler(&out, nil)})
	seen.Observe(t.Context(), call(t, func(o *dataplane.Observation) { o.Scenario = strings.Repeat("é", 1000) }))
	var got struct {
		Time       time.Time
		Msg        string
		Operation  string
		Status     int
		DurationMS float64 `json:"duration_ms"`
		Scenario   string
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	if got.Msg != "call" || got.Operation != "ApplyToken" || got.Status != 200 || got.DurationMS != 1.5 ||
		!got.Time.Equal(start.Add(1500*time.Microsecond)) {
		t.Errorf("%+v", got)
	}
	if want := strings.Repeat("é", 64) + "…"; got.Scenario != want {
		t.Errorf("scenario %q", got.Scenario)
	}
}

// TestAccessLogBelowTheLevelOfItsHandler logs nothing when the handler takes only errors.
func TestAccessLogBelowTheLevelOfItsHandler(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	handler := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelError})
	newTelemetry(t, telemetry.Options{AccessLog: handler}).Observe(context.Background(), call(t))
	if out.Len() > 0 {
		t.Errorf("%s", out.String())
	}
}
