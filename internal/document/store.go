package document

import (
	"context"
	"time"
)

// Store is the register. Update is durable when it returns nil; when it
// returns an error nothing of fn was kept, save that the connection may break
// after the commit: then the caller does not know, and must read again. fn may
// run more than once (serialization failures are retried in the register), so
// it has no effect outside tx. Both are safe for concurrent use.
type Store interface {
	View(ctx context.Context, fn func(tx Tx) error) error
	Update(ctx context.Context, fn func(tx Tx) error) error
}

// Tx is a transaction. Look-ups answer ErrNotFound, inserts that meet a unique
// key ErrExists, guarded updates that touch no row ErrStale.
type Tx interface {
	CaseTx
	ActTx
	FindTx
	RenditionTx
	JobTx
	FormTx
	AccountTx
	SubstitutionTx
	ProposalTx
	DeliveryTx
	WorkTx
	FactorTx
	AuthorisationTx
	CounterTx
	OutboxTx
	AuditTx
	LedgerTx
	FollowTx
	TokenTx
	WebhookTx
	RequestTx
}

// CaseTx reads and writes cases.
type CaseTx interface {
	// InsertCase answers ErrExists when the number is taken or the same
	// enforcement document (issuer, number, date) is registered.
	InsertCase(ctx context.Context, c Case) error
	CaseByID(ctx context.Context, id string) (Case, error)
	CaseByNumber(ctx context.Context, number string) (Case, error)
	CaseByDocument(ctx context.Context, d EnforcementDocument) (Case, error)
}

// ActTx reads and writes acts, their staged bytes and their intents.
type ActTx interface {
	InsertAct(ctx context.Context, a Act) error
	ActByID(ctx context.Context, id string) (Act, error)
	ActByNumber(ctx context.Context, number string) (Act, error)
	ActByCode(ctx context.Context, code string) (Act, error)
	ActByRequestKey(ctx context.Context, officer, key string) (Act, error)
	ActsOfCase(ctx context.Context, caseID string) ([]Act, error)
	// ActsWaiting lists acts in state Prepared whose signer in the current
	// round is login, oldest first, at most limit.
	ActsWaiting(ctx context.Context, login string, limit int) ([]Act, error)
	// ActsReturned lists the acts of an author that were returned after a time,
	// the newest first, at most limit.
	ActsReturned(ctx context.Context, officer string, after time.Time, limit int) ([]Act, error)
	// Corrections lists the archived acts that correct the one of this number,
	// by index.
	Corrections(ctx context.Context, number string) ([]Act, error)
	CountActs(ctx context.Context) (map[State]int, error)

	// Advance writes the mutable fields of a where id = a.ID, state = from and
	// epoch = a.Epoch, and raises the stored epoch by one; ErrStale when no row
	// matches.
	Advance(ctx context.Context, a Act, from State) error
	// ChangeStanding moves an archived act from InForce to a.Standing with
	// ChangedBy, ChangedAt and Reason; ErrStale when it is not in force.
	ChangeStanding(ctx context.Context, a Act) error

	PutStaged(ctx context.Context, s Staged) error // insert or replace
	Staged(ctx context.Context, actID string) (Staged, error)
	DeleteStaged(ctx context.Context, actID string) error
	// KeepToken puts the time-stamp of an intent's signature beside the staged
	// bytes; ErrStale when there are none.
	KeepToken(ctx context.Context, actID, intentID string, token []byte) error

	InsertIntent(ctx context.Context, i SignIntent) error
	// CloseIntent moves an intent from open to i.Outcome with i.Signature and
	// i.KeyRequest; ErrStale when it is not open any more.
	CloseIntent(ctx context.Context, i SignIntent) error
	// Intents lists the intents of an act by round and attempt.
	Intents(ctx context.Context, actID string) ([]SignIntent, error)
}

