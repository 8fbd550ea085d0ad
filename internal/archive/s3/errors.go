package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/minio/minio-go/v7"

	"docsvc/internal/archive"
)

// ErrUnfit: the bucket or its server does not keep what an archive needs, or
// does not know us. What it says has to be mended before docsvc can start.
var ErrUnfit = errors.New("unfit for an archive")

// failure is a call that did not go well, as the caller of a Store sees it.
func failure(doing string, err error) error {
	if advice := explain(err); advice != "" {
		return fmt.Errorf("%w: %s: %s (%w)", archive.ErrUnavailable, doing, advice, err)
	}
	return fmt.Errorf("%w: %s: %w", archive.ErrUnavailable, doing, err)
}

// answer is what the server said, if it said anything.
func answer(err error) minio.ErrorResponse {
	var a minio.ErrorResponse
	if errors.As(err, &a) {
		return a
	}
	return minio.ErrorResponse{}
}

// taken: a conditional put found the key in use.
func taken(err error) bool { return answer(err).StatusCode == http.StatusPreconditionFailed }

// missing: the server knows no such object, or only its deletion.
func missing(err error) bool {
	a := answer(err)
	return a.StatusCode == http.StatusNotFound && a.Code != minio.NoSuchBucket ||
		a.StatusCode == http.StatusMethodNotAllowed
}

// refused: the server understood and said no, which is not a failure of its own.
func refused(err error) bool {
	status := answer(err).StatusCode
	return status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests
}

// cutOff: the request went out, and the connection ended before its answer.
func cutOff(err error) bool {
	var op *net.OpError
	return err != nil && answer(err).StatusCode == 0 &&
		!errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) &&
		!(errors.As(err, &op) && op.Op == "dial")
}

// explain is a sentence for whoever has to mend it, or nothing.
func explain(err error) string {
	a := answer(err)
	switch a.Code {
	case minio.NoSuchBucket:
		return "the bucket does not exist: docsvc init makes it"
	case minio.AccessDenied, "AllAccessDisabled", "AccountProblem":
		return "the server refuses this to our credentials: grant what deploy/minio/policy-service.json lists"
	case minio.InvalidAccessKeyID, minio.SignatureDoesNotMatch, "InvalidTokenId", "ExpiredToken", "NotSignedUp",
		"XMinioAdminNoSuchUser", "XMinioAdminNoSuchAccessKey", "XAdminUserNotFound", "InvalidClientTokenId":
		return "the server does not know our access key or secret key: check both files"
	case "RequestTimeTooSkewed":
		return "the clocks of the server and of this machine differ: set both by NTP"
	case "XMinioStorageFull", "InsufficientStorage", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "StorageFull", "DiskFull":
		return "the server has no room left: give it more, or raise the bucket's quota"
	case "SlowDownRead": // MinIO's word for both
		return "the server is overloaded, or cannot read what is on its disk: see its log"
	case "SlowDown", "SlowDownWrite", "XMinioServerTimedOut", "ServerBusy", "TooManyRequests":
		return "the server is overloaded"
	case "XMinioServerNotInitialized":
		return "the server is still starting"
	}
	if a.StatusCode == http.StatusInsufficientStorage {
		return "the server has no room left: give it more"
	}
	return explainConnection(err)
}

// untrusted: there is a server, but not one to speak to.
func untrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate) || strings.Contains(err.Error(), mixedUp)
}

// mixedUp is how net/http tells of a server without TLS.
const mixedUp = "server gave HTTP response to HTTPS client"

func explainConnection(err error) string {
	var (
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		host        x509.HostnameError
		dns         *net.DNSError
	)
	text := err.Error()
	switch {
	case errors.As(err, &host):
		return "the server's certificate is for another name: use the name it is for as the endpoint"
	case errors.As(err, &authority):
		return "the server's certificate is not from an authority we trust: name that authority's in the CA file"
	case errors.As(err, &certificate):
		return "the server's certificate is not valid"
	case strings.Contains(text, mixedUp):
		return "the server speaks plain HTTP: give it a certificate, or allow plain HTTP on the same machine"
	case strings.Contains(text, "HTTP request to an HTTPS server"):
		return "the server speaks HTTPS: do not ask for plain HTTP"
	case errors.As(err, &dns):
		return "the server's name is not known"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens at the endpoint: is the server running?"
	}
	return ""
}
