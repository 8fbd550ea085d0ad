package document

import "sync"

// keptPages bounds how many acts' pages wait in memory.
const keptPages = 64

// pageCache keeps the pages of acts that were just issued until they are
// prepared. It is a cache and nothing more: without it the same act is typeset
// again, to the same bytes.
type pageCache struct {
	mu    sync.Mutex
	pages map[string][]byte // by act id
}

// keep remembers the pages of an act, at the cost of another's if there are
// too many.
func (c *pageCache) keep(actID string, pages []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pages == nil {
		c.pages = make(map[string][]byte, keptPages)
	}
	for id := range c.pages {
		if len(c.pages) < keptPages {
			break
		}
		delete(c.pages, id)
	}
	c.pages[actID] = pages
}

// take returns the pages of an act, once, or nil.
func (c *pageCache) take(actID string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	pages := c.pages[actID]
	delete(c.pages, actID)
	return pages
}
