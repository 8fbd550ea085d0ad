package start

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Browser keeps the provider's cookies from one login to the next, as a
// browser does, but runs no scripts and shows nothing.
type Browser struct {
	Forms int // how often it was asked for a password

	client *http.Client
	host   string
}

// NewBrowser returns one that has not signed in yet.
func NewBrowser(issuer string) (*Browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return nil, err
	}
	asIs := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Browser{client: &http.Client{Jar: jar, CheckRedirect: asIs, Timeout: 30 * time.Second}, host: u.Host}, nil
}

var hiddenID = regexp.MustCompile(`<input type="hidden" name="id" value="([^"]*)">`)

// Login opens an authorization URL, fills the form if there is one, and returns
// the address that the provider then sends the browser to, without opening it.
func (b *Browser) Login(ctx context.Context, authURL, login, password string) (redirect string, err error) {
	at, form := authURL, url.Values(nil)
	for range 10 {
		status, location, body, err := b.visit(ctx, at, form)
		switch {
		case err != nil:
			return "", err
		case location != nil && location.Host != b.host:
			return location.String(), nil
		case location != nil:
			at, form = location.String(), nil
		case status == http.StatusOK && hiddenID.MatchString(body):
			b.Forms++
			at = "http://" + b.host + "/login"
			form = url.Values{"login": {login}, "password": {password}, "id": {html.UnescapeString(hiddenID.FindStringSubmatch(body)[1])}}
		default:
			return "", fmt.Errorf("the provider answers status %d: %s", status, body)
		}
	}
	return "", errors.New("the provider sends the browser round in a circle")
}

// visit gets a page, or posts a form to it.
func (b *Browser) visit(ctx context.Context, at string, form url.Values) (status int, location *url.URL, body string, err error) {
	request, err := newRequest(ctx, at, form)
	if err != nil {
		return 0, nil, "", err
	}
	response, err := b.client.Do(request)
	if err != nil {
		return 0, nil, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return 0, nil, "", err
	}
	if location, err = response.Location(); errors.Is(err, http.ErrNoLocation) {
		location, err = nil, nil
	}
	return response.StatusCode, location, string(text), err
}

func newRequest(ctx context.Context, at string, form url.Values) (*http.Request, error) {
	if form == nil {
		return http.NewRequestWithContext(ctx, http.MethodGet, at, http.NoBody)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(form.Encode()))
	if err == nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return request, err
}
