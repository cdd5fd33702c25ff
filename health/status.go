// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package health

import "strconv"

// Status says whether a service can be used.
type Status int32

// The four statuses. Unknown is what a server says that does not know yet.
// ServiceUnknown is sent by a watch of a service that has no status.
const (
	Unknown        Status = 0
	Serving        Status = 1
	NotServing     Status = 2
	ServiceUnknown Status = 3
)

var statusNames = [...]string{
	Unknown:        "UNKNOWN",
	Serving:        "SERVING",
	NotServing:     "NOT_SERVING",
	ServiceUnknown: "SERVICE_UNKNOWN",
}

// String returns the protocol's name of s, "NOT_SERVING", or "STATUS_42".
func (s Status) String() string {
	if s >= 0 && int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "STATUS_" + strconv.Itoa(int(s))
}

// EnumValues makes Status an enum of the protocol's messages.
func (Status) EnumValues() map[int32]string {
	values := make(map[int32]string, len(statusNames))
	for number, name := range statusNames {
		values[int32(number)] = name
	}
	return values
}
