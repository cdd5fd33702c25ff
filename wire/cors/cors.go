// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package cors

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Config says which web pages may call a server from a browser, beside those of
// the server's own origin (Fetch Standard, "HTTP-CORS protocol"). The zero value
// allows none.
type Config struct {
	// Origins are what the pages are from: "https://shop.example", any below it
	// by "https://*.shop.example", or "*" for all there are.
	Origins []string
	// Headers are the request fields that pages may send, beside those of the
	// protocols; nil allows all.
	Headers []string
	// Credentials lets pages send the user's cookies, certificates and passwords.
	// It wants Origins that are named.
	Credentials bool
	// MaxAge is how long browsers need not ask again; 0 is two hours, which is as
	// long as they wait at most.
	MaxAge time.Duration
}

const defaultMaxAge = 2 * time.Hour

// Validate returns all that is wrong with c.
func (c Config) Validate() error {
	var errs []error
	for _, origin := range c.Origins {
		if err := checkOrigin(origin); err != nil {
			errs = append(errs, fmt.Errorf("the origin %q: %w", origin, err))
		}
	}
	if c.Credentials && slices.Contains(c.Origins, anyOrigin) {
		errs = append(errs, errors.New(`credentials for the origin "*", which is every page there is; name the origins`))
	}
	for _, name := range c.Headers {
		if !isToken(name) {
			errs = append(errs, fmt.Errorf("the header %q is not a name of a field", name))
		}
	}
	if c.MaxAge < 0 {
		errs = append(errs, fmt.Errorf("MaxAge is negative, %v", c.MaxAge))
	}
	return errors.Join(errs...)
}

const anyOrigin = "*"

// checkOrigin finds what is wrong with an origin as CORS has it.
func checkOrigin(origin string) error {
	if origin == anyOrigin {
		return nil
	}
	scheme, host, ok := strings.Cut(origin, "://")
	switch {
	case origin == "null":
		return errors.New("it is that of any page in a sandbox, whoever made it")
	case !ok || scheme == "":
		return errors.New(`it does not begin with a scheme, like "https://"`)
	case strings.ContainsAny(host, "/?#@ ") || host == "":
		return errors.New("it is a scheme, a host and perhaps a port, no more: https://shop.example:8443")
	case strings.Contains(strings.TrimPrefix(host, "*."), "*"), host == "*.":
		return errors.New(`a "*" stands for what is before the first dot: https://*.shop.example`)
	}
	return nil
}

// isToken reports whether s is a token (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// canonicalOrigin writes an origin as browsers do.
func canonicalOrigin(origin string) string {
	origin = strings.ToLower(origin)
	if host, ok := strings.CutSuffix(origin, ":443"); ok && strings.HasPrefix(origin, "https:") {
		return host
	}
	if host, ok := strings.CutSuffix(origin, ":80"); ok && strings.HasPrefix(origin, "http:") {
		return host
	}
	return origin
}

// allows reports whether pages of an origin may call; c's origins are
// canonical.
func (c *Config) allows(origin string) bool {
	for _, allowed := range c.Origins {
		if allowed == anyOrigin || allowed == origin {
			return true
		}
		scheme, below, ok := strings.Cut(allowed, "://*.")
		if !ok {
			continue
		}
		host, ok := strings.CutPrefix(origin, scheme+"://")
		if name, below := strings.CutSuffix(host, "."+below); ok && below && name != "" && !strings.ContainsAny(name, ":/@") {
			return true
		}
	}
	return false
}

// allowsHeader reports whether pages may send a field, by its lower-case name.
func (c *Config) allowsHeader(name string) bool {
	switch name {
	case "accept", "content-type", "content-encoding", "last-event-id", "x-grpc-web", "x-user-agent":
		return true
	}
	return strings.HasPrefix(name, "connect-") || strings.HasPrefix(name, "grpc-") || c.Headers == nil || slices.Contains(c.Headers, name)
}
