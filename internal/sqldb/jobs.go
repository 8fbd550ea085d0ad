package sqldb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"docsvc/internal/document"
)

// never stands in the table for the zero time: "at once" and "no lease" must
// compare as earlier than now.
var never = time.Unix(0, 0).UTC()

func toColumn(t time.Time) Time {
	if t.IsZero() {
		return Time(never)
	}
	return Time(t)
}

func fromColumn(t Time) time.Time {
	if time.Time(t).Equal(never) {
		return time.Time{}
	}
	return time.Time(t)
}

const jobColumns = `act_id, run_after, lease_ends, owner, attempts, last_error, reason, since`

func (t *tx) InsertJob(ctx context.Context, j document.Job) error {
	err := t.insert(ctx, `INSERT INTO job (`+jobColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
		j.ActID, toColumn(j.RunAfter), toColumn(j.LeaseEnds), j.Owner, j.Attempts, j.LastError,
		string(j.Reason), toColumn(j.Since))
	if err != nil {
		return fmt.Errorf("inserting the job of act %s: %w", j.ActID, err)
	}
	return nil
}

// ClaimJobs repeats the guard in the outer WHERE: in PostgreSQL two processes
// select the same jobs, and the second one's UPDATE, when it gets the row, looks
// at the outer condition only.
func (t *tx) ClaimJobs(ctx context.Context, owner string, now, leaseEnds time.Time, limit int) ([]document.Act, error) {
	type claim struct {
		actID string
		after Time
	}
	var claims []claim
	err := t.claim(ctx, func(s scan) error {
		var c claim
		err := s(&c.actID, &c.after)
		claims = append(claims, c)
		return err
	}, `UPDATE job SET owner = $1, lease_ends = $2
		WHERE act_id IN (SELECT act_id FROM job
				WHERE run_after <= $3 AND lease_ends <= $3
				ORDER BY run_after, lease_ends LIMIT $4)
			AND run_after <= $3 AND lease_ends <= $3
		RETURNING act_id, run_after`,
		owner, Time(leaseEnds), Time(now), limit)
	if err != nil {
		return nil, fmt.Errorf("claiming jobs: %w", err)
	}
	slices.SortFunc(claims, func(a, b claim) int {
		return time.Time(a.after).Compare(time.Time(b.after))
	})
	ids := make([]string, len(claims))
	for i, c := range claims {
		ids[i] = c.actID
	}
	acts, err := t.raiseEpochs(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("claiming jobs: %w", err)
	}
	return acts, nil
}

func (t *tx) ClaimJob(ctx context.Context, actID, owner string, now, leaseEnds time.Time) (document.Act, error) {
	err := t.swap(ctx, `UPDATE job SET owner = $1, lease_ends = $2
		WHERE act_id = $3 AND (owner = $1 OR lease_ends <= $4)`,
		owner, Time(leaseEnds), actID, Time(now))
	if errors.Is(err, document.ErrStale) {
		if _, found := t.JobByAct(ctx, actID); found != nil {
			err = found
		}
	}
	if err != nil {
		return document.Act{}, fmt.Errorf("claiming the job of act %s: %w", actID, err)
	}
	acts, err := t.raiseEpochs(ctx, []string{actID})
	if err != nil {
		return document.Act{}, fmt.Errorf("claiming the job of act %s: %w", actID, err)
	}
	return acts[0], nil
}

// raiseEpochs fences off whoever worked on the acts before, and returns the
// acts in the order of ids.
func (t *tx) raiseEpochs(ctx context.Context, ids []string) ([]document.Act, error) {
	acts := make([]document.Act, 0, len(ids))
	err := in(ids, func(list string, args []any) error {
		return t.claim(ctx, func(s scan) error {
			a, err := scanAct(s)
			acts = append(acts, a)
			return err
		}, `UPDATE act SET epoch = epoch + 1 WHERE id IN `+list+` RETURNING `+actColumns, args...)
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(acts, func(a, b document.Act) int {
		return slices.Index(ids, a.ID) - slices.Index(ids, b.ID)
	})
	return acts, nil
}

// claim runs an UPDATE … RETURNING.
func (t *tx) claim(ctx context.Context, fn func(scan) error, query string, args ...any) error {
	if !t.writable {
		return t.fail(ctx, errReadOnly)
	}
	return t.each(ctx, fn, query, args...)
}

func (t *tx) ReleaseJob(ctx context.Context, j document.Job) error {
	err := t.swap(ctx, `UPDATE job SET owner = '', lease_ends = $1, run_after = $2, attempts = $3, last_error = $4,
			reason = $5, since = $6
		WHERE act_id = $7 AND owner = $8 AND owner <> ''`,
		Time(never), toColumn(j.RunAfter), j.Attempts, j.LastError, string(j.Reason), toColumn(j.Since), j.ActID, j.Owner)
	if err != nil {
		return fmt.Errorf("releasing the job of act %s: %w", j.ActID, err)
	}
	return nil
}

func (t *tx) DeleteJob(ctx context.Context, actID string) error {
	if _, err := t.exec(ctx, `DELETE FROM job WHERE act_id = $1`, actID); err != nil {
		return fmt.Errorf("deleting the job of act %s: %w", actID, err)
	}
	return nil
}

func (t *tx) JobByAct(ctx context.Context, actID string) (document.Job, error) {
	var j document.Job
	columns := scanJob(&j)
	err := t.one(ctx, columns.dest(), `SELECT `+jobColumns+` FROM job WHERE act_id = $1`, actID)
	if err != nil {
		return document.Job{}, fmt.Errorf("job of act %s: %w", actID, err)
	}
	columns.done()
	return j, nil
}

// jobScan holds the columns of a job whose times need fromColumn.
type jobScan struct {
	job                        *document.Job
	runAfter, leaseEnds, since Time
}

func scanJob(j *document.Job) *jobScan { return &jobScan{job: j} }

func (s *jobScan) dest() []any {
	j := s.job
	return []any{&j.ActID, &s.runAfter, &s.leaseEnds, &j.Owner, &j.Attempts, &j.LastError, &j.Reason, &s.since}
}

func (s *jobScan) done() {
	s.job.RunAfter, s.job.LeaseEnds, s.job.Since = fromColumn(s.runAfter), fromColumn(s.leaseEnds), fromColumn(s.since)
}

// OldestJob leaves out the jobs that were to run "at once": they do not say since
// when.
func (t *tx) OldestJob(ctx context.Context) (time.Time, error) {
	var oldest Time
	err := t.one(ctx, []any{&oldest}, `SELECT run_after FROM job WHERE run_after > $1 AND run_after <= $2 ORDER BY run_after LIMIT 1`, Time(never), Time(t.now()))
	if errors.Is(err, document.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("looking for the oldest job: %w", err)
	}
	return time.Time(oldest), nil
}

// CountJobs counts as due what may run by now, in hand or not, and as failing
// what has failed at least once.
func (t *tx) CountJobs(ctx context.Context) (due, failing int, err error) {
	err = t.one(ctx, []any{&due}, `SELECT count(*) FROM job WHERE run_after <= $1`, Time(t.now()))
	if err == nil {
		err = t.one(ctx, []any{&failing}, `SELECT count(*) FROM job WHERE attempts > 0`)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("counting jobs: %w", err)
	}
	return due, failing, nil
}
