package s3

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/lifecycle"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
	"docsvc/internal/testservers"
)

// policy is a file of deploy/minio.
type policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid, Effect string
	Action      []string
	Resource    []string
	Condition   map[string]map[string]string `json:",omitempty"`
}

// readPolicy returns a policy of deploy/minio for a bucket.
func readPolicy(t *testing.T, name, bucket string) policy {
	t.Helper()
	data, err := os.ReadFile("../../../deploy/minio/" + name)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(data), ":::docsvc", ":::"+bucket)
	if text == string(data) {
		t.Fatal("the policy does not name the bucket")
	}
	var p policy
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// without returns p without an action of a statement.
func (p policy) without(sid, action string) policy {
	p.Statement = slices.Clone(p.Statement)
	for i, s := range p.Statement {
		if s.Sid == sid {
			p.Statement[i].Action = slices.DeleteFunc(slices.Clone(s.Action), func(a string) bool { return a == action })
		}
	}
	p.Statement = slices.DeleteFunc(p.Statement, func(s statement) bool { return len(s.Action) == 0 })
	return p
}

// limited is c as someone who may do no more than a policy allows: MinIO gives
// temporary credentials for it.
func limited(t *testing.T, c Config, p policy) Config {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	creds, err := credentials.NewSTSAssumeRole("http://"+c.Endpoint, credentials.STSAssumeRoleOptions{
		AccessKey: c.AccessKey, SecretKey: c.SecretKey, Policy: string(text), DurationSeconds: 3600, Location: defaultRegion,
	})
	if err != nil {
		t.Fatal(err)
	}
	var value credentials.Value
	err = initialized(t, func() error {
		value, err = creds.GetWithContext(nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c.AccessKey, c.SecretKey, c.session = value.AccessKeyID, value.SecretAccessKey, value.SessionToken
	store, err := connect(c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	_ = initialized(t, func() error { // whether the policy allows it does not matter
		_, err := store.core.BucketExists(t.Context(), c.Bucket)
		return err
	})
	return c
}

// initialized asks until MinIO knows temporary credentials: for a moment after
// its start it answers that it is not initialised.
func initialized(t *testing.T, ask func() error) error {
	t.Helper()
	for until := time.Now().Add(15 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		err := ask()
		if err == nil || !strings.Contains(err.Error(), "not initialized") {
			return err
		}
		if time.Now().After(until) {
			t.Fatal(err)
		}
	}
}

// service does all that docsvc does with the archive.
func service(t *testing.T, c Config, number string) error {
	t.Helper()
	s, err := Open(t.Context(), c)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	file := []byte("PDF")
	m := archivetest.Manifest(number, file)
	for range 2 { // the second time it is confirmed
		if _, err := archive.WriteRecord(t.Context(), s, m, [][]byte{file}); err != nil {
			return err
		}
	}
	if _, err := archive.ReadManifest(t.Context(), s, m.Record()); err != nil {
		return err
	}
	event := archive.Event{Kind: archive.KindVoid, ID: number, At: time.Unix(1, 0), Subject: "A-1", Body: json.RawMessage(`{}`)}
	if _, err := archive.WriteEvent(t.Context(), s, event, m.RetainUntil); err != nil {
		return err
	}
	key, err := m.Record().ManifestKey()
	if err != nil {
		return err
	}
	for _, on := range []bool{true, false} {
		if err := s.Hold(t.Context(), key, on); err != nil {
			return err
		}
	}
	if err := s.Extend(t.Context(), key, m.RetainUntil.AddDate(1, 0, 0)); err != nil {
		return err
	}
	for _, err := range s.List(t.Context(), "") {
		if err != nil {
			return err
		}
	}
	if _, err := s.Stat(t.Context(), "acts/none.txt"); !errors.Is(err, archive.ErrNotFound) {
		return fmt.Errorf("what is not there: %w", err)
	}
	return nil
}

// TestServicePolicy: the service's rights are enough, and none can be left out.
func TestServicePolicy(t *testing.T) {
	t.Parallel()
	c := config(t, testservers.MinIO(t))
	if err := Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	p := readPolicy(t, "policy-service.json", c.Bucket)
	if err := service(t, limited(t, c, p), "A-0"); err != nil {
		t.Fatalf("with the whole policy: %v", err)
	}
	n := 0
	for _, s := range p.Statement {
		for _, action := range s.Action {
			if s.Effect != "Allow" {
				continue
			}
			n++
			err := service(t, limited(t, c, p.without(s.Sid, action)), fmt.Sprintf("A-%d", n))
			t.Logf("without %s of %s: %v", action, s.Sid, err)
			if pair := other[action]; pair != "" {
				err = service(t, limited(t, c, p.without(s.Sid, action).without(s.Sid, pair)), fmt.Sprintf("B-%d", n))
			}
			if err == nil {
				t.Errorf("%s of %s is not needed", action, s.Sid)
			}
		}
	}
}

// other pairs the rights of which MinIO takes one for the other. Amazon's S3
// wants both.
var other = map[string]string{
	"s3:ListBucket": "s3:ListBucketVersions", "s3:ListBucketVersions": "s3:ListBucket",
	"s3:GetObject": "s3:GetObjectVersion", "s3:GetObjectVersion": "s3:GetObject",
}

// TestServiceMayNot: what whoever takes over docsvc cannot do to the archive.
func TestServiceMayNot(t *testing.T) {
	t.Parallel()
	c := config(t, testservers.MinIO(t))
	if err := Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	l := limited(t, c, readPolicy(t, "policy-service.json", c.Bucket))
	s := reopen(t, l)
	const key = "acts/2026/A-1/0001.pdf"
	short := benchOptions()
	short.RetainUntil = time.Now().Add(2 * time.Second)
	put, err := s.Put(t.Context(), key, []byte("content"), short)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(put.RetainUntil) + time.Second) // no longer locked: only the policy protects it
	r := asRoot(t, l)
	putAs := func(key string, mode minio.RetentionMode) error {
		o := minio.PutObjectOptions{Mode: mode}
		if mode != "" {
			o.RetainUntilDate = time.Now().Add(time.Hour)
		}
		_, err := r.core.PutObject(t.Context(), r.bucket, key, bytes.NewReader([]byte("x")), 1, "", "", o)
		return err
	}
	year := lifecycle.NewConfiguration()
	year.Rules = []lifecycle.Rule{{ID: "x", Status: "Enabled", NoncurrentVersionExpiration: lifecycle.NoncurrentVersionExpiration{NoncurrentDays: 1}}}
	governance, days, unit := minio.Governance, uint(1), minio.Days
	if buckets, err := r.core.ListBuckets(t.Context()); err != nil || len(buckets) != 1 { // the server shares it with other tests
		t.Errorf("%d buckets are shown, %v; want its own", len(buckets), err)
	}
	for name, err := range map[string]error{
		"destroy a version":          r.Destroy(t.Context(), key, put.VersionID),
		"put a mark of deletion":     r.Hide(t.Context(), key),
		"put without a lock":         putAs("acts/2026/A-2/0001.pdf", ""),
		"put under a weak lock":      putAs("events/void/1.json", minio.Governance),
		"put elsewhere":              putAs("a/b.txt", minio.Compliance),
		"suspend versioning":         r.core.SuspendVersioning(t.Context(), r.bucket),
		"let versions expire":        r.core.SetBucketLifecycle(t.Context(), r.bucket, year),
		"change the default lock":    r.core.SetObjectLockConfig(t.Context(), r.bucket, &governance, &days, &unit),
		"delete the bucket":          r.core.RemoveBucketWithOptions(t.Context(), r.bucket, minio.RemoveBucketOptions{ForceDelete: true}),
		"make a bucket":              r.core.MakeBucket(t.Context(), bucketName(t), minio.MakeBucketOptions{}),
		"set the policy of a bucket": r.core.SetBucketPolicy(t.Context(), r.bucket, `{"Version":"2012-10-17","Statement":[]}`),
	} {
		if answer(errOf(err)).Code != minio.AccessDenied {
			t.Errorf("%s: %v, want AccessDenied", name, err)
		}
	}
	if _, _, err := s.Get(t.Context(), key); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// errOf is the last of several errors, or err.
func errOf(err error) error {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		errs := several.Unwrap()
		return errs[len(errs)-1]
	}
	return err
}

// TestInitPolicy: whoever makes the bucket needs no right to read or write in it.
func TestInitPolicy(t *testing.T) {
	t.Parallel()
	c := config(t, testservers.MinIO(t))
	p := readPolicy(t, "policy-init.json", c.Bucket)
	l := limited(t, c, p)
	for range 2 {
		if err := Create(t.Context(), l); err != nil {
			t.Errorf("Create: %v", err)
		}
	}
	if _, err := Open(t.Context(), l); !errors.Is(err, ErrUnfit) {
		t.Errorf("Open as who makes the bucket: %v, want ErrUnfit", err)
	}
	reopen(t, limited(t, c, readPolicy(t, "policy-service.json", c.Bucket)))
	for _, s := range p.Statement {
		for _, action := range s.Action {
			other := config(t, testservers.MinIO(t))
			err := Create(t.Context(), limited(t, other, readPolicy(t, "policy-init.json", other.Bucket).without(s.Sid, action)))
			if !errors.Is(err, ErrUnfit) {
				t.Errorf("without %s: %v, want ErrUnfit", action, err)
			}
		}
	}
}
