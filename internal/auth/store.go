package auth

import (
	"context"
	"time"
)

// Store keeps attempts and sessions in the register; internal/auth/authtest
// has its suite. All methods are safe for concurrent use by several processes.
// A change is durable when its method returns nil; after an error it may have
// been made or not, and nobody repeats it: the person begins again. Nothing
// here enters the audit trail or the archive, and losing all of it logs
// everybody out and harms nothing else.
//
// Times are UTC with microseconds. What is given has passed Check, and what is
// read back is equal to it (==), but for the LastSeen of a session that was
// touched. A row that is not there is document.ErrNotFound, one that is there
// already document.ErrExists.
type Store interface {
	AttemptStore
	SessionStore

	// Purge removes attempts and sessions whose Expires is not after now, and
	// sessions whose LastSeen is not after idle, and returns how many. The
	// other methods take no notice of these times.
	Purge(ctx context.Context, now, idle time.Time) (int, error)
}

// AttemptStore keeps the logins that were begun.
type AttemptStore interface {
	// PutAttempt inserts an attempt; ErrExists when its StateHash is taken.
	PutAttempt(ctx context.Context, a Attempt) error
	// TakeAttempt removes the attempt and returns it. Of several callers, in
	// whatever process, one gets it and the others ErrNotFound: one statement
	// (DELETE … RETURNING), not a look-up followed by a removal.
	TakeAttempt(ctx context.Context, state Hash) (Attempt, error)
}

// SessionStore keeps who is logged in.
type SessionStore interface {
	// PutSession inserts a session; ErrExists when its IDHash is taken.
	PutSession(ctx context.Context, s Session) error
	// SessionByID answers ErrNotFound when it was ended or never was.
	SessionByID(ctx context.Context, id Hash) (Session, error)
	// TouchSession raises LastSeen to seen, never lowers it; ErrNotFound when
	// there is no such session. It does not bring back one that was ended.
	TouchSession(ctx context.Context, id Hash, seen time.Time) error
	// SessionsOf lists the sessions of a login, the newest Begun first, those
	// begun at the same time by IDHash; none is no error.
	SessionsOf(ctx context.Context, login string) ([]Session, error)
	// EndSessions removes these sessions in one step; one that is not there
	// is no error.
	EndSessions(ctx context.Context, ids ...Hash) error
}
