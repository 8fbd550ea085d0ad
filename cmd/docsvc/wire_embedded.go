package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"docsvc/internal/archive/fsworm"
	"docsvc/internal/document"
	"docsvc/internal/signing"
	"docsvc/internal/signing/authority"
	"docsvc/internal/signing/keyfile"
)

// The parts of the embedded set.

func (a *app) openApplianceKey(context.Context) (err error) {
	if a.Config.Keys.ApplianceKey != "" {
		a.applianceKey, err = keyfile.OpenApplianceKey(a.Config.path(a.Config.Keys.ApplianceKey))
	}
	return err
}

func (a *app) openKeys(ctx context.Context) error {
	if a.Config.Keys.Vault != nil {
		return a.openVault(ctx)
	}
	a.Keys = &fileKeys{keys: &keyfile.ServiceKeys{Dir: a.Config.servicePath(), ApplianceKey: a.applianceKey, Now: time.Now}}
	return nil
}

func (a *app) openArchive(ctx context.Context) (err error) {
	if a.Config.Archive.S3 != nil {
		return a.openS3(ctx)
	}
	a.Archive, err = openDirectory(a.Config)
	return err
}

// openDirectory keeps a nil *fsworm.Store out of the interface.
func openDirectory(c Config) (archiveStore, error) {
	s, err := fsworm.Open(c.path(c.Archive.Directory), time.Now)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (a *app) openAuthority(context.Context) (err error) {
	if a.Config.Authority.Evaluation != "" {
		a.Authority, err = authority.Open(authority.Config{
			Dir: a.Config.path(a.Config.Authority.Evaluation), ApplianceKey: a.applianceKey, Now: time.Now,
		})
	}
	return err
}

// certification answers for officers' certificates.
type certification interface {
	document.Certificates
	signing.Revocation
	signing.Collector
	// Anchors are what their chains must lead to.
	Anchors() anchors
}

// anchors are trusted certificates.
type anchors struct {
	Signers       *x509.CertPool
	Intermediates []*x509.Certificate
}

func (a *app) openCertificates(ctx context.Context) error {
	if a.Config.Authority.Certificates != nil {
		return a.openRevocation(ctx)
	}
	a.Certificates = evaluationCertificates{a.Authority}
	return nil
}

func (a *app) openTimestamps(ctx context.Context) error {
	if a.Config.Authority.Timestamps != nil {
		return a.openTSA(ctx)
	}
	a.Timestamps = a.Authority
	return nil
}

// evaluationCertificates asks the evaluation authority.
type evaluationCertificates struct{ *authority.Authority }

// Anchors implements certification.
func (c evaluationCertificates) Anchors() anchors { return anchors{Signers: c.Roots()} }

// Usable implements document.Certificates.
func (c evaluationCertificates) Usable(ctx context.Context, leaf *x509.Certificate, at time.Time) error {
	status, err := c.Status(ctx, leaf, at)
	if err != nil {
		return err
	}
	switch status.State {
	case authority.Good:
		return nil
	case authority.Revoked:
		return fmt.Errorf("certificate %x was revoked on %s", leaf.SerialNumber, status.RevokedAt.Format(time.RFC3339))
	default:
		return fmt.Errorf("certificate %x is %s", leaf.SerialNumber, status.State)
	}
}
