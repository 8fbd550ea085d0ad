package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"docsvc/internal/document"
)

// operator is who acts from the command line of the machine itself: whoever
// can read the appliance key already has every right that it could check.
func operator() document.Actor {
	return document.Actor{Login: "operator", Grants: []document.Grant{{Role: document.RoleOperator, Office: document.AnyOffice}}}
}

func runInit(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "init")
	demo := f.Bool("demo", false, "add a demo office with officers, and their passphrases and passwords in DIR/demo")
	origin := f.String("origin", "", "`URL` of the verification page, https://HOST (default: the address of serve)")
	addr := f.String("addr", "", "`HOST:PORT` where serve will listen")
	administrators := f.administrators()
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if f.config != "" {
		c, err := loadConfig(f)
		if err != nil {
			return err
		}
		if err := initParts(ctx, e, c, administrators); err != nil {
			return err
		}
		fmt.Fprintf(e.stderr, "Next: docsvc serve --config %s\n", f.config)
		return nil
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
	return initParts(ctx, env{stderr: io.Discard}, *c, &initFlags{})
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
