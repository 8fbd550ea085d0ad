package audit

// The kinds of event about who came in. The subject is a login; somebody
// without an account is "unknown", and the proof's token_id tells at the
// provider who it was: a stranger's name does not get into a trail that is kept
// for good.
const (
	LoginDone    Kind = "login.done"
	LoginRefused Kind = "login.refused"
)
