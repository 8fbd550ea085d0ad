package s3

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/testservers"
)

// patience is the timeout of a request in these tests.
const patience = time.Second

// bound is how long a call of so many requests may take: each its timeout and
// the pause that the client makes after a failure.
func bound(requests int) time.Duration {
	return time.Duration(requests) * (patience + 500*time.Millisecond)
}

func xmlError(code string) string { return "<Error><Code>" + code + "</Code></Error>" }

// faults are what can become of a request.
var faults = []struct {
	name  string
	fault testservers.Fault
	says  string
	done  bool // the server has done it
	// settled: the connection ended, so Put looks by itself what became of it
	settled bool
}{
	{"refused", testservers.Fault{Mode: testservers.Refuse}, "", false, false},
	{"blackhole", testservers.Fault{Mode: testservers.Blackhole}, "no answer within", false, false},
	{"too late", testservers.Fault{Mode: testservers.Delay, Wait: 3 * patience}, "no answer within", true, false},
	{"answer lost", testservers.Fault{Mode: testservers.DropAnswer}, "", true, true},
	{"answer cut in the head", testservers.Fault{Mode: testservers.Cut, Bytes: 20}, "", true, true},
	{"answer cut at once", testservers.Fault{Mode: testservers.Cut, Bytes: 0}, "", true, true},
	{"overloaded", testservers.Fault{Mode: testservers.Answer, Status: 503, Body: xmlError("SlowDown")}, "overloaded", false, false},
	{"failed", testservers.Fault{Mode: testservers.Answer, Status: 500, Body: xmlError("InternalError")}, "", false, false},
	{"bad gateway", testservers.Fault{Mode: testservers.Answer, Status: 502, Body: "<html>nginx</html>"}, "", false, false},
	{"full", testservers.Fault{Mode: testservers.Answer, Status: 507, Body: xmlError("XMinioStorageFull")}, "no room", false, false},
	{"over quota", testservers.Fault{Mode: testservers.Answer, Status: 400, Body: xmlError("XMinioAdminBucketQuotaExceeded")}, "no room", false, false},
	{"forbidden", testservers.Fault{Mode: testservers.Answer, Status: 403, Body: xmlError("AccessDenied")}, "policy-service.json", false, false},
	{"no such key", testservers.Fault{Mode: testservers.Answer, Status: 404, Body: xmlError("NoSuchKey")}, "", false, false},
	{"bucket gone", testservers.Fault{Mode: testservers.Answer, Status: 404, Body: xmlError("NoSuchBucket")}, "docsvc init", false, false},
	{"redirected", testservers.Fault{Mode: testservers.Answer, Status: 307, Body: ""}, "", false, false},
	{"nonsense", testservers.Fault{Mode: testservers.Answer, Status: 200, Body: strings.Repeat("nonsense ", 1000)}, "", false, false},
}

// throughProxy opens a new bucket of a server by way of a proxy.
func throughProxy(t *testing.T, server *testservers.S3Server) (*Store, *testservers.FaultProxy, root) {
	t.Helper()
	c := config(t, server)
	p := testservers.HTTPProxy(t, server.Endpoint)
	direct := asRoot(t, c)
	if err := Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return reopen(t, through(c, p.Addr)), p, direct
}

// broken sets a fault, and how long a request is waited for; what it returns
// ends both.
func broken(s *Store, p *testservers.FaultProxy, f testservers.Fault) (mend func()) {
	usual := s.meter.timeout
	s.meter.timeout = patience
	p.Set(f)
	return func() {
		s.meter.timeout = usual
		p.Set(testservers.Fault{})
	}
}

// TestPutThroughFaults breaks the put itself: whatever the server did, a repeated
// put settles it, and there is one version.
func TestPutThroughFaults(t *testing.T) {
	onEach(t, func(t *testing.T, server *testservers.S3Server, _ string) {
		s, p, direct := throughProxy(t, server)
		for i, f := range faults {
			t.Run(f.name, func(t *testing.T) {
				key := fmt.Sprintf("acts/2026/put-%d/0001.pdf", i)
				f.fault.On = "PUT /" + s.bucket + "/" + key
				mend := broken(s, p, f.fault)
				began := time.Now()
				put, err := s.Put(t.Context(), key, benchData(1), benchOptions())
				if took := time.Since(began); took > bound(2) {
					t.Errorf("took %v", took)
				}
				if f.settled {
					if err != nil || !put.Existed || !put.ReadBack {
						t.Errorf("%+v, %v; want what the lost put did", put, err)
					}
				} else if f.name == "nonsense" { // a put without a version, to which nothing was done
					if !errors.Is(err, archive.ErrUnlocked) {
						t.Errorf("%v, want ErrUnlocked", err)
					}
				} else if !errors.Is(err, archive.ErrUnavailable) {
					t.Errorf("%v, want ErrUnavailable", err)
				}
				if !f.settled {
					mustSay(t, err, f.says, key)
				}
				if p.Hits() == 0 || p.Reached("PUT") > 1 {
					t.Errorf("the fault was met %d times, the server got %d puts", p.Hits(), p.Reached("PUT"))
				}
				mend()
				again, err := s.Put(t.Context(), key, benchData(1), benchOptions())
				if err != nil || again.Existed != f.done {
					t.Errorf("put again = %+v, %v; want Existed %v", again, err, f.done)
				}
				settled(t, s, direct, again)
			})
		}
	})
}

