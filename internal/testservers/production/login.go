package production

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"docsvc/internal/testservers/start"
)

// hiddenID is what the provider's form wants back.
var hiddenID = regexp.MustCompile(`<input type="hidden" name="id" value="([^"]*)">`)

// LogIn does what an officer does in a browser: opens the provider's page,
// types name and password of a user of the file, and follows where the provider
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
	for _, u := range users {
		if u.Login == login {
			return logIn(ctx, u, address)
		}
	}
	return fmt.Errorf("%s: no user %s", usersFile, login)
}

func logIn(ctx context.Context, u start.OIDCUser, address string) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	client := &http.Client{Jar: jar, Timeout: 30 * time.Second}
	page, at, err := visit(ctx, client, address, nil)
	if err != nil {
		return err
	}
	found := hiddenID.FindStringSubmatch(page)
	if found == nil {
		return errors.New("the provider shows no form to log in")
	}
	form := url.Values{"login": {u.Login}, "password": {u.Password}, "id": {html.UnescapeString(found[1])}}
	_, _, err = visit(ctx, client, at.Scheme+"://"+at.Host+"/login", form)
	return err
}

// visit gets a page, or posts a form to it, and follows redirects.
func visit(ctx context.Context, client *http.Client, address string, form url.Values) (page string, at *url.URL, err error) {
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return "", nil, err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := client.Do(request)
	if err != nil {
		return "", nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", response.Request.URL.Host, response.Status)
	}
	return string(text), response.Request.URL, err
}
