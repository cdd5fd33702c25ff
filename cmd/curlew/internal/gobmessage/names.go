// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package gobmessage

import (
	"strings"
	"unicode"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// name gives the fields of a message their names in Go.
func (m *message) name() {
	if !plain(m.desc) {
		m.nameGenerated()
		return
	}
	// Each field has its likeliest name before another has one that is less so.
	taken := make(map[string]bool)
	for rank := range mostNames {
		for i := range m.fields {
			f := &m.fields[i]
			if names := namesOf(f.fd); rank < len(names) && !taken[names[rank]] {
				taken[names[rank]] = true
				f.names = append(f.names, names[rank])
			}
		}
	}
}

// namesOf are what a field may be called.
func namesOf(fd protoreflect.FieldDescriptor) []string {
	if plain(fd.ContainingMessage()) {
		return likelyNames(string(fd.Name()))
	}
	return []string{generatedName(string(fd.Name()))}
}

// nameGenerated does as protoc-gen-go does: methods and getters have names, too.
func (m *message) nameGenerated() {
	taken := map[string]bool{
		"Reset": true, "String": true, "ProtoMessage": true, "Marshal": true, "Unmarshal": true,
		"ExtensionRangeArray": true, "ExtensionMap": true, "Descriptor": true,
	}
	for i := range m.fields {
		f := &m.fields[i]
		name := generatedName(string(f.fd.Name()))
		for taken[name] || taken["Get"+name] {
			name += "_"
		}
		taken[name], taken["Get"+name] = true, true
		f.names = []string{name}
	}
}

// generatedName is what protoc-gen-go calls a field.
func generatedName(name string) string {
	var b strings.Builder
	upper := true
	for i, r := range name {
		letter := r >= 'a' && r <= 'z'
		switch {
		case r == '_' && i == 0:
			b.WriteByte('X')
			upper = true
			continue
		case r == '_' && i+1 < len(name) && name[i+1] >= 'a' && name[i+1] <= 'z':
			upper = true
			continue
		case letter && upper:
			r = unicode.ToUpper(r)
		}
		b.WriteRune(r)
		upper = r >= '0' && r <= '9'
	}
	return b.String()
}

// initialisms are words that Go names write in capital letters.
const initialisms = " acl api ascii cpu css dns eof guid html http https id ip json lhs qps ram rhs rpc sku sla smtp sql ssh tcp tls ttl udp ui uid uri url utf8 uuid vm xml xmpp xsrf xss "

// mostNames is how many likelyNames returns at most.
const mostNames = 2

// likelyNames are what a field of a plain Go struct may be called, whose name in
// JSON this is; the likeliest first.
func likelyNames(name string) []string {
	if unicode.IsUpper(rune(name[0])) {
		return []string{name} // the Go name itself
	}
	names := []string{generatedName(name)}
	var other strings.Builder
	parts := words(name)
	for _, word := range parts {
		if len(parts) == 1 && len(word) <= longestAcronym || strings.Contains(initialisms, " "+strings.ToLower(word)+" ") {
			word = strings.ToUpper(word)
		}
		other.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	if n := other.String(); n != "" && unicode.IsUpper(rune(n[0])) {
		names = append(names, n)
	}
	return names
}

// longestAcronym is the length up to which a name that is one word may be one.
const longestAcronym = 4

// words divides user_id and userId.
func words(name string) []string {
	var all []string
	for part := range strings.SplitSeq(name, "_") {
		begin := 0
		for i := 1; i < len(part); i++ {
			if unicode.IsUpper(rune(part[i])) && !unicode.IsUpper(rune(part[i-1])) {
				all = append(all, part[begin:i])
				begin = i
			}
		}
		if begin < len(part) {
			all = append(all, part[begin:])
		}
	}
	return all
}
