package play

import "sync"

// Bounds of a cache. When they are reached, a new value replaces arbitrary other ones.
const (
	cacheSize   = 1024
	cacheWeight = 16 << 20 // bytes of texts and expressions
)

// cache keeps values that are expensive to compute and can be computed again.
type cache[V interface{ size() int }] struct {
	mu        sync.RWMutex
	values    map[string]V
	totalSize int // of all values
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
		if len(c.values) < cacheSize && c.totalSize+value.size() <= cacheWeight {
			break
		}
		c.drop(other)
	}
	c.values[key], c.totalSize = value, c.totalSize+value.size()
}

// drop must be called with the lock held.
func (c *cache[V]) drop(key string) {
	if value, ok := c.values[key]; ok {
		delete(c.values, key)
		c.totalSize -= value.size()
	}
}
