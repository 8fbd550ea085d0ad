package audit

// The kinds of event about who came in, and by what. The subject is a login; somebody
// without an account is "unknown", and the proof's token_id tells at the
// provider who it was: a stranger's name does not get into a trail that is kept
// for good.
const (
	LoginDone    Kind = "login.done"
	LoginRefused Kind = "login.refused"
	// A password, a one-time code's secret, recovery codes or a passkey came, was
	// replaced or went; which of them is the detail "factor".
	FactorSet     Kind = "factor.set"
	FactorRemoved Kind = "factor.removed"
)
