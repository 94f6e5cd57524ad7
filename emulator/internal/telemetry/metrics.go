package telemetry

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
)

// metrics count the calls. Every series stands ready from the start, so that a call costs atomic additions alone, and
// that Prometheus sees the first error of a kind as an increase.
type metrics struct {
	classes    []*class
	calls      []calls // by number of the class
	panics     atomic.Uint64
	violations atomic.Uint64
	started    time.Time
}

// calls are the counters of a class.
type calls struct {
	labels        string
	outcomes      []atomic.Uint64 // by place of the code
	duration      histogram
	requestBytes  atomic.Uint64
	responseBytes atomic.Uint64
	decisions     atomic.Uint64
}

func newMetrics(all *classes, started time.Time) *metrics {
	m := &metrics{classes: all.all, calls: make([]calls, len(all.all)), started: started}
	for i, c := range all.all {
		m.calls[i].labels = fmt.Sprintf("gateway=%s,api=%s,operation=%s", quote(c.gateway), quote(c.api), quote(c.operation))
		m.calls[i].outcomes = make([]atomic.Uint64, len(c.codes))
	}
	return m
}

func (m *metrics) observe(c *class, code int, o *dataplane.Observation) {
	one := &m.calls[c.number]
	one.outcomes[code].Add(1)
	one.duration.observe(o.Done.Sub(o.Arrived))
	one.requestBytes.Add(uint64(len(o.Request.Body)))
	one.responseBytes.Add(uint64(o.ResponseBytes))
	if o.Scenario != "" {
		one.decisions.Add(1)
	}
	if o.Panicked {
		m.panics.Add(1)
	}
	if o.BrokeSpec {
		m.violations.Add(1)
	}
}

// write writes all metrics. Names and units follow Prometheus, Metric and label naming.
func (m *metrics) write(to io.Writer, g Gauges) error {
	w := newExposition(to)
	m.writeCalls(w)
	w.family("tokenstage_requests_in_flight", gauge, "Requests of the data plane that are being answered.")
	w.sample("", float64(g.InFlight))
	w.family("tokenstage_sandboxes", gauge, "Sandboxes that exist.")
	w.sample("", float64(g.Sandboxes))
	w.family("tokenstage_panics_total", counter, "Calls that ended in a panic: bugs of the emulator.")
	w.sample("", float64(m.panics.Load()))
	w.family("tokenstage_reply_violations_total", counter, "Replies that broke their spec: bugs of the emulator.")
	w.sample("", float64(m.violations.Load()))
	w.family("tokenstage_build_info", gauge, "What was built; the value is always 1.")
	w.sample(buildLabels(), 1)
	writeRuntime(w)
	writeProcess(w, m.started)
	return w.flush()
}

func (m *metrics) writeCalls(w *exposition) {
	w.family("tokenstage_requests_total", counter, "Calls, by how they ended.")
	for i, c := range m.classes {
		for code, name := range c.codes {
			w.sample(m.calls[i].labels+",outcome="+quote(name), float64(m.calls[i].outcomes[code].Load()))
		}
	}
	w.family("tokenstage_request_duration_seconds", "histogram",
		"From the request being read to its reply being delivered, scripted delays included.")
	for i := range m.calls {
		m.calls[i].duration.write(w, m.calls[i].labels)
	}
	for _, f := range []struct {
		name, help string
		value      func(*calls) *atomic.Uint64
	}{
		{
			"tokenstage_request_body_bytes_total", "Bytes of the bodies that came in.",
			func(c *calls) *atomic.Uint64 { return &c.requestBytes },
		},
		{
			"tokenstage_response_body_bytes_total", "Bytes of the bodies of replies.",
			func(c *calls) *atomic.Uint64 { return &c.responseBytes },
		},
		{
			"tokenstage_scenario_decisions_total", "Calls that a scenario decided.",
			func(c *calls) *atomic.Uint64 { return &c.decisions },
		},
	} {
		w.family(f.name, counter, f.help)
		for i := range m.calls {
			w.sample(m.calls[i].labels, float64(f.value(&m.calls[i]).Load()))
		}
	}
}

// buildLabels name what the go command wrote into the binary. The names are those of prometheus/common/version.
func buildLabels() string {
	version, revision := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	return fmt.Sprintf("version=%s,revision=%s,goversion=%s", quote(version), quote(revision), quote(runtime.Version()))
}
