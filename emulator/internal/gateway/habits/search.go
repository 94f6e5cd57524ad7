// Package habits finds out in which known ways a client signs wrongly. A gateway describes how a client signs, lists
// the ways in which clients differ from that, and is told those that lead to the signature that came: advice is given
// only when it was computed to be true.
package habits

// MaxWork bounds what gateways spend on explaining one signature, in bytes that are joined and hashed: some
// milliseconds for an ordinary request, a fraction of a second for the longest.
const MaxWork = 16 << 20

// Habit is a known way in which clients sign otherwise than they should; W describes a way to sign.
type Habit[W any] struct {
	// Kind groups habits of which a client has one at most.
	Kind string
	// Says is the sentence that tells people of the habit.
	Says string
	// Change makes a way to sign into one with the habit.
	Change func(*W)
	// Alone keeps the habit from being tried together with others.
	Alone bool
}

// Search looks for the fewest habits that explain a signature.
type Search[W any] struct {
	// Right is how a client should sign.
	Right W
	// Habits are tried in this order, first each alone and then in pairs.
	Habits []Habit[W]
	// Signs tells whether a client that signs in this way comes to the signature that was sent, what else is to be said
	// about that signature, and how many bytes were worked on to find out.
	Signs func(*W) (says []string, ok bool, work int)
	// Work is how many bytes may be worked on before the search gives up, MaxWork as a rule.
	Work int
}

// Found is the result of a search.
type Found[W any] struct {
	// Explained tells whether the signature could be explained: a client that signs in this Way has come to it.
	Explained bool
	Way       W
	// Says are the sentences that tell people of the habits; none where the signature is right.
	Says []string
	// Cut tells that the search gave up before it had tried everything.
	Cut bool
}

// Run searches. No superfluous habit is ever named: what fewer habits explain is found before.
func (s *Search[W]) Run() Found[W] {
	if found := s.try(); found.Explained || found.Cut {
		return found
	}
	for i := range s.Habits {
		if found := s.try(&s.Habits[i]); found.Explained || found.Cut {
			return found
		}
	}
	return s.pairs()
}

// pairs tries every two habits that a client can have together.
func (s *Search[W]) pairs() Found[W] {
	for i := range s.Habits {
		second := &s.Habits[i]
		for j := range s.Habits[:i] {
			first := &s.Habits[j]
			if first.Alone || second.Alone || first.Kind == second.Kind {
				continue
			}
			if found := s.try(first, second); found.Explained || found.Cut {
				return found
			}
		}
	}
	return Found[W]{}
}

// try signs as a client with those habits.
func (s *Search[W]) try(habits ...*Habit[W]) Found[W] {
	if s.Work <= 0 {
		return Found[W]{Cut: true}
	}
	way := s.Right
	var says []string
	for _, h := range habits {
		h.Change(&way)
		says = append(says, h.Says)
	}
	further, ok, work := s.Signs(&way)
	s.Work -= work
	if !ok {
		return Found[W]{}
	}
	return Found[W]{Explained: true, Way: way, Says: append(says, further...)}
}
