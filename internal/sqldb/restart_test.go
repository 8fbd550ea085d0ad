package sqldb

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/testservers"
)

// testRestart stops and kills the server under load. What was answered with
// success is there, what was answered with an error is there only if the error
// says that this is unknown, and the pool finds back by itself.
func testRestart(t *testing.T) {
	const callers = 8
	server := testservers.NewPostgres(t, true)
	f := newFaulty(t, server, nil)
	var (
		mu      sync.Mutex
		outcome = map[string]error{}
		group   sync.WaitGroup
		ctx     = t.Context()
		done    atomic.Bool
		good    atomic.Int64
	)
	for c := range callers {
		group.Go(func() {
			for i := 0; !done.Load(); i++ {
				login := fmt.Sprintf("%d-%06d", c, i)
				err := f.Update(ctx, func(tx document.Tx) error {
					return tx.PutAccount(ctx, document.Account{Login: login})
				})
				if err == nil {
					good.Add(1)
				}
				mu.Lock()
				outcome[login] = err
				mu.Unlock()
			}
		})
	}
	more := func() {
		t.Helper()
		before, limit := good.Load(), time.Now().Add(20*time.Second)
		for good.Load() < before+100 {
			if time.Now().After(limit) {
				t.Fatal("it does not go on")
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	for _, end := range []func(){server.Stop, server.Kill} {
		more()
		end()
		restart(t, server)
	}
	more()
	done.Store(true)
	group.Wait()
	checkOutcomes(t, f, outcome)
}

// restart starts a server that was stopped or killed. Of a killed one, children
// may be about to end.
func restart(t *testing.T, server *testservers.PostgresServer) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := server.Start(t.Context())
		if err == nil {
			return
		}
		if time.Now().After(limit) {
			t.Fatal(err)
		}
	}
}

func checkOutcomes(t *testing.T, f *faulty, outcome map[string]error) {
	t.Helper()
	there := map[string]bool{}
	if err := f.View(t.Context(), func(tx document.Tx) error {
		all, err := tx.Accounts(t.Context())
		for _, a := range all {
			there[a.Login] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	failed, open := 0, 0
	for login, err := range outcome {
		switch {
		case err == nil && !there[login]:
			t.Errorf("%s was lost", login)
		case err != nil && document.KindOf(err) != document.Unavailable:
			t.Errorf("%s: %v", login, err)
		case err != nil && !isTrouble(err, unknown) && there[login]:
			t.Errorf("%s is there in spite of %v", login, err)
		}
		if err != nil {
			failed++
			if isTrouble(err, unknown) {
				open++
			}
		}
	}
	t.Logf("%d transactions, %d failed, of these %d with an unknown outcome", len(outcome), failed, open)
}
