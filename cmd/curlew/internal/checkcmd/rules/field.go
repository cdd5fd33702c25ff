// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// field compares two fields, or extensions, of one number.
func (c *checker) field(old, new protoreflect.FieldDescriptor) {
	cardinality := c.cardinality(old, new)
	change := c.typeChange(old, new)
	c.required(old, new)
	if old.IsExtension() {
		c.extensionName(old, new)
	} else if old.Name() != new.Name() {
		other := cardinality.rule != "" && cardinality.rule != FieldPresenceChanged || change.severity == Wire
		if c.nameMoved(old, new, other) {
			return
		}
		c.finding(FieldRenamed, JSON, old, new,
			fmt.Sprintf("keep the name, or keep it in JSON with `[json_name = %q]`; code refers to the name too", old.JSONName()),
			"%s was renamed to %q; JSON with the old name is not read", describe(old), new.Name())
	} else if old.JSONName() != new.JSONName() {
		c.finding(FieldJSONNameChanged, JSON, old, new, fmt.Sprintf("write `[json_name = %q]`", old.JSONName()),
			"%s has the name %q in JSON now, not %q", describe(old), new.JSONName(), old.JSONName())
	}
	if cardinality.rule != "" && (cardinality.rule != FieldPresenceChanged || change.severity == 0) {
		c.finding(cardinality.rule, cardinality.severity, old, new, cardinality.fix, "%s %s", describe(old), cardinality.reason)
	}
	if change.severity != 0 && cardinality.rule != FieldMapChanged {
		c.finding(FieldTypeChanged, change.severity, old, new, change.fix, "%s changed from %s to %s; %s",
			describe(old), typeName(old), typeName(new), change.reason)
	}
	c.defaults(old, new)
	c.membership(old, new)
	c.details(old, new)
}

// nameMoved reports a number that was given to another field: one whose own
// number it was not, or one that has nothing in common with the old one. It says
// whether that is so; then there is nothing else to compare.
func (c *checker) nameMoved(old, new protoreflect.FieldDescriptor, other bool) bool {
	const fix = "give the new field a number that was never used, and reserve the old number and name"
	now := new.ContainingMessage().Fields().ByName(old.Name())
	before := old.ContainingMessage().Fields().ByName(new.Name())
	switch {
	case now != nil:
		c.finding(FieldRenumbered, Wire, old, now, fmt.Sprintf("give it its number %d again", old.Number()),
			"%s has number %d now; what was written with the old number is read as another field", describe(old), now.Number())
		if before != nil {
			return true // which is reported for that one's old number
		}
	case !other && before == nil:
		return false
	}
	c.finding(FieldNumberReused, Wire, old, new, fix,
		"number %d of %s is %s %q now and was %s %q; values of one are read as the other's",
		old.Number(), new.ContainingMessage().FullName(), typeName(new), new.Name(), typeName(old), old.Name())
	return true
}

// extensionName compares full names, which are those in JSON. That of a package
// that is called otherwise now is reported with the package.
func (c *checker) extensionName(old, new protoreflect.FieldDescriptor) {
	moved := old.ParentFile().Package() != new.ParentFile().Package()
	if inPackage(old) != inPackage(new) || moved && c.packages[old.ParentFile().Package()] != new.ParentFile().Package() {
		c.finding(FieldRenamed, JSON, old, new, "keep the name, and where it is declared",
			"%s is called %q now, not %q; JSON with the old name is refused", describe(old), new.FullName(), old.FullName())
	}
}

// required compares whether fields must be set, whatever else they are.
func (c *checker) required(old, new protoreflect.FieldDescriptor) {
	was, is := old.Cardinality() == protoreflect.Required, new.Cardinality() == protoreflect.Required
	switch {
	case was && !is:
		c.finding(RequiredFieldRemoved, Wire, old, new, "set it always until no program of the old version is left",
			"%s need not be set now, but programs of the old version refuse messages without it", describe(old))
	case !was && is:
		c.finding(RequiredFieldAdded, Wire, old, new, "keep it optional, and let code refuse messages without it where that matters",
			"%s must be set now; messages without it, which the old version may send, are refused", describe(old))
	}
}

// fault is what is wrong with a change; zero if nothing is.
type fault struct {
	rule        string
	severity    Severity
	reason, fix string
}

func (c *checker) cardinality(old, new protoreflect.FieldDescriptor) fault {
	const another = "keep it as it was; add a new field beside it and mark this one as deprecated"
	switch {
	case old.IsMap() != new.IsMap():
		f := fault{FieldMapChanged, Wire, "is a map now, and was none", another}
		if old.IsMap() {
			f.reason = "was a map and is none now"
		}
		if old.IsList() || new.IsList() {
			if old.Message() != nil && new.Message() != nil && c.shapesAgree(old.Message(), new.Message()) {
				f.severity, f.reason = JSON, f.reason+"; the bytes are the same, the JSON is not"
			}
		}
		return f
	case old.IsList() && !new.IsList():
		return fault{FieldCardinalityChanged, Wire, "was repeated and is single now; all values but one are lost", another}
	case !old.IsList() && new.IsList():
		f := fault{FieldCardinalityChanged, JSON, "is repeated now; its JSON is an array, and programs of the old version see the last value only", another}
		if new.IsPacked() {
			f.severity, f.reason = Wire, "is repeated now, and packed; programs of the old version do not read it"
		}
		return f
	case old.HasPresence() != new.HasPresence() && !inOneof(old) && !inOneof(new):
		f := fault{FieldPresenceChanged, Source, "tells now whether it is set; generated code has a pointer", "keep its presence, if there is code that uses it"}
		if old.HasPresence() {
			f.reason = "no longer tells whether it is set; generated code has no pointer, and zero is not sent"
		}
		return f
	}
	return fault{}
}

