package s3

import "sync"

// known remembers which version of a key is the oldest, of keys that had no
// other when they were listed. That cannot become wrong while the version
// exists: a newer one does not make it less old. So the answer to a plain
// request that carries this version is the object, and is not shadowed.
type known struct {
	mu            sync.Mutex
	recent, older map[string]string // key → version; older is dropped when recent is full
}

// knownHalf bounds each half: more than a page of a list, and a few megabytes.
const knownHalf = 8192

func (k *known) add(key, version string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.recent == nil || len(k.recent) >= knownHalf {
		k.older, k.recent = k.recent, make(map[string]string)
	}
	k.recent[key] = version
}

func (k *known) get(key string) (string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if version, ok := k.recent[key]; ok {
		return version, true
	}
	version, ok := k.older[key]
	return version, ok
}

func (k *known) forget(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.recent, key)
	delete(k.older, key)
}
