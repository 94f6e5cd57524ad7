package scenario

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// program is a playlist made ready: which rules concern which operation, in the order in which they are asked.
type program struct {
	parts []part
	cues  [2]index // by Phase
}

// part is one scenario of a program.
type part struct {
	*script
	// id tells this playing of the scenario from every other in its sandbox.
	id        string
	byDefault bool
}

// cue is a rule of a part.
type cue struct {
	*rule
	scenario  string
	key       string // of its cursor
	byDefault bool
}

// cursorKey is where the cursor of a rule is kept.
func cursorKey(id string, rule int) string {
	return "scenario/cursor/" + id + "/" + strconv.Itoa(rule)
}

func newProgram(parts []part) *program {
	var cues [2][]*cue
	for _, p := range parts {
		for i := range p.rules {
			r := &p.rules[i]
			phase := AtDecision
			if r.Arrival {
				phase = AtArrival
			}
			cues[phase] = append(cues[phase], &cue{
				rule: r, scenario: p.name, key: cursorKey(p.id, i), byDefault: p.byDefault,
			})
		}
	}
	return &program{parts: parts, cues: [2]index{newIndex(cues[AtArrival]), newIndex(cues[AtDecision])}}
}

// concerning returns the rules of a phase whose "on" matches the call.
func (p *program) concerning(in Input, phase Phase) []*cue {
	api, operation := in.Call.API, ""
	switch {
	case in.Operation != nil:
		api, operation = in.Operation.API.Name, in.Operation.Name
	case in.Call.Operation != "":
		operation = api + "." + in.Call.Operation
	}
	return p.cues[phase].concerning(api, operation)
}

// find returns the part of that name.
func (p *program) find(name string) (part, bool) {
	i := slices.IndexFunc(p.parts, func(x part) bool { return x.name == name })
	if i < 0 {
		return part{}, false
	}
	return p.parts[i], true
}

// index finds the rules that concern an operation without asking all of them.
type index struct {
	byOperation map[string][]*cue // operations that some rule names
	byAPI       map[string][]*cue // APIs that some rule names, for their other operations
	others      []*cue
}

// everyOperation ends the "on" of a rule for a whole API.
const everyOperation = ".*"

func newIndex(cues []*cue) index {
	x := index{byOperation: map[string][]*cue{}, byAPI: map[string][]*cue{}, others: concerned(cues, "")}
	for _, c := range cues {
		if api, ok := strings.CutSuffix(c.On, everyOperation); ok {
			x.byAPI[api] = concerned(cues, api+".")
		} else if c.On != "*" {
			x.byOperation[c.On] = concerned(cues, c.On)
		}
	}
	return x
}

func concerned(cues []*cue, operation string) []*cue {
	var found []*cue
	for _, c := range cues {
		api, whole := strings.CutSuffix(c.On, everyOperation)
		if c.On == "*" || c.On == operation || whole && strings.HasPrefix(operation, api+".") {
			found = append(found, c)
		}
	}
	return found
}

func (x *index) concerning(api, operation string) []*cue {
	if cues, ok := x.byOperation[operation]; ok {
		return cues
	}
	if cues, ok := x.byAPI[api]; ok {
		return cues
	}
	return x.others
}

// cache keeps what is expensive to make and can be made again.
type cache[V interface{ size() int }] struct {
	mu     sync.RWMutex
	values map[string]V
	sizes  int // of all values
}

// Bounds of a cache; beyond them any other value gives way.
const (
	cacheSize   = 1024
	cacheWeight = 4 << 20 // bytes of texts
)

func (s *script) size() int { return s.weight }

func (p *program) size() (sum int) {
	for _, part := range p.parts {
		if !part.byDefault { // those are there anyway
			sum += part.weight
		}
	}
	return sum
}

func (c *cache[V]) find(key []byte) (V, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	value, ok := c.values[string(key)]
	return value, ok
}

func (c *cache[V]) keep(key string, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.values == nil {
		c.values = map[string]V{}
	}
	c.drop(key)
	for other := range c.values {
		if len(c.values) < cacheSize && c.sizes+value.size() <= cacheWeight {
			break
		}
		c.drop(other)
	}
	c.values[key], c.sizes = value, c.sizes+value.size()
}

// drop needs the lock.
func (c *cache[V]) drop(key string) {
	if value, ok := c.values[key]; ok {
		delete(c.values, key)
		c.sizes -= value.size()
	}
}
