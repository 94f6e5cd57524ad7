package dataplane

import (
	"net/http"
	"sync/atomic"
	"time"
)

// dates give replies the time of the sandbox's clock: clients that correct their own clock by it stay right. Most calls
// fall into the same second as the one before, so that of the last one is kept.
type dates struct{ last atomic.Pointer[date] }

type date struct {
	second int64
	header []string
}

// at is the value of the Date header at now. It must not be changed.
func (d *dates) at(now time.Time) []string {
	second := now.Unix()
	if last := d.last.Load(); last != nil && last.second == second {
		return last.header
	}
	made := &date{second, []string{now.UTC().Format(http.TimeFormat)}}
	d.last.Store(made)
	return made.header
}
