package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/ledger"
	"docsvc/internal/verify"
)

// archiveExport writes acts with their evidence to a ZIP file, as the page of
// archivists does.
func archiveExport(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "archive export")
	out := f.String("out", "", "`FILE.zip` to write")
	numbers, err := f.parse(args, 1, verify.MaxExport)
	if err != nil {
		return err
	}
	if err := f.require("out"); err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		b := &verify.Bundle{
			Verifier: a.Verify,
			Copied: func(ctx context.Context, act document.Act) (int64, error) {
				return a.Service.Copied(ctx, operator(), act)
			},
		}
		for _, number := range numbers {
			act, err := a.Service.Act(ctx, number)
			if document.KindOf(err) == document.NotFound {
				fmt.Fprintf(e.stderr, "no act %s\n", number)
				return errNo
			}
			if err != nil {
				return err
			}
			b.Acts = append(b.Acts, act)
		}
		if err := b.Check(ctx); err != nil {
			return err
		}
		failed, err := writeBundle(ctx, b, *out)
		if err != nil {
			return err
		}
		if failed > 0 {
			fmt.Fprintf(e.stderr, "%d of %d acts could not be handed out: README.txt in the file names them\n", failed, len(b.Acts))
			return errNo
		}
		return nil
	})
}

// writeBundle writes the file whole or not at all.
func writeBundle(ctx context.Context, b *verify.Bundle, path string) (failed int, err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".docsvc-*")
	if err != nil {
		return 0, err
	}
	failed, err = b.Write(ctx, tmp)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return failed, errors.Join(err, os.Remove(tmp.Name()))
	}
	return failed, nil
}

// checkEvidence says what the evidence shows of a file by the key of the log
// alone; problem is why it shows nothing.
func (o verifyOptions) checkEvidence(pdf []byte) (proven *verify.Proven, problem, err error) {
	if o.evidence == "" && o.logKey == "" {
		return nil, nil, nil
	}
	if o.evidence == "" || o.logKey == "" {
		return nil, nil, usageError{"--evidence and --log-key go together"}
	}
	keys, err := readInput(o.logKey, maxInput)
	if err != nil {
		return nil, nil, err
	}
	log, err := ledger.ParseVerifier(strings.Fields(string(keys))...)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", o.logKey, err)
	}
	data, err := readInput(o.evidence, verify.MaxEvidence)
	if err != nil {
		return nil, nil, err
	}
	evidence, err := verify.DecodeEvidence(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", o.evidence, err)
	}
	p, problem := evidence.Check(pdf, log)
	if problem != nil {
		return nil, problem, nil
	}
	return &p, nil, nil
}

// evidenceText words it.
func (o verifyOptions) evidenceText(p *verify.Proven, problem error) string {
	if problem != nil {
		return i18n.Text(o.lang, "evidence.refused", map[string]string{"problem": problem.Error()})
	}
	key := "evidence.proved"
	if p.Renewed {
		key = "evidence.renewed"
	}
	return i18n.Text(o.lang, key, map[string]string{"number": p.Number, "position": strconv.FormatInt(p.Position, 10), "size": strconv.FormatInt(p.Tree.Size, 10)})
}
