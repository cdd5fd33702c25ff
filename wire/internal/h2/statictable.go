// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package h2

// Entries of the static table (RFC 7541, appendix A).
const (
	staticEntries = 61

	staticAuthority   = 1
	staticMethodGet   = 2
	staticMethodPost  = 3
	staticPathRoot    = 4
	staticSchemeHTTP  = 6
	staticSchemeHTTPS = 7
	staticStatus      = 8
)

// staticName returns the first entry of the static table with the name, 0 if
// there is none.
func staticName(name string) byte {
	switch name {
	case ":authority":
		return staticAuthority
	case ":method":
		return staticMethodGet
	case ":path":
		return staticPathRoot
	case ":scheme":
		return staticSchemeHTTP
	case ":status":
		return staticStatus
	case "accept-charset":
		return 15
	case "accept-encoding":
		return 16
	case "accept-language":
		return 17
	case "accept-ranges":
		return 18
	case "accept":
		return 19
	case "access-control-allow-origin":
		return 20
	case "age":
		return 21
	case "allow":
		return 22
	case "authorization":
		return 23
	case "cache-control":
		return 24
	case "content-disposition":
		return 25
	case "content-encoding":
		return 26
	case "content-language":
		return 27
	case "content-length":
		return 28
	case "content-location":
		return 29
	case "content-range":
		return 30
	case "content-type":
		return 31
	case "cookie":
		return 32
	case "date":
		return 33
	case "etag":
		return 34
	case "expect":
		return 35
	case "expires":
		return 36
	case "from":
		return 37
	case "host":
		return 38
	case "if-match":
		return 39
	case "if-modified-since":
		return 40
	case "if-none-match":
		return 41
	case "if-range":
		return 42
	case "if-unmodified-since":
		return 43
	case "last-modified":
		return 44
	case "link":
		return 45
	case "location":
		return 46
	case "max-forwards":
		return 47
	case "proxy-authenticate":
		return 48
	case "proxy-authorization":
		return 49
	case "range":
		return 50
	case "referer":
		return 51
	case "refresh":
		return 52
	case "retry-after":
		return 53
	case "server":
		return 54
	case "set-cookie":
		return 55
	case "strict-transport-security":
		return 56
	case "transfer-encoding":
		return 57
	case "user-agent":
		return 58
	case "vary":
		return 59
	case "via":
		return 60
	case "www-authenticate":
		return 61
	}
	return 0
}

// staticStatusOf returns the entry of a status, 0 if there is none.
func staticStatusOf(status int) byte {
	switch status {
	case 200:
		return staticStatus
	case 204:
		return 9
	case 206:
		return 10
	case 304:
		return 11
	case 400:
		return 12
	case 404:
		return 13
	case 500:
		return 14
	}
	return 0
}
