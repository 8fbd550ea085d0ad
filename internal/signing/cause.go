package signing

// What a verdict rests on, as Cause.Key: the key of a plain sentence in the
// catalogues.
const (
	// About the file.
	CauseFileMalformed = "verify.cause.file_malformed" // not a well-formed PDF, or in a way that is refused on purpose
	CauseFileEncrypted = "verify.cause.file_encrypted"
	CauseFileLimit     = "verify.cause.file_limit" // larger or more involved than is checked
	CauseNoSignature   = "verify.cause.no_signature"
	CauseTooMany       = "verify.cause.too_many_signatures"

	// About one signature's place in the file. Args: field.
	CauseKind      = "verify.cause.kind_unknown"      // a SubFilter that is not supported
	CauseLayout    = "verify.cause.layout"            // ByteRange, Contents or field are not as they must be
	CauseShared    = "verify.cause.signature_shared"  // one signature in several fields
	CauseChanged   = "verify.cause.changed_after"     // forbidden change; args: change
	CausePermitted = "verify.cause.change_prohibited" // the certification permits no such change

	// About the message.
	CauseMessage      = "verify.cause.message_malformed"
	CauseSigners      = "verify.cause.several_signers"
	CauseDigest       = "verify.cause.digest"    // the signed bytes are others
	CauseValue        = "verify.cause.value"     // not by the certificate's key
	CauseAlgorithm    = "verify.cause.algorithm" // unknown; args: algorithm
	CauseWeak         = "verify.cause.weak"      // no longer to be relied on; args: algorithm, until
	CauseBinding      = "verify.cause.binding"   // the signature does not name its certificate
	CauseNoSigner     = "verify.cause.no_certificate"
	CausePolicy       = "verify.cause.policy_unknown" // made under a signature policy that is not known here
	CauseUnfit        = "verify.cause.unfit"          // the certificate is not for signing documents
	CauseTimestampBad = "verify.cause.timestamp_malformed"
	CauseOtherData    = "verify.cause.timestamp_other_data"
	CauseFuture       = "verify.cause.timestamp_future"
	CauseOrder        = "verify.cause.timestamp_order" // a time-stamp is older than one that it covers

	// About certificates. Args: name, and time where it says when.
	CauseNoChain     = "verify.cause.chain_unknown" // leads to no trusted root
	CauseChain       = "verify.cause.chain_invalid"
	CauseExpired     = "verify.cause.expired"
	CauseNotYetValid = "verify.cause.not_yet_valid"
	CauseRevoked     = "verify.cause.revoked"
	CauseCARevoked   = "verify.cause.ca_revoked"
	CauseNoStatus    = "verify.cause.no_status" // nothing says whether it is revoked

	// Notes on a verdict that passed.
	NoteStatusUnchecked = "verify.cause.status_unchecked" // args: name
	NoteSigningTime     = "verify.cause.signing_time_attribute"
	NoteNoClaimedTime   = "verify.cause.no_claimed_time"
)

// Causes lists all of them, for the tests of the catalogues.
func Causes() []string {
	return []string{
		CauseFileMalformed, CauseFileEncrypted, CauseFileLimit, CauseNoSignature, CauseTooMany,
		CauseKind, CauseLayout, CauseShared, CauseChanged, CausePermitted,
		CauseMessage, CauseSigners, CauseDigest, CauseValue, CauseAlgorithm, CauseWeak, CauseBinding, CauseNoSigner,
		CausePolicy, CauseUnfit, CauseTimestampBad, CauseOtherData, CauseFuture, CauseOrder,
		CauseNoChain, CauseChain, CauseExpired, CauseNotYetValid, CauseRevoked, CauseCARevoked, CauseNoStatus,
		NoteStatusUnchecked, NoteSigningTime, NoteNoClaimedTime,
	}
}

// failure is a verdict other than passed, on its way up.
type failure struct {
	indication, sub, reason string
	cause                   Cause
}

func failed(sub, cause, reason string, args ...string) *failure {
	return &failure{TotalFailed, sub, reason, newCause(cause, args)}
}

func indeterminate(sub, cause, reason string, args ...string) *failure {
	return &failure{Indeterminate, sub, reason, newCause(cause, args)}
}

// newCause takes pairs of argument names and values.
func newCause(key string, args []string) Cause {
	c := Cause{Key: key}
	for i := 0; i+1 < len(args); i += 2 {
		if c.Args == nil {
			c.Args = map[string]string{}
		}
		c.Args[args[i]] = args[i+1]
	}
	return c
}

// set turns f, or nil for success, into the verdict.
func (v *Verdict) set(f *failure) {
	v.Indication = TotalPassed
	if f != nil {
		v.Indication, v.SubIndication = f.indication, f.sub
		v.Reasons, v.Causes = append(v.Reasons, f.reason), append(v.Causes, f.cause)
	}
}

// note adds what does not change the verdict.
func (v *Verdict) note(cause, reason string, args ...string) {
	v.Reasons, v.Causes = append(v.Reasons, reason), append(v.Causes, newCause(cause, args))
}