// JobTx reads and writes the jobs of the worker.
type JobTx interface {
	// InsertJob gives the act a job already leased to owner until leaseEnds.
	InsertJob(ctx context.Context, j Job) error
	// ClaimJobs leases at most limit jobs that are due (RunAfter ≤ now) and
	// whose lease is over, raising the epoch of each act in the same statement
	// sequence, and returns the acts as they are then.
	ClaimJobs(ctx context.Context, owner string, now, leaseEnds time.Time, limit int) ([]Act, error)
	// ClaimJob leases the job of one act, if nobody else holds it; ErrStale if
	// somebody does, ErrNotFound if the act has no job.
	ClaimJob(ctx context.Context, actID, owner string, now, leaseEnds time.Time) (Act, error)
	// ReleaseJob ends the lease of j.Owner and writes the rest of j: the job runs
	// again after j.RunAfter. ErrStale when that owner does not hold it.
	ReleaseJob(ctx context.Context, j Job) error
	DeleteJob(ctx context.Context, actID string) error
	JobByAct(ctx context.Context, actID string) (Job, error)
	CountJobs(ctx context.Context) (due, failing int, err error)
	// OldestJob is when the job that has been due longest became due; zero when
	// none is.
	OldestJob(ctx context.Context) (time.Time, error)
	// JobsWaiting lists jobs that have failed, with their acts, the longest
	// waiting first.
	JobsWaiting(ctx context.Context, q WaitingQuery) ([]WaitingAct, error)
	// CountWaiting counts the jobs that have failed by what they wait for.
	CountWaiting(ctx context.Context) ([]WaitingCount, error)
	// HastenJobs makes jobs that have failed and are in nobody's hand due now,
	// and says how many there were.
	HastenJobs(ctx context.Context, actIDs []string, now time.Time) (int, error)
}

// RenditionTx reads and writes the files of records.
type RenditionTx interface {
	// InsertRendition answers ErrExists when the act has one of this number.
	InsertRendition(ctx context.Context, r Rendition) error
	// Renditions lists those of an act by number.
	Renditions(ctx context.Context, actID string) ([]Rendition, error)
	// PointTo makes an archived act's row name its newest rendition: it writes
	// SHA256, Path, Rendition and RenewBy where the rendition is still from;
	// ErrStale when it is not.
	PointTo(ctx context.Context, a Act, from int) error
	// ActsToRenew lists archived acts of which [Act.RenewalTime] is before a
	// time, the earliest first, behind a place in that list.
	ActsToRenew(ctx context.Context, before time.Time, after RenewalCursor, limit int) ([]Act, error)
	// CountToRenew counts them, up to a limit.
	CountToRenew(ctx context.Context, before time.Time, limit int) (int, error)
}

// AccountTx reads and writes accounts and the delay after failed attempts.
type AccountTx interface {
	PutAccount(ctx context.Context, a Account) error // insert or replace
	AccountByLogin(ctx context.Context, login string) (Account, error)
	// AccountBySubject finds whom the identity provider calls subject.
	AccountBySubject(ctx context.Context, subject string) (Account, error)
	Accounts(ctx context.Context) ([]Account, error)
	// Failures returns how many attempts of login failed since the last
	// success, and when the last one was.
	Failures(ctx context.Context, login string) (n int, last time.Time, err error)
	SetFailures(ctx context.Context, login string, n int, last time.Time) error
}

// Counter is one number series. Values up to High are covered by a block event
// in the archive; a number above it must not be given.
type Counter struct {
	Series string
	Value  int64 // last number given
	High   int64
}

// CounterTx allocates numbers.
type CounterTx interface {
	Counter(ctx context.Context, series string) (Counter, error) // zero Counter if the series is new
	Counters(ctx context.Context) ([]Counter, error)
	// NextNumber increments the series in this transaction and returns the new
	// value; ErrStale when that would pass High (the caller reserves a block).
	NextNumber(ctx context.Context, series string) (int64, error)
	// RaiseHigh sets High to high and, when the series is new, inserts it with
	// the given value; a high that is not above the stored one changes nothing.
	RaiseHigh(ctx context.Context, series string, value, high int64) error
}

