package production

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"docsvc/internal/testservers/start"
)

// LogIn does what an officer does in a browser: opens the provider's page,
// types name and password of a user of the file, and goes where the provider
// sends the browser then.
func LogIn(ctx context.Context, usersFile, login, address string) error {
	data, err := os.ReadFile(usersFile)
	if err != nil {
		return err
	}
	var users []start.OIDCUser
	if err := json.Unmarshal(data, &users); err != nil {
		return fmt.Errorf("%s: %w", usersFile, err)
	}
	provider, err := url.Parse(address)
	if err != nil {
		return err
	}
	browser, err := start.NewBrowser(provider.Scheme + "://" + provider.Host)
	if err != nil {
		return err
	}
	for _, u := range users {
		if u.Login != login {
			continue
		}
		back, err := browser.Login(ctx, address, u.Login, u.Password)
		if err != nil {
			return err
		}
		return open(ctx, back)
	}
	return fmt.Errorf("%s: no user %s", usersFile, login)
}

// open gets a page.
func open(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", request.URL.Host, response.Status)
	}
	return nil
}
