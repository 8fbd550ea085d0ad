package web

import "docsvc/internal/audit"

// kindTexts are the words for what happened.
var kindTexts = map[audit.Kind]string{
	audit.CaseRegistered: "audit.kind.case.registered", audit.ActIssued: "audit.kind.act.issued", audit.ActPrepared: "audit.kind.act.prepared",
	audit.ActPartlySigned: "audit.kind.act.partly_signed", audit.ActSigned: "audit.kind.act.signed", audit.ActArchived: "audit.kind.act.archived",
	audit.ActVoided: "audit.kind.act.voided", audit.StandingChanged: "audit.kind.act.standing_changed", audit.ActRenewed: "audit.kind.act.renewed",
	audit.JobRetried: "audit.kind.job.retried", audit.SignIntended: "audit.kind.sign.intended", audit.SignDone: "audit.kind.sign.done",
	audit.SignFailed: "audit.kind.sign.failed", audit.AuthorisationBegun: "audit.kind.authorisation.begun",
	audit.AuthorisationUsed: "audit.kind.authorisation.used", audit.CredentialRefused: "audit.kind.credential.refused",
	audit.AccountCreated: "audit.kind.account.created", audit.AccountChanged: "audit.kind.account.changed",
	audit.KeyCreated: "audit.kind.key.created", audit.CertificateRequested: "audit.kind.certificate.requested",
	audit.CertificateRevoked: "audit.kind.certificate.revoked", audit.GrantRefused: "audit.kind.account.grant_refused",
	audit.TokenCreated: "audit.kind.token.created", audit.TokenRevoked: "audit.kind.token.revoked",
	audit.WebhookCreated: "audit.kind.webhook.created", audit.WebhookDisabled: "audit.kind.webhook.disabled",
	audit.WebhookRetried: "audit.kind.webhook.retried", audit.TrailRead: "audit.kind.audit.exported",
	audit.LoginDone: "audit.kind.login.done", audit.LoginRefused: "audit.kind.login.refused",
	audit.ActDelivered:      "audit.kind.act.delivered",
	audit.ActReturned:       "audit.kind.act.returned",
	audit.StandingProposed:  "audit.kind.act.standing_proposed",
	audit.StandingRejected:  "audit.kind.act.standing_rejected",
	audit.Substituted:       "audit.kind.officer.substituted",
	audit.SubstitutionEnded: "audit.kind.officer.substitution_ended",
	audit.ActRead:           "audit.act.read", audit.ActCopied: "audit.kind.act.copied",
	audit.FactorSet: "audit.kind.factor.set", audit.FactorRemoved: "audit.kind.factor.removed",
	audit.Rebuilt: "audit.kind.register.rebuilt", audit.NumberGap: "audit.kind.number.gap",
}

// fieldTexts are the words for what is told of it; a field that is not here is
// a technical one and shown by its name.
var fieldTexts = map[string]string{
	"case": "audit.field.case", "document": "audit.field.document", "office": "audit.field.office", "officer": "audit.field.officer",
	"post": "audit.field.post", "template": "audit.field.template", "version": "audit.field.version", "level": "audit.field.level",
	"path": "audit.field.path", "round": "audit.field.round", "of": "audit.field.of", "attempt": "audit.field.attempt",
	"outcome": "audit.field.outcome", "key": "audit.field.key", "standing": "audit.field.standing", "by": "audit.field.by",
	"reason": "audit.field.reason", "from": "audit.field.from", "to": "audit.field.to", "until": "audit.field.until", "role": "audit.field.role",
	"way": "audit.field.way", "copy": "audit.field.copy", "factor": "audit.field.factor",
	"token_id": "audit.field.token_id", "sha256": "audit.field.sha256",
}
