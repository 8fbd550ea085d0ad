package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/document"
)

func runArchive(ctx context.Context, e env, args []string) error {
	if len(args) == 0 {
		return usageError{"want archive list, get, export or renew"}
	}
	switch args[0] {
	case "list":
		return archiveList(ctx, e, args[1:])
	case "get":
		return archiveGet(ctx, e, args[1:])
	case "renew":
		return archiveRenew(ctx, e, args[1:])
	case "export":
		return archiveExport(ctx, e, args[1:])
	case "audit":
		return fmt.Errorf("archive %s is not in this version; archive list, get, export and renew are, and docsvc lookup checks a record against the ledger", args[0])
	}
	return usageError{fmt.Sprintf("archive %s: want list, get, export or renew", args[0])}
}

// recordJSON is an archived record as archive list prints it.
type recordJSON struct {
	Number   string         `json:"number"`
	Case     string         `json:"case"`
	SignedAt string         `json:"signed_at"`
	SHA256   archive.Digest `json:"sha256"` // of the newest rendition
	Key      string         `json:"key"`    // of the newest rendition
	// Renditions counts the record's files, the signed one and its renewals.
	Renditions int       `json:"renditions"`
	RenewBy    time.Time `json:"renew_by,omitzero"` // of a renewed record: until when it proves itself
}

// archiveList reads the manifests and the events of renewals, not the register.
// A damaged record does not hide the others.
func archiveList(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "archive list")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		records := []recordJSON{}
		renewed, damaged := a.renewed(ctx, e)
		for m, err := range archive.Records(ctx, a.Archive) {
			if err != nil {
				fmt.Fprintf(e.stderr, "%v\n", err)
				damaged++
				continue
			}
			last := m.Renditions[len(m.Renditions)-1]
			key, err := m.Record().RenditionKey(last.Sequence)
			if err != nil {
				return err
			}
			r := recordJSON{m.Number, m.CaseNumber, m.SignedAt.Format("2006-01-02T15:04:05Z07:00"), last.SHA256, key, last.Sequence, time.Time{}}
			if n := renewed[m.Number]; n.Sequence > last.Sequence {
				r.SHA256, r.Key, r.Renditions, r.RenewBy = n.SHA256, n.Path, n.Sequence, n.RenewBy
			}
			records = append(records, r)
		}
		if f.json {
			if err := printJSON(e.stdout, map[string]any{"records": records, "damaged": damaged}); err != nil {
				return err
			}
		} else {
			for _, r := range records {
				fmt.Fprintf(e.stdout, "%s  %s  %s\n", r.Number, r.SignedAt, r.Key)
			}
		}
		if damaged > 0 {
			return errNo
		}
		return nil
	})
}

// renewed is the newest renewal of each act that has been renewed, and how many
// events could not be read.
func (a *app) renewed(ctx context.Context, e env) (newest map[string]document.Renewed, damaged int) {
	newest = map[string]document.Renewed{}
	for event, err := range archive.Events(ctx, a.Archive, archive.KindRenewal) {
		var r document.Renewed
		if err == nil {
			err = json.Unmarshal(event.Body, &r)
		}
		if err != nil {
			fmt.Fprintf(e.stderr, "%v\n", err)
			damaged++
			continue
		}
		if r.Sequence > newest[r.Act].Sequence {
			newest[r.Act] = r
		}
	}
	return newest, damaged
}

// archiveGet writes a rendition of an act to a file.
func archiveGet(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "archive get")
	out := f.String("out", "", "`FILE` to write")
	which := f.Int("rendition", 0, "`NUMBER` of the rendition, 1 being the file as it was signed (default the newest)")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if err := f.require("out"); err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		act, err := a.Service.Act(ctx, rest[0])
		if document.KindOf(err) == document.NotFound {
			fmt.Fprintf(e.stderr, "no act %s\n", rest[0])
			return errNo
		}
		if err != nil {
			return err
		}
		renditions, err := a.Service.Renditions(ctx, act)
		if err != nil {
			return err
		}
		if len(renditions) == 0 {
			fmt.Fprintf(e.stderr, "%s is not in the archive yet: it is %s\n", act.Number, act.State)
			return errNo
		}
		newest := renditions[len(renditions)-1]
		if *which > 0 {
			i := slices.IndexFunc(renditions, func(r document.Rendition) bool { return r.Sequence == *which })
			if i < 0 {
				fmt.Fprintf(e.stderr, "%s has renditions 1 to %d\n", act.Number, newest.Sequence)
				return errNo
			}
			newest = renditions[i]
		}
		pdf, err := archive.ReadRendition(ctx, a.Archive, archive.Record{Year: act.IssuedAt.UTC().Year(), Number: act.Number},
			archive.Rendition{Sequence: newest.Sequence, SHA256: archive.Digest(newest.SHA256)})
		if err != nil {
			return err
		}
		return writeFile(*out, pdf)
	})
}
