// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

// A Rule is one kind of change.
type Rule struct {
	ID     string   `json:"id"`
	Worst  Severity `json:"worst"` // of its findings; some are less
	What   string   `json:"what"`
	Always bool     `json:"always"` // whether all its findings are as severe
}

// The rules' names.
const (
	PackageChanged    = "package-changed"
	PackageRemoved    = "package-removed"
	FileRemoved       = "file-removed"
	SyntaxChanged     = "syntax-changed"
	GoPackageChanged  = "go-package-changed"
	FileOptionChanged = "file-option-changed"

	MessageRemoved        = "message-removed"
	MessageRenamed        = "message-renamed"
	MessageJSONFormat     = "message-json-format"
	ReservedRemoved       = "reserved-removed"
	ExtensionRangeRemoved = "extension-range-removed"
	ExtensionRemoved      = "extension-removed"

	FieldRemoved            = "field-removed"
	FieldRenamed            = "field-renamed"
	FieldRenumbered         = "field-renumbered"
	FieldNumberReused       = "field-number-reused"
	FieldTypeChanged        = "field-type-changed"
	FieldCardinalityChanged = "field-cardinality-changed"
	FieldMapChanged         = "field-map-changed"
	FieldPresenceChanged    = "field-presence-changed"
	FieldPackedChanged      = "field-packed-changed"
	FieldJSONNameChanged    = "field-json-name-changed"
	FieldDefaultChanged     = "field-default-changed"
	FieldOneofChanged       = "field-oneof-changed"
	FieldUTF8Changed        = "field-utf8-validation-changed"
	FieldJSTypeChanged      = "field-jstype-changed"
	RequiredFieldAdded      = "required-field-added"
	RequiredFieldRemoved    = "required-field-removed"
	OneofRemoved            = "oneof-removed"

	EnumRemoved         = "enum-removed"
	EnumRenamed         = "enum-renamed"
	EnumOpennessChanged = "enum-openness-changed"
	EnumJSONFormat      = "enum-json-format"
	EnumValueRemoved    = "enum-value-removed"
	EnumValueRenamed    = "enum-value-renamed"
	EnumValueRenumbered = "enum-value-renumbered"

	ServiceRemoved           = "service-removed"
	ServiceRenamed           = "service-renamed"
	MethodRemoved            = "method-removed"
	MethodRenamed            = "method-renamed"
	MethodInputChanged       = "method-input-changed"
	MethodOutputChanged      = "method-output-changed"
	MethodStreamChanged      = "method-stream-changed"
	MethodIdempotencyChanged = "method-idempotency-changed"
	MethodHTTPChanged        = "method-http-changed"
)

// All returns the rules, in the order in which they are documented.
func All() []Rule {
	return []Rule{
		{PackageChanged, Wire, "a file's package has another name", true},
		{PackageRemoved, Wire, "a package with all that is in it is gone", false},
		{FileRemoved, Source, "a file that others may import is gone", true},
		{SyntaxChanged, Source, "a file's syntax or edition is another one", true},
		{GoPackageChanged, Source, "generated Go code has another import path", true},
		{FileOptionChanged, Source, "an option of a file that generated code depends on is another one", true},

		{MessageRemoved, Source, "a message is gone", true},
		{MessageRenamed, Source, "a message has another name", true},
		{MessageJSONFormat, JSON, "a message need no longer have a JSON form", true},
		{ReservedRemoved, Wire, "numbers or names of removed fields or values are no longer reserved", false},
		{ExtensionRangeRemoved, Wire, "numbers are no longer there for extensions", false},
		{ExtensionRemoved, JSON, "an extension is gone", true},

		{FieldRemoved, Wire, "a field is gone; its number and its name must be reserved", false},
		{FieldRenamed, JSON, "a field's number belongs to another name", true},
		{FieldRenumbered, Wire, "a field has another number", true},
		{FieldNumberReused, Wire, "a number belongs to a field of another name and type", true},
		{FieldTypeChanged, Wire, "a field has another type", false},
		{FieldCardinalityChanged, Wire, "a single field is repeated now, or the other way round", false},
		{FieldMapChanged, Wire, "a field is a map now, or no longer is one", false},
		{FieldPresenceChanged, Source, "whether a field is set can, or cannot, be told now", true},
		{FieldPackedChanged, Source, "a repeated field is written in the other one of its two forms", true},
		{FieldJSONNameChanged, JSON, "a field has another name in JSON", true},
		{FieldDefaultChanged, Wire, "a field that is not set has another value", true},
		{FieldOneofChanged, Wire, "a field moved into a oneof, out of it, or to another", false},
		{FieldUTF8Changed, Wire, "whether a string may hold bytes that are not UTF-8 changed", false},
		{FieldJSTypeChanged, Source, "a field has another type in JavaScript", true},
		{RequiredFieldAdded, Wire, "a field must be set now", true},
		{RequiredFieldRemoved, Wire, "a field that readers insist on need not be set now", true},
		{OneofRemoved, Source, "a oneof is gone", true},

		{EnumRemoved, Source, "an enum is gone", true},
		{EnumRenamed, Source, "an enum has another name", true},
		{EnumOpennessChanged, Wire, "an enum takes, or no longer takes, numbers that it does not name", false},
		{EnumJSONFormat, JSON, "an enum need no longer have a JSON form", true},
		{EnumValueRemoved, Wire, "a value is gone; its number and its name must be reserved", false},
		{EnumValueRenamed, JSON, "a number has another name", true},
		{EnumValueRenumbered, Wire, "a value has another number", true},

		{ServiceRemoved, Wire, "a service is gone", true},
		{ServiceRenamed, Wire, "a service has another name", true},
		{MethodRemoved, Wire, "a method is gone", true},
		{MethodRenamed, Wire, "a method has another name", true},
		{MethodInputChanged, Wire, "a method takes another message", false},
		{MethodOutputChanged, Wire, "a method returns another message", false},
		{MethodStreamChanged, Wire, "a method streams, or no longer streams, its requests or replies", true},
		{MethodIdempotencyChanged, Wire, "a method may, or may no longer, be repeated or called by GET", true},
		{MethodHTTPChanged, JSON, "a method has another HTTP route (google.api.http)", true},
	}
}
