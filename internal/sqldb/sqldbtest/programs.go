package sqldbtest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"docsvc/internal/document"
)

func newToken(n int) document.Token {
	return document.Token{
		ID: fmt.Sprintf("token-%d", n), Hash: [32]byte{byte(n)}, Prefix: "docsvc_abcdefgh", Login: "nigar", Name: "Mühasibat proqramı",
		Scopes: []document.Scope{document.ScopeReadActs, document.ScopeIssueActs}, CreatedAt: stored(noon.Add(time.Duration(n) * time.Second)),
		CreatedBy: "boss", ExpiresAt: stored(noon.AddDate(0, 1, 0)),
	}
}

func testTokens(t *testing.T, s document.Store) {
	ctx := t.Context()
	a, b := newToken(1), newToken(2)
	update(t, s, func(tx document.Tx) error { return errors.Join(tx.InsertToken(ctx, b), tx.InsertToken(ctx, a)) })
	again := newToken(3)
	again.Hash = a.Hash
	refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertToken(ctx, again) })
	a.LastUsed = stored(noon)
	b.RevokedAt, b.RevokedBy = stored(noon), "boss"
	update(t, s, func(tx document.Tx) error { return errors.Join(tx.TouchToken(ctx, a), tx.RevokeToken(ctx, b)) })
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.RevokeToken(ctx, b) })
	view(t, s, func(tx document.Tx) error {
		all, err := tx.Tokens(ctx)
		same(t, "tokens", all, []document.Token{a, b})
		byHash, err2 := tx.TokenByHash(ctx, a.Hash)
		same(t, "by hash", byHash, a)
		byID, err3 := tx.TokenByID(ctx, b.ID)
		same(t, "by id", byID, b)
		_, none := tx.TokenByHash(ctx, [32]byte{9})
		_, nobody := tx.TokenByID(ctx, "x")
		if !errors.Is(none, document.ErrNotFound) || !errors.Is(nobody, document.ErrNotFound) {
			t.Errorf("%v, %v", none, nobody)
		}
		return errors.Join(err, err2, err3)
	})
}

func newRequest() document.KeptRequest {
	return document.KeptRequest{
		Key: [32]byte{1}, Request: [32]byte{2}, LeaseEnds: stored(noon.Add(time.Minute)), Expires: stored(noon.Add(time.Hour)),
	}
}

func testKeptRequests(t *testing.T, s document.Store) {
	ctx := t.Context()
	r := newRequest()
	update(t, s, func(tx document.Tx) error { return tx.InsertRequest(ctx, r) })
	refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertRequest(ctx, r) })
	kept := func(want document.KeptRequest) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := tx.RequestByKey(ctx, r.Key)
			same(t, "request", got, want)
			return err
		})
	}
	kept(r)
	// Somebody takes it over, and who had it before is late.
	next := r
	next.LeaseEnds = stored(noon.Add(2 * time.Minute))
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.TakeRequest(ctx, next, noon, noon) })
	update(t, s, func(tx document.Tx) error { return tx.TakeRequest(ctx, next, r.LeaseEnds, noon) })
	late := r
	late.Answer = document.KeptAnswer{Status: 500}
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.AnswerRequest(ctx, late) })
	next.Answer = document.KeptAnswer{Status: 201, ContentType: "application/json", Location: "/x", Body: []byte("{}")}
	update(t, s, func(tx document.Tx) error { return tx.AnswerRequest(ctx, next) })
	kept(next)
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.AnswerRequest(ctx, next) })
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.TakeRequest(ctx, r, next.LeaseEnds, noon) })
	update(t, s, func(tx document.Tx) error { return tx.TakeRequest(ctx, r, next.LeaseEnds, r.Expires) })
	kept(r)
	purge := func(now time.Time, want int) {
		t.Helper()
		update(t, s, func(tx document.Tx) error {
			n, err := tx.PurgeRequests(ctx, now, 10)
			if n != want {
				t.Errorf("%d removed, want %d", n, want)
			}
			return err
		})
	}
	purge(r.Expires.Add(-time.Second), 0)
	purge(r.Expires, 1)
	update(t, s, func(tx document.Tx) error { return tx.InsertRequest(ctx, r) })
	update(t, s, func(tx document.Tx) error { return tx.ForgetRequest(ctx, r.Key) })
	refuse(t, s, document.ErrNotFound, func(tx document.Tx) error {
		_, err := tx.RequestByKey(ctx, r.Key)
		return err
	})
}

func testKeptRequestsConcurrently(t *testing.T, s document.Store) {
	var first sync.Map
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			err := s.Update(t.Context(), func(tx document.Tx) error { return tx.InsertRequest(t.Context(), newRequest()) })
			if err == nil {
				first.Store(i, true)
			} else if !errors.Is(err, document.ErrExists) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	n := 0
	first.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d were the first", n)
	}
}

func newWebhook(n int) document.Webhook {
	return document.Webhook{
		ID: fmt.Sprintf("hook-%d", n), URL: "https://example.az/hook", Office: "011", Events: document.EventTypes(), KID: "checkpoint-1",
		Since: 7, CreatedAt: stored(noon.Add(time.Duration(n) * time.Second)), CreatedBy: "boss",
	}
}