// settled wants exactly one version of a key, put, with the bytes of benchData.
func settled(t *testing.T, s *Store, direct root, put archive.Object) {
	t.Helper()
	if n, err := direct.Versions(t.Context(), put.Key); err != nil || n != 1 {
		t.Errorf("%d versions, %v; want one", n, err)
	}
	data, got, err := s.Get(t.Context(), put.Key)
	if err != nil || !bytes.Equal(data, benchData(1)) || got.VersionID != put.VersionID || got.Shadowed {
		t.Errorf("Get = %d bytes, %+v, %v; put was %+v", len(data), got, err, put)
	}
	if _, err := s.Put(t.Context(), put.Key, benchData(2), benchOptions()); !errors.Is(err, archive.ErrConflict) {
		t.Errorf("Put of other bytes: %v, want ErrConflict", err)
	}
}

// TestReadBackThroughFaults breaks what follows the put: the object is there,
// and Put does not say so before it has seen it.
func TestReadBackThroughFaults(t *testing.T) {
	onEach(t, func(t *testing.T, server *testservers.S3Server, _ string) {
		s, p, direct := throughProxy(t, server)
		for i, f := range faults {
			t.Run(f.name, func(t *testing.T) {
				key := fmt.Sprintf("acts/2026/back-%d/0001.pdf", i)
				f.fault.On = "GET /" + s.bucket + "/" + key
				mend := broken(s, p, f.fault)
				began := time.Now()
				_, err := s.Put(t.Context(), key, benchData(1), benchOptions())
				if took := time.Since(began); took > bound(2) {
					t.Errorf("took %v", took)
				}
				want := archive.ErrUnavailable
				if f.name == "no such key" { // of a version that was just put
					want = archive.ErrDamaged
				}
				if !errors.Is(err, want) {
					t.Errorf("%v, want %v", err, want)
				}
				mend()
				again, err := s.Put(t.Context(), key, benchData(1), benchOptions())
				if err != nil || !again.Existed || !again.ReadBack {
					t.Errorf("put again = %+v, %v", again, err)
				}
				settled(t, s, direct, again)
			})
		}
	})
}

// TestDuplicatedPut lets the network do the put twice.
func TestDuplicatedPut(t *testing.T) {
	onEach(t, func(t *testing.T, server *testservers.S3Server, _ string) {
		s, p, direct := throughProxy(t, server)
		const key = "acts/2026/twice/0001.pdf"
		p.Set(testservers.Fault{Mode: testservers.Duplicate, On: "PUT /"})
		put, err := s.Put(t.Context(), key, benchData(1), benchOptions())
		if err != nil || !put.ReadBack || p.Hits() == 0 {
			t.Errorf("Put = %+v, %v; doubled %d times", put, err, p.Hits())
		}
		p.Set(testservers.Fault{})
		settled(t, s, direct, put)
	})
}

// TestReadsThroughFaults: what cannot be known now is never "not there".
func TestReadsThroughFaults(t *testing.T) {
	onEach(t, func(t *testing.T, server *testservers.S3Server, _ string) {
		s, p, _ := throughProxy(t, server)
		const key = "acts/2026/read/0001.pdf"
		if _, err := s.Put(t.Context(), key, benchData(1), benchOptions()); err != nil {
			t.Fatal(err)
		}
		for _, f := range faults {
			for _, c := range []struct {
				on    string
				known bool // a known key asks for no list
			}{{"", false}, {"/?", false}, {"/" + key, true}} {
				t.Run(fmt.Sprintf("%s on %q", f.name, c.on), func(t *testing.T) {
					if _, _, err := s.Get(t.Context(), key); err != nil {
						t.Fatal(err)
					}
					if !c.known {
						s.known.forget(key)
					}
					f.fault.On = c.on
					defer broken(s, p, f.fault)()
					began := time.Now()
					if _, _, err := s.Get(t.Context(), key); !errors.Is(err, archive.ErrUnavailable) || errors.Is(err, archive.ErrNotFound) {
						t.Errorf("Get: %v, want ErrUnavailable", err)
					}
					if _, err := s.Held(t.Context(), key); !errors.Is(err, archive.ErrUnavailable) {
						t.Errorf("Held: %v, want ErrUnavailable", err)
					}
					if took := time.Since(began); took > bound(4) {
						t.Errorf("took %v", took)
					}
				})
			}
		}
	})
}

