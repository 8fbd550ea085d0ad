package main

import (
	"context"
	"fmt"

	"docsvc/internal/archive"
	"docsvc/internal/document"
)

func runArchive(ctx context.Context, e env, args []string) error {
	if len(args) == 0 {
		return usageError{"want archive list or archive get"}
	}
	switch args[0] {
	case "list":
		return archiveList(ctx, e, args[1:])
	case "get":
		return archiveGet(ctx, e, args[1:])
	case "audit", "export":
		return fmt.Errorf("archive %s is not in this version; archive list and archive get are, and docsvc lookup checks a record against the ledger", args[0])
	}
	return usageError{fmt.Sprintf("archive %s: want list or get", args[0])}
}

// recordJSON is an archived record as archive list prints it.
type recordJSON struct {
	Number   string         `json:"number"`
	Case     string         `json:"case"`
	SignedAt string         `json:"signed_at"`
	SHA256   archive.Digest `json:"sha256"`
	Key      string         `json:"key"`
}

// archiveList reads the manifests, not the register. A damaged record does not
// hide the others.
func archiveList(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "archive list")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		records := []recordJSON{}
		damaged := 0
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
			records = append(records, recordJSON{m.Number, m.CaseNumber, m.SignedAt.Format("2006-01-02T15:04:05Z07:00"), last.SHA256, key})
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

// archiveGet writes the newest rendition of an act to a file.
func archiveGet(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "archive get")
	out := f.String("out", "", "`FILE` to write")
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
		m, err := archive.ReadManifest(ctx, a.Archive, archive.Record{Year: act.IssuedAt.UTC().Year(), Number: act.Number})
		if err != nil {
			return err
		}
		pdf, err := archive.ReadRendition(ctx, a.Archive, m.Record(), m.Renditions[len(m.Renditions)-1])
		if err != nil {
			return err
		}
		return writeFile(*out, pdf)
	})
}