func newDelivery(w document.Webhook, n int) document.Message {
	return document.Message{
		ID: fmt.Sprintf("0190-%04d", n), WebhookID: w.ID, Type: document.EventArchived, Subject: "EI1-001", Body: []byte(`{"a":1}`),
		CreatedAt: stored(noon), State: document.MessageWaiting, NextAt: stored(noon.Add(time.Duration(n) * time.Second)),
	}
}

func testWebhooks(t *testing.T, s document.Store) {
	ctx := t.Context()
	a, b := newWebhook(1), newWebhook(2)
	list := []document.Message{newDelivery(a, 1), newDelivery(a, 2), newDelivery(a, 3), newDelivery(b, 4)}
	update(t, s, func(tx document.Tx) error {
		return errors.Join(tx.InsertWebhook(ctx, b), tx.InsertWebhook(ctx, a), tx.InsertMessages(ctx, nil), tx.InsertMessages(ctx, list))
	})
	claim := func(now time.Time, want ...int) {
		t.Helper()
		update(t, s, func(tx document.Tx) error {
			got, err := tx.ClaimMessages(ctx, now, now.Add(lease), 2)
			claimed := map[string]bool{}
			for _, d := range got {
				claimed[d.ID] = d.Attempts == 1 && d.NextAt.Equal(stored(now.Add(lease)))
			}
			wanted := map[string]bool{}
			for _, n := range want {
				wanted[newDelivery(a, n).ID] = true
			}
			same(t, "claimed", claimed, wanted)
			return err
		})
	}
	claim(noon)
	claim(noon.Add(3*time.Second), 1, 2)
	claim(noon.Add(3*time.Second), 3)
	done, failed := list[0], list[1]
	done.State, done.Attempts, done.Status, done.DoneAt = document.MessageDelivered, 1, 204, stored(noon.Add(time.Minute))
	failed.State, failed.Attempts, failed.Error, failed.DoneAt = document.MessageFailed, 1, "timeout", stored(noon.Add(time.Hour))
	update(t, s, func(tx document.Tx) error {
		return errors.Join(tx.SettleMessage(ctx, done), tx.SettleMessage(ctx, failed))
	})
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.SettleMessage(ctx, done) })
	other := list[2]
	other.Attempts, other.State = 2, document.MessageDelivered
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.SettleMessage(ctx, other) })
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.RetryMessage(ctx, done.ID, noon) })
	view(t, s, func(tx document.Tx) error {
		got, err := tx.Messages(ctx, a.ID, "", 2)
		if len(got) != 2 || got[0].ID != list[2].ID {
			t.Errorf("%+v", got)
		}
		rest, err2 := tx.Messages(ctx, a.ID, got[1].ID, 10)
		same(t, "the rest", rest, []document.Message{done})
		byID, err3 := tx.MessageByID(ctx, failed.ID)
		same(t, "by id", byID, failed)
		return errors.Join(err, err2, err3)
	})
	update(t, s, func(tx document.Tx) error { return tx.RetryMessage(ctx, failed.ID, noon) })
	claim(noon, 2)
	update(t, s, func(tx document.Tx) error { return tx.DisableWebhook(ctx, a.ID) })
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.DisableWebhook(ctx, a.ID) })
	claim(noon.AddDate(1, 0, 0), 4)
	update(t, s, func(tx document.Tx) error {
		n, err := tx.PurgeMessages(ctx, noon.Add(30*time.Minute), 10)
		if n == 0 {
			t.Error("nothing removed")
		}
		_, gone := tx.MessageByID(ctx, done.ID)
		_, there := tx.MessageByID(ctx, list[3].ID)
		if !errors.Is(gone, document.ErrNotFound) {
			t.Errorf("%v", gone)
		}
		return errors.Join(err, there)
	})
	a.Disabled = true
	view(t, s, func(tx document.Tx) error {
		all, err := tx.Webhooks(ctx)
		same(t, "webhooks", all, []document.Webhook{a, b})
		got, err2 := tx.WebhookByID(ctx, b.ID)
		same(t, "webhook", got, b)
		return errors.Join(err, err2)
	})
}

func testClaimDeliveriesConcurrently(t *testing.T, s document.Store) {
	ctx := t.Context()
	const n = 60
	update(t, s, func(tx document.Tx) error {
		list := make([]document.Message, n)
		for i := range list {
			list[i] = newDelivery(newWebhook(1), i)
			list[i].NextAt = stored(noon)
		}
		return errors.Join(tx.InsertWebhook(ctx, newWebhook(1)), tx.InsertMessages(ctx, list))
	})
	var mu sync.Mutex
	seen := map[string]int{}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for {
				var got []document.Message
				err := s.Update(ctx, func(tx document.Tx) (err error) {
					got, err = tx.ClaimMessages(ctx, noon, noon.Add(lease), 5)
					return err
				})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, d := range got {
					seen[d.ID]++
				}
				enough := len(seen) == n
				mu.Unlock()
				if err != nil || enough {
					return
				}
			}
		})
	}
	wait.Wait()
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s was claimed %d times", id, times)
		}
	}
}
