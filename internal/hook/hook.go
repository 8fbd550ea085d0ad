// Package hook delivers what happened to acts to the addresses that an
// operator has entered, signed as Standard Webhooks has it
// (https://www.standardwebhooks.com).
//
// What is to be delivered is in the register, so that any process can, and a
// delivery is tried until it is taken or given up: at least once, in no order. A
// receiver tells repetitions by the message's id.
//
// The addresses are somebody's input, and this process stands in a network of
// its own: it connects to public addresses only, over TLS, follows no redirect
// and reads next to nothing of the answer.
package hook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"docsvc/internal/document"
)

const (
	atOnce   = 16
	lease    = time.Minute // far longer than a call may take
	callTime = 15 * time.Second
	maxRead  = 4 << 10 // of an answer
	maxError = 200     // of why an attempt failed, in bytes
)

// backoff returns the pause after attempt n, and false after the last one: it is
// given up after about two days.
func backoff(n int) (time.Duration, bool) {
	pauses := []time.Duration{
		5 * time.Second, 30 * time.Second, 2 * time.Minute, 15 * time.Minute, time.Hour,
		3 * time.Hour, 8 * time.Hour, 12 * time.Hour, 24 * time.Hour,
	}
	if n < 1 || n > len(pauses) {
		return 0, false
	}
	return pauses[n-1], true
}

// Sender delivers. Several processes may have one each.
type Sender struct {
	Store    document.Store
	Secrets  document.WebhookSecrets
	Networks []netip.Prefix // private ones that may be connected to
	Roots    *x509.CertPool // of the receivers; nil: the machine's
	Interval time.Duration  // between looks at the register when there is nothing to do
	Now      func() time.Time
	Log      *slog.Logger

	once   sync.Once
	client *http.Client
}

// Run delivers until ctx is done.
func (s *Sender) Run(ctx context.Context) error {
	for {
		n, err := s.Once(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "webhooks", slog.Any("error", err))
		}
		if n == atOnce && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(s.Interval):
		}
	}
}

// Once tries some of what is due, all at once, and says how many that were.
func (s *Sender) Once(ctx context.Context) (int, error) {
	var list []document.Message
	hooks := map[string]document.Webhook{}
	now := s.Now()
	err := s.Store.View(ctx, func(tx document.Tx) error { // an idle service writes nothing
		all, err := tx.Webhooks(ctx)
		for _, w := range all {
			if !w.Disabled {
				hooks[w.ID] = w
			}
		}
		return err
	})
	if err != nil || len(hooks) == 0 {
		return 0, err
	}
	err = s.Store.Update(ctx, func(tx document.Tx) (err error) {
		list, err = tx.ClaimMessages(ctx, now, now.Add(lease), atOnce)
		return err
	})
	if err != nil {
		return 0, err
	}
	errs := make([]error, len(list))
	var wait sync.WaitGroup
	for i, d := range list {
		wait.Go(func() { errs[i] = s.deliver(context.WithoutCancel(ctx), hooks[d.WebhookID], d) })
	}
	wait.Wait()
	return len(list), errors.Join(errs...)
}

// deliver makes one attempt and writes how it ended.
func (s *Sender) deliver(ctx context.Context, w document.Webhook, d document.Message) error {
	status, err := s.call(ctx, w, d)
	d.Status, d.Error = status, ""
	now := s.Now()
	pause, again := backoff(d.Attempts)
	switch {
	case err == nil:
		d.State, d.DoneAt = document.MessageDelivered, now
	case again && status != http.StatusGone:
		d.Error, d.NextAt = reason(err), now.Add(pause)
	default:
		d.State, d.Error, d.DoneAt = document.MessageFailed, reason(err), now
	}
	err = s.Store.Update(ctx, func(tx document.Tx) error { return tx.SettleMessage(ctx, d) })
	if errors.Is(err, document.ErrStale) {
		return nil // the webhook was ended meanwhile
	}
	return err
}

// call sends a message once; the error says why it was not taken.
func (s *Sender) call(ctx context.Context, w document.Webhook, d document.Message) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	secret, _, err := s.Secrets.WebhookSecret(ctx, w.KID, w.ID)
	if err != nil {
		return 0, fmt.Errorf("secret: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, strings.NewReader(string(d.Body)))
	if err != nil {
		return 0, err
	}
	at := s.Now()
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "docsvc")
	request.Header.Set("Webhook-Id", d.ID)
	request.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	request.Header.Set("Webhook-Signature", Sign(secret, d.ID, at, d.Body))
	s.once.Do(func() { s.client = newClient(s.Networks, s.Roots) })
	response, err := s.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()                       // its end is nobody's concern
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxRead)) // so that the connection can be used again
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return response.StatusCode, fmt.Errorf("the answer was %d", response.StatusCode)
	}
	return response.StatusCode, nil
}

// Sign is the header webhook-signature of a message: version 1, HMAC-SHA256 over
// id, time and body.
func Sign(secret []byte, id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(fmt.Appendf(nil, "%s.%d.", id, at.Unix()))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func reason(err error) string {
	text := err.Error()
	if len(text) > maxError {
		text = text[:maxError]
	}
	return strings.ToValidUTF8(text, "")
}
