package console

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// survey is one look at the journals of a list.
type survey struct {
	// calls are those that the list shows; more says that there are others behind them.
	calls []listedCall
	more  bool
	// marks are how far each journal was read.
	marks map[string]string

	// All is how many calls the filter selects whatever their kind, Selected how many in all. Kept is how many calls the
	// journals have, Dropped how many gave way to them.
	All, Selected, Kept int
	Dropped             uint64
	of                  map[journal.Kind]int

	// moments are when the selected calls arrived and how they ended, for the histogram.
	moments []arrivedCall
	filter  callFilter
}

// arrivedCall is a call in the histogram.
type arrivedCall struct {
	nanos int64
	class int8
}

// surveyOf reads the journals of a list once: the newest calls for its rows, and all for its counts.
func (c *console) surveyOf(ctx context.Context, f callFilter, one *sandbox.Sandbox) (survey, error) {
	s := survey{marks: map[string]string{}, of: map[journal.Kind]int{}, filter: f}
	boxes, err := c.scope(ctx, f.Scope, one)
	if err != nil {
		return s, err
	}
	for _, box := range boxes {
		look, err := c.World.Journal(box).Look(ctx)
		if errors.Is(err, sandbox.ErrGone) && f.Scope == every {
			continue // removed meanwhile
		}
		if err != nil {
			return s, err
		}
		s.marks[box.ID] = look.Mark
		s.Kept, s.Dropped = s.Kept+len(look.Records), s.Dropped+look.Dropped
		if err := s.take(ctx, look.Records); err != nil {
			return s, err
		}
	}
	s.cut(f.most())
	return s, nil
}

// Count is how many of the calls are of a kind.
func (s survey) Count(kind journal.Kind) int { return s.of[kind] }

// most is how many calls the list holds in memory while it is made.
func (f callFilter) most() int {
	if f.Reach == (place{}) {
		return listed
	}
	return mostListed
}

// take counts the calls of a journal and keeps those that the list may show.
func (s *survey) take(ctx context.Context, records []journal.Record) error {
	whatever := s.filter
	whatever.Kind = ""
	filter, most := whatever.journal(), s.filter.most()
	for i, record := range slices.Backward(records) {
		if i%100 == 0 && ctx.Err() != nil {
			return ctx.Err() // nobody waits for the page any more
		}
		call := record.Summary()
		if !filter.SelectsCall(record, &call) {
			continue
		}
		s.All++
		for _, kind := range journal.Kinds() {
			if call.Is(kind) {
				s.of[kind]++
			}
		}
		if s.filter.Kind != "" && !call.Is(s.filter.Kind) {
			continue
		}
		s.Selected++
		s.moments = append(s.moments, arrivedCall{call.Arrived.UnixNano(), int8(classOf(&call))})
		if !s.filter.shows(placeOf(call)) {
			continue
		}
		if s.calls = append(s.calls, listedCall{call, record}); len(s.calls) > 2*most {
			s.cut(most)
		}
	}
	return nil
}

// cut leaves the newest calls, down to where the list reaches.
func (s *survey) cut(most int) {
	had := len(s.calls)
	s.calls = newest(s.calls, most)
	if reach := s.filter.Reach; reach != (place{}) {
		behind := slices.IndexFunc(s.calls, func(call listedCall) bool { return placeOf(call.Summary).compare(reach) > 0 })
		if behind >= 0 {
			s.calls = s.calls[:min(len(s.calls), max(behind, listed))]
		}
	}
	s.more = s.more || len(s.calls) < had
}

// Classes of calls in the histogram, from below.
const (
	classOK = iota
	classScripted
	classFailed
	classes
)

// classOf is how the histogram shows a call.
func classOf(call *journal.Summary) int {
	switch {
	case call.Is(journal.Failed) && call.Is(journal.Scripted):
		return classScripted
	case call.Is(journal.Failed):
		return classFailed
	}
	return classOK
}

// bar is a part of the histogram: the calls of a while.
type bar struct {
	From, Until time.Time
	// Address is that of the list of these calls alone.
	Address string
	Counts  [classes]int
	// X is where the bar stands; Tops and Heights are those of its classes, in the units of the picture.
	X             int
	Tops, Heights [classes]int
}

// Total is how many calls the bar stands for.
func (b bar) Total() int { return b.Counts[classOK] + b.Counts[classScripted] + b.Counts[classFailed] }

const (
	// bars is how many parts the histogram has at most, barWidth how wide each is in the picture, barHeight how high.
	bars      = 60
	barWidth  = 10
	barHeight = 40
	// shortest is the least time of a bar.
	shortest = time.Millisecond
)

// histogram is how the selected calls ended over the time in which they arrived.
type histogram struct {
	Bars        []bar
	From, Until time.Time
	// Each is how long a bar lasts.
	Each time.Duration
}

// Histogram counts the selected calls; it has no bars where there is nothing to compare.
func (s survey) Histogram() histogram {
	var h histogram
	if len(s.moments) < 2 {
		return h
	}
	first, last := s.moments[0].nanos, s.moments[0].nanos
	for _, m := range s.moments {
		first, last = min(first, m.nanos), max(last, m.nanos)
	}
	h.Each = max((time.Duration(last-first)+bars)/bars, shortest)
	h.From = time.Unix(0, first).UTC()
	h.Until = time.Unix(0, last+1).UTC()
	all := make([]bar, bars)
	for _, m := range s.moments {
		all[(m.nanos-first)/int64(h.Each)].Counts[m.class]++
	}
	highest := 0
	for i := range all {
		highest = max(highest, all[i].Total())
	}
	for i := range all {
		if b := &all[i]; b.Total() > 0 {
			b.From, b.X = h.From.Add(time.Duration(i)*h.Each), i*barWidth
			b.Until = b.From.Add(h.Each)
			b.Address = s.filter.Within(b.From, b.Until)
			b.draw(highest)
			h.Bars = append(h.Bars, *b)
		}
	}
	return h
}

// draw stacks the classes. What there is can be seen, however little it is beside the rest.
func (b *bar) draw(highest int) {
	top := barHeight
	for class, n := range b.Counts {
		if n == 0 {
			continue
		}
		b.Heights[class] = max(n*barHeight/highest, 2)
		top -= b.Heights[class]
		b.Tops[class] = top
	}
}
