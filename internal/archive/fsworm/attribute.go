package fsworm

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"docsvc/internal/archive"
)

// The attribute is 49 bytes, so that ext4 keeps it inside the inode:
//
//	0  version, 1
//	1  SHA-256 of the content
//	33 retain until, seconds of Unix time, big endian
//	41 created, microseconds of Unix time, big endian
const (
	attributeName    = "user.docsvc"
	attributeVersion = 1
	attributeSize    = 1 + sha256.Size + 8 + 8
)

// describe returns what is to be recorded of an object.
func describe(key string, data []byte, created, retainUntil time.Time) archive.Object {
	o := archive.Object{Key: key, Size: int64(len(data)), SHA256: sha256.Sum256(data)}
	o.Created = time.UnixMicro(created.UnixMicro()).UTC()
	o.RetainUntil = time.Unix(retainUntil.Unix(), 0).UTC()
	o.VersionID = o.SHA256.String() // a key never has a second version
	return o
}

func setAttribute(f *os.File, o archive.Object) error {
	value := make([]byte, 0, attributeSize)
	value = append(value, attributeVersion)
	value = append(value, o.SHA256[:]...)
	value = binary.BigEndian.AppendUint64(value, uint64(o.RetainUntil.Unix()))
	value = binary.BigEndian.AppendUint64(value, uint64(o.Created.UnixMicro()))
	if err := unix.Fsetxattr(int(f.Fd()), attributeName, value, unix.XATTR_CREATE); err != nil {
		return fmt.Errorf("setting extended attribute %s: %w", attributeName, err)
	}
	return nil
}

// getAttribute fills in what was recorded of o's file. It reports false when
// the file has no attribute.
func getAttribute(f *os.File, o *archive.Object) (bool, error) {
	value := make([]byte, attributeSize+1)
	n, err := unix.Fgetxattr(int(f.Fd()), attributeName, value)
	switch {
	case errors.Is(err, unix.ENODATA) || errors.Is(err, unix.ENOTSUP):
		return false, nil
	case errors.Is(err, unix.ERANGE) || err == nil && (n != attributeSize || value[0] != attributeVersion):
		return false, fmt.Errorf("%w: extended attribute of %s", archive.ErrDamaged, o.Key)
	case err != nil:
		return false, fmt.Errorf("%w: extended attribute of %s: %w", archive.ErrUnavailable, o.Key, err)
	}
	copy(o.SHA256[:], value[1:])
	o.VersionID = o.SHA256.String()
	o.RetainUntil = time.Unix(int64(binary.BigEndian.Uint64(value[33:])), 0).UTC()
	o.Created = time.UnixMicro(int64(binary.BigEndian.Uint64(value[41:]))).UTC()
	return true, nil
}