// defaults compares what programs see of a field that is not set.
func (c *checker) defaults(old, new protoreflect.FieldDescriptor) {
	from, ok := defaultOf(old, new)
	to, ok2 := defaultOf(new, old)
	if ok && ok2 && from != to {
		c.finding(FieldDefaultChanged, Wire, old, new, "keep the default; add a new field for the new one",
			"the default of %s changed from %s to %s; each side reads a field that is not sent as its own", describe(old), from, to)
	}
}

// defaultOf returns the default as it stands in a .proto file; all zeros are one.
// A float is compared with a double as a float.
func defaultOf(f, other protoreflect.FieldDescriptor) (string, bool) {
	if f.IsList() || f.IsMap() || f.Message() != nil {
		return "", false
	}
	zero := "zero"
	switch v := f.Default(); f.Kind() {
	case protoreflect.EnumKind:
		if v.Enum() == 0 {
			return zero, true
		}
		return strconv.Itoa(int(v.Enum())), true
	case protoreflect.StringKind:
		if v.String() == "" {
			return zero, true
		}
		return strconv.Quote(v.String()), true
	case protoreflect.BytesKind:
		if len(v.Bytes()) == 0 {
			return zero, true
		}
		return strconv.Quote(string(v.Bytes())), true
	case protoreflect.BoolKind:
		if !v.Bool() {
			return zero, true
		}
		if other.Kind() != protoreflect.BoolKind {
			return "1", true
		}
		return "true", true
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		if v.Float() == 0 {
			return zero, true
		}
		bits := 64
		if f.Kind() == protoreflect.FloatKind || other.Kind() == protoreflect.FloatKind {
			bits = 32
		}
		return strconv.FormatFloat(v.Float(), 'f', -1, bits), true
	default:
		if s := fmt.Sprint(v.Interface()); s != "0" {
			return s, true
		}
		return zero, true
	}
}

func inOneof(f protoreflect.FieldDescriptor) bool {
	return f.ContainingOneof() != nil && !f.ContainingOneof().IsSynthetic()
}

// membership compares the oneofs that fields are in.
func (c *checker) membership(old, new protoreflect.FieldDescriptor) {
	if old.IsExtension() || !inOneof(old) && !inOneof(new) {
		return
	}
	from, to := old.ContainingOneof(), new.ContainingOneof()
	switch {
	case !inOneof(new):
		c.finding(FieldOneofChanged, alone(from), old, new, "keep it in the oneof",
			"%s left oneof %q; programs of the old version keep one of those that are sent together", describe(old), from.Name())
	case !inOneof(old):
		c.finding(FieldOneofChanged, alone(to), old, new, "keep it outside; add a new field to the oneof",
			"%s moved into oneof %q; of those that the old version sends together only one is kept", describe(old), to.Name())
	case from.Name() != to.Name():
		severity := Wire
		if sameMembers(from, to) {
			severity = JSON
		}
		c.finding(FieldOneofChanged, severity, old, new, "keep the oneof and its name",
			"%s moved from oneof %q to %q", describe(old), from.Name(), to.Name())
	}
}

// alone returns how bad it is to enter or leave a oneof: no bytes are read
// differently if there was nothing else in it.
func alone(o protoreflect.OneofDescriptor) Severity {
	if o.Fields().Len() == 1 {
		return JSON
	}
	return Wire
}

func sameMembers(a, b protoreflect.OneofDescriptor) bool {
	for i := range a.Fields().Len() {
		if b.Fields().ByNumber(a.Fields().Get(i).Number()) == nil {
			return false
		}
	}
	return a.Fields().Len() == b.Fields().Len()
}

// details compares what only some readers notice.
func (c *checker) details(old, new protoreflect.FieldDescriptor) {
	if old.IsList() && new.IsList() && old.IsPacked() != new.IsPacked() && old.Kind() == new.Kind() {
		c.finding(FieldPackedChanged, Source, old, new, fmt.Sprintf("write `[packed = %t]`, or features.repeated_field_encoding", old.IsPacked()),
			"%s is packed: %t now, %t before; Protobuf's own readers take both, some others do not", describe(old), new.IsPacked(), old.IsPacked())
	}
	if old.Kind() == protoreflect.StringKind && new.Kind() == protoreflect.StringKind {
		switch from, to := validatesUTF8(old), validatesUTF8(new); {
		case !from && to:
			c.finding(FieldUTF8Changed, Wire, old, new, "write features.utf8_validation = NONE, or use bytes",
				"%s must be UTF-8 now; messages with other bytes in it are refused", describe(old))
		case from && !to:
			c.finding(FieldUTF8Changed, Source, old, new, "write features.utf8_validation = VERIFY",
				"%s may hold bytes that are not UTF-8 now, which programs of the old version refuse", describe(old))
		}
	}
	if a, b := options[*descriptorpb.FieldOptions](old).GetJstype(), options[*descriptorpb.FieldOptions](new).GetJstype(); a != b {
		c.finding(FieldJSTypeChanged, Source, old, new, fmt.Sprintf("write `[jstype = %s]`", a),
			"%s changed jstype from %s to %s; JavaScript code sees another type", describe(old), a, b)
	}
}