// TestObjectCut: an object of which only a part comes is not a damaged one.
func TestObjectCut(t *testing.T) {
	onEach(t, func(t *testing.T, server *testservers.S3Server, _ string) {
		s, p, _ := throughProxy(t, server)
		const key = "acts/2026/cut/0001.pdf"
		if _, err := s.Put(t.Context(), key, benchData(1), benchOptions()); err != nil {
			t.Fatal(err)
		}
		for _, f := range []testservers.Fault{
			{Mode: testservers.Cut, Bytes: 30_000, On: "GET /" + s.bucket + "/" + key},
			{Mode: testservers.Slow, Bytes: 10_000, On: "GET /" + s.bucket + "/" + key},
		} {
			mend := broken(s, p, f)
			began := time.Now()
			if _, _, err := s.Get(t.Context(), key); !errors.Is(err, archive.ErrUnavailable) || errors.Is(err, archive.ErrDamaged) {
				t.Errorf("mode %d: %v, want ErrUnavailable", f.Mode, err)
			}
			if took := time.Since(began); took > bound(3) {
				t.Errorf("mode %d: took %v", f.Mode, took)
			}
			mend()
		}
	})
}

// TestListCut: a list that breaks off is not a shorter one.
func TestListCut(t *testing.T) {
	t.Parallel()
	s, p, _ := throughProxy(t, testservers.MinIO(t))
	for i := range 1005 {
		if _, err := s.create(t.Context(), newWrite(pagedKey(i), []byte("x"), benchOptions())); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range faults {
		f.fault.On = "key-marker"
		mend := broken(s, p, f.fault)
		s.meter.timeout = 2 * patience // the first page has a thousand keys
		n := 0
		var last error
		for _, err := range s.List(t.Context(), "d/") {
			if last = err; err == nil {
				n++
			}
		}
		if !errors.Is(last, archive.ErrUnavailable) || n > 1000 || n < 999 {
			t.Errorf("%s on the second page: %d keys, then %v", f.name, n, last)
		}
		mend()
	}
}

func pagedKey(i int) string { return fmt.Sprintf("d/%04d.txt", i) }

// TestNobodyThere: nothing listens, or the name leads nowhere.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	p := testservers.Proxy(t, "127.0.0.1:1") // nobody listens there
	for endpoint, says := range map[string]string{
		p.Addr: "", "127.0.0.1:1": "is the server running", "no-such-host.invalid:9000": "name is not known",
	} {
		c := Config{Endpoint: endpoint, Bucket: "archive", AccessKey: "a", SecretKey: "b", Plain: true, Timeout: patience}
		began := time.Now()
		_, err := Open(t.Context(), c)
		if !errors.Is(err, archive.ErrUnavailable) || errors.Is(err, ErrUnfit) {
			t.Errorf("%s: %v, want ErrUnavailable", endpoint, err)
		}
		mustSay(t, err, says)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: took %v", endpoint, took)
		}
	}
}

// TestLargeAgain: a server that says at once that the key is in use closes the
// connection on a large object, and its answer may be lost.
func TestLargeAgain(t *testing.T) {
	onEach(t, func(t *testing.T, server *testservers.S3Server, _ string) {
		s := open(t, config(t, server))
		data := make([]byte, 5<<20)
		put, err := s.Put(t.Context(), "large.bin", data, benchOptions())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 30 {
			again, err := s.Put(t.Context(), "large.bin", data, benchOptions())
			if err != nil || !again.Existed || again.VersionID != put.VersionID {
				t.Errorf("again %d: %+v, %v", i, again, err)
			}
		}
		data[0] = 1
		if _, err := s.Put(t.Context(), "large.bin", data, benchOptions()); !errors.Is(err, archive.ErrConflict) {
			t.Errorf("other bytes: %v, want ErrConflict", err)
		}
	})
}
