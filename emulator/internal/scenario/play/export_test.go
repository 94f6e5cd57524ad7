package play

// CacheSize and CacheWeight are the bounds of each cache of an Engine: its number of values and their bytes of text.
const (
	CacheSize   = cacheSize
	CacheWeight = cacheWeight
)

// CacheWeights returns how many bytes of text each cache of an Engine holds.
func (e *Engine) CacheWeights() (scenarios, programs int) {
	return e.scenarios.totalSize, e.programs.totalSize
}

// Cached returns how many values each cache of an Engine holds.
func (e *Engine) Cached() (scenarios, programs int) {
	return len(e.scenarios.values), len(e.programs.values)
}

// MaxValues is how many values of fields a scenario keeps records for.
const MaxValues = maxValues
