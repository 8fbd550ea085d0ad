package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"docsvc/internal/archive/fsworm"
	"docsvc/internal/document"
	"docsvc/internal/signing/authority"
	"docsvc/internal/signing/keyfile"
	"docsvc/internal/sqldb"
)

// operator is who acts from the command line of the machine itself: whoever
// can read the appliance key already has every right that it could check.
func operator() document.Actor {
	return document.Actor{Login: "operator", Grants: []document.Grant{{Role: document.RoleOperator, Office: document.AnyOffice}}}
}

func runInit(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "init")
	demo := f.Bool("demo", false, "add a demo office with officers, and their passphrases in DIR/demo")
	origin := f.String("origin", "", "`URL` of the verification page, https://HOST (default: the address of serve)")
	addr := f.String("addr", "", "`HOST:PORT` where serve will listen")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := f.require("data"); err != nil {
		return err
	}
	c := defaultConfig()
	if *addr != "" {
		c.Address, c.Origin = *addr, "http://"+*addr
	}
	if *origin != "" {
		c.Origin = *origin
	}
	if *demo {
		c.Offices = demoOffices()
	}
	if err := c.validate(); err != nil {
		return err
	}
	if err := initialise(ctx, f.data, &c); err != nil {
		return err
	}
	if *demo {
		if err := addDemoOfficers(ctx, e, c); err != nil {
			return err
		}
	}
	if err := writeConfig(c); err != nil {
		return err
	}
	fmt.Fprintf(e.stderr, "%s is ready. Next: docsvc serve --data %s\n", f.data, f.data)
	return nil
}

// initialise makes every part in dir but the configuration, which comes last:
// a directory that has it is complete.
func initialise(ctx context.Context, dir string, c *Config) error {
	if err := emptyDir(dir); err != nil {
		return err
	}
	c.dir = dir
	for _, sub := range []string{c.path(c.Keys.Directory) + "/officers", c.servicePath()} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return err
		}
	}
	if err := keyfile.CreateApplianceKey(c.path(c.Keys.ApplianceKey)); err != nil {
		return fmt.Errorf("appliance key: %w", err)
	}
	applianceKey, err := keyfile.OpenApplianceKey(c.path(c.Keys.ApplianceKey))
	if err != nil {
		return err
	}
	keys := &keyfile.ServiceKeys{Dir: c.servicePath(), ApplianceKey: applianceKey, Now: time.Now}
	if _, err := keys.Create(purposeSeal, keyfile.ES256); err != nil {
		return err
	}
	if _, err := keys.Create(purposeCheckpoint, keyfile.Ed25519); err != nil {
		return err
	}
	if err := authority.Create(authority.Config{
		Dir: c.path(c.Authority.Evaluation), ApplianceKey: applianceKey, BaseURL: c.Origin + "/pki", Now: time.Now,
	}); err != nil {
		return err
	}
	if err := fsworm.Create(c.path(c.Archive.Directory)); err != nil {
		return err
	}
	return sqldb.Create(ctx, sqldb.Options{Engine: sqldb.SQLite, Path: c.path(c.Register.SQLite)})
}

// emptyDir makes dir, or accepts it when nothing is in it.
func emptyDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, configName)); err == nil {
		return fmt.Errorf("%s is initialised already", dir)
	}
	return fmt.Errorf("%s is not empty and holds no %s: an init that was cut short? Remove it or name another directory", dir, configName)
}

func writeConfig(c Config) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(c.dir, configName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(data, '\n'))
	return errors.Join(err, file.Sync(), file.Close())
}
