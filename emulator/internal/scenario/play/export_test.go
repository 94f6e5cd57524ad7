package play

// CacheSize and CacheWeight bound each cache of an Engine.
const (
	CacheSize   = cacheSize
	CacheWeight = cacheWeight
)

// CacheWeights are the sizes of the texts that the caches of an Engine hold.
func (e *Engine) CacheWeights() (scenarios, programs int) { return e.scenarios.sizes, e.programs.sizes }

// Cached counts what the caches of an Engine hold.
func (e *Engine) Cached() (scenarios, programs int) {
	return len(e.scenarios.values), len(e.programs.values)
}
