package s3

import (
	"maps"
	"sync"
	"time"
)

// measure counts the requests of a store.
type measure struct {
	mu    sync.Mutex
	count map[string]int
	took  map[string]time.Duration
}

func newMeasure() *measure {
	m := &measure{}
	m.reset()
	return m
}

func (m *measure) into(c Config) Config {
	c.Observe = m.observe
	return c
}

func (m *measure) observe(op string, took time.Duration, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count[op]++
	m.took[op] += took
}

func (m *measure) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count, m.took = map[string]int{}, map[string]time.Duration{}
}

// requests returns how many requests there were since the last reset.
func (m *measure) requests() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.count)
}

func (m *measure) times() map[string]time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.took)
}

func (m *measure) total() int {
	n := 0
	for _, c := range m.requests() {
		n += c
	}
	return n
}
