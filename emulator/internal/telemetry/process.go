package telemetry

import (
	"bytes"
	"os"
	"runtime"
	runtimemetrics "runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// runtimeMetric is one of the Go runtime's, under the name that client_golang gives it: dashboards know those.
type runtimeMetric struct{ name, kind, help, source string }

func runtimeMetrics() []runtimeMetric {
	return []runtimeMetric{
		{"go_goroutines", gauge, "Goroutines that exist.", "/sched/goroutines:goroutines"},
		{"go_sched_gomaxprocs_threads", gauge, "Threads that run Go code at once.", "/sched/gomaxprocs:threads"},
		{"go_memstats_heap_alloc_bytes", gauge, "Bytes of objects on the heap.", "/memory/classes/heap/objects:bytes"},
		{"go_memstats_sys_bytes", gauge, "Bytes that the runtime got from the system.", "/memory/classes/total:bytes"},
		{"go_memstats_next_gc_bytes", gauge, "Size of the heap that the next collection aims at.", "/gc/heap/goal:bytes"},
		{"go_memstats_alloc_bytes_total", counter, "Bytes allocated, freed ones included.", "/gc/heap/allocs:bytes"},
		{"go_memstats_mallocs_total", counter, "Objects allocated.", "/gc/heap/allocs:objects"},
		{"go_memstats_frees_total", counter, "Objects freed.", "/gc/heap/frees:objects"},
		{"go_gc_cycles_total_gc_cycles_total", counter, "Collections that were completed.", "/gc/cycles/total:gc-cycles"},
		{
			"go_cpu_classes_gc_total_cpu_seconds_total", counter, "Estimate of the time spent on collections.",
			"/cpu/classes/gc/total:cpu-seconds",
		},
	}
}

func writeRuntime(w *exposition) {
	all := runtimeMetrics()
	samples := make([]runtimemetrics.Sample, len(all))
	for i := range all {
		samples[i].Name = all[i].source
	}
	runtimemetrics.Read(samples)
	for i, m := range all {
		value := samples[i].Value
		switch value.Kind() {
		case runtimemetrics.KindUint64:
			w.family(m.name, m.kind, m.help)
			w.sample("", float64(value.Uint64()))
		case runtimemetrics.KindFloat64:
			w.family(m.name, m.kind, m.help)
			w.sample("", value.Float64())
		default: // another version of Go may not have it
		}
	}
	w.family("go_info", gauge, "The version of Go; the value is always 1.")
	w.sample("version="+quote(runtime.Version()), 1)
}

// process is what Linux says of this process: proc(5), /proc/pid/stat.
type process struct {
	cpuSeconds       float64
	virtual, resided float64 // bytes
}

// Places of the fields of /proc/pid/stat after the command, which ends the only one that can hold spaces.
const (
	statUserTime   = 11
	statSystemTime = 12
	statVirtual    = 20
	statResident   = 21
	// ticksPerSecond is the unit of times there: USER_HZ, which is 100 on every architecture that Go runs on.
	ticksPerSecond = 100
)

// parseStat reads the text of /proc/pid/stat.
func parseStat(stat []byte) (process, bool) {
	end := bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[end+1:]))
	if end < 0 || len(fields) <= statResident {
		return process{}, false
	}
	number := func(at int) float64 {
		n, err := strconv.ParseUint(fields[at], 10, 64)
		if err != nil {
			return 0
		}
		return float64(n)
	}
	return process{
		cpuSeconds: (number(statUserTime) + number(statSystemTime)) / ticksPerSecond,
		virtual:    number(statVirtual), resided: number(statResident) * float64(os.Getpagesize()),
	}, true
}

// writeProcess writes what the system tells. Only Linux has these files; elsewhere the start time is all.
func writeProcess(w *exposition, started time.Time) {
	w.family("process_start_time_seconds", gauge, "When the process started, in seconds of the Unix epoch.")
	w.sample("", float64(started.UnixMilli())/1000)
	if stat, err := os.ReadFile("/proc/self/stat"); err == nil {
		if p, ok := parseStat(stat); ok {
			w.family("process_cpu_seconds_total", counter, "CPU time spent, of user and system.")
			w.sample("", p.cpuSeconds)
			w.family("process_virtual_memory_bytes", gauge, "Size of the virtual memory.")
			w.sample("", p.virtual)
			w.family("process_resident_memory_bytes", gauge, "Size of the memory in use.")
			w.sample("", p.resided)
		}
	}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		w.family("process_open_fds", gauge, "File descriptors that are open.")
		w.sample("", float64(len(open)))
	}
}