// OutboxItem is an archive event that was decided and is not yet in the archive.
type OutboxItem struct {
	ID   string // UUIDv7 of the event
	Data []byte // the event as package archive encodes it
}

// OutboxTx keeps events until the archive has them.
type OutboxTx interface {
	InsertOutbox(ctx context.Context, i OutboxItem) error
	Outbox(ctx context.Context, limit int) ([]OutboxItem, error) // by ID
	DeleteOutbox(ctx context.Context, id string) error
}

// AuditRow is an audit event as stored: the encoded bytes are what is chained.
type AuditRow struct {
	ID   string // UUIDv7
	Data []byte
}

// AuditLink gives an audit event its place in the chain.
type AuditLink struct {
	Seq  int64 // from 1
	ID   string
	Hash []byte // over the previous hash and the event's bytes
}

// AuditTx appends to the audit trail; nothing here changes or removes a row.
type AuditTx interface {
	InsertAudit(ctx context.Context, rows ...AuditRow) error
	// AuditOf lists the events about a subject, the newest first.
	AuditOf(ctx context.Context, subject string, limit int) ([]AuditRow, error)
	// LastCopy is the greatest number of a copy that the events about an act
	// name. InsertAudit answers ErrExists when such a number is taken.
	LastCopy(ctx context.Context, subject string) (int64, error)
	// UnchainedAudit lists events without a link, by ID, at most limit.
	UnchainedAudit(ctx context.Context, limit int) ([]AuditRow, error)
	InsertAuditLinks(ctx context.Context, links []AuditLink) error
	LastAuditLink(ctx context.Context) (AuditLink, error) // zero when the chain is empty
	// AuditChain lists chained events from seq on, with their links.
	AuditChain(ctx context.Context, from int64, limit int) ([]AuditRow, []AuditLink, error)
}

// LedgerEntry is a leaf that waits for, or has, its position.
type LedgerEntry struct {
	ID       string // UUIDv7
	ActID    string // empty for leaves that are not about an act
	Leaf     []byte
	Position int64 // valid once sequenced
}

// LedgerHead is the one row that sequencers compare and swap.
type LedgerHead struct {
	Size      int64
	Root      []byte
	AuditSeq  int64 // last audit link anchored
	Published int64 // size of the newest checkpoint that the archive has
	// PublishedAudit is the last audit link whose event the archive has.
	PublishedAudit int64
	Checkpoint     []byte // that checkpoint, a signed note
	Owner          string // process that holds the sequencer's lease
	LeaseEnds      time.Time
}

// LedgerTx keeps the log of the ledger.
type LedgerTx interface {
	InsertLedgerEntry(ctx context.Context, e LedgerEntry) error
	// UnsequencedEntries lists entries without a position, by ID, at most limit.
	UnsequencedEntries(ctx context.Context, limit int) ([]LedgerEntry, error)
	SetPositions(ctx context.Context, entries []LedgerEntry) error
	// LedgerEntries lists sequenced entries with from ≤ position < to.
	LedgerEntries(ctx context.Context, from, to int64) ([]LedgerEntry, error)
	// EntriesOfAct lists an act's entries by ID; Position is -1 while waiting.
	EntriesOfAct(ctx context.Context, actID string) ([]LedgerEntry, error)
	LedgerHead(ctx context.Context) (LedgerHead, error) // zero when the log is empty
	// SwapLedgerHead replaces old by new; ErrStale when the row is not old.
	SwapLedgerHead(ctx context.Context, old, new LedgerHead) error
	InsertLedgerHashes(ctx context.Context, first int64, hashes [][]byte) error
	// LedgerHashes returns the stored hashes at the given indexes, in order.
	LedgerHashes(ctx context.Context, indexes []int64) ([][]byte, error)
}
