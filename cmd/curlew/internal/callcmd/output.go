// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package callcmd

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/cmd/curlew/internal/cli"
)

// output is what is printed of a call. Its methods belong to the one who
// receives; only complain may be used beside it.
type output struct {
	env      *cli.Env
	messages messages
	verbose  bool

	start   time.Time
	peer    curlew.Peer
	outcome outcome

	mu sync.Mutex // guards env.Err
}

// begin tells what is called, over which protocol, with which headers.
func (o *output) begin(address, protocol string, dialed time.Duration, m *curlew.Method, headers []string) {
	o.outcome = outcome{
		Method: m.FullName(), Protocol: protocol,
		Header: fieldsOf(nil), Replies: []json.RawMessage{}, Trailer: fieldsOf(nil),
		Timings: timings{Connect: milliseconds(dialed)},
	}
	o.tell("* connected to %s by %s", address, protocol)
	o.tell("> %s (%s)", m.FullName(), strings.ReplaceAll(m.Kind().String(), "_", " "))
	for _, h := range headers {
		o.tell("> %s", h)
	}
}

// hint says what to type, to somebody who types.
func (o *output) hint(in *input) {
	if in.interactive && o.env.ErrTerminal && !o.env.Quiet {
		o.complain(errors.New("one JSON message a line; Ctrl-D ends the requests, Ctrl-C the call"))
	}
}

// complain prints what is wrong with a message that was typed.
func (o *output) complain(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	fmt.Fprintln(o.env.Err, err)
}

// header takes the reply's header.
func (o *output) header(h *curlew.Header) {
	o.outcome.Timings.FirstByte = milliseconds(time.Since(o.start))
	o.outcome.Header = fieldsOf(h)
	for _, f := range o.outcome.Header {
		o.tell("< %s: %s", f.Name, f.Value)
	}
}

// reply prints a reply.
func (o *output) reply(m any) error {
	b, err := o.messages.json(m)
	if err != nil {
		return err
	}
	if o.env.JSON {
		o.outcome.Replies = append(o.outcome.Replies, b)
		return nil
	}
	return o.print(b)
}

// print prints JSON: indented on a terminal, else on one line.
func (o *output) print(b []byte) error {
	var text bytes.Buffer
	var err error
	if o.env.OutTerminal {
		err = json.Indent(&text, b, "", "  ")
	} else {
		err = json.Compact(&text, b)
	}
	if err != nil {
		return err
	}
	text.WriteByte('\n')
	line := text.Bytes()
	if o.env.Color {
		line = paint(line)
	}
	_, err = o.env.Out.Write(line)
	return err
}

// end tells how the call ended.
func (o *output) end(trailer *curlew.Header, err error) {
	o.outcome.Trailer = fieldsOf(trailer)
	o.outcome.Status = statusOf(err, o.messages)
	o.outcome.Timings.Total = milliseconds(time.Since(o.start))
	if o.peer.Addr != nil {
		o.outcome.Peer = o.peer.Addr.String()
	}
	for _, f := range o.outcome.Trailer {
		o.tell("< %s: %s (trailer)", f.Name, f.Value)
	}
	if o.outcome.Peer != "" {
		o.tell("* peer %s%s", o.outcome.Peer, secrecy(&o.peer))
	}
	t := &o.outcome.Timings
	o.tell("* %s; connected in %.1f ms, first byte after %.1f ms, all after %.1f ms", o.outcome.Status.Code, t.Connect, t.FirstByte, t.Total)
}

// document prints the outcome as one document.
func (o *output) document() error {
	b, err := json.Marshal(&o.outcome)
	if err != nil {
		return err
	}
	return o.print(b)
}

// secrecy tells how a connection is encrypted.
func secrecy(p *curlew.Peer) string {
	if p.TLS == nil {
		return ""
	}
	return ", " + tls.VersionName(p.TLS.Version)
}

// failure returns the error of a call with its details.
func (o *output) failure(err error) error {
	text := new(strings.Builder)
	for _, d := range o.outcome.Status.Details {
		var compact bytes.Buffer
		if json.Compact(&compact, d.Value) != nil {
			compact.Reset()
			compact.Write(d.Value)
		}
		fmt.Fprintf(text, "\n  %s %s", d.Type, &compact)
	}
	text.WriteString(advice(err))
	s := &o.outcome.Status
	return fmt.Errorf("%s: %s: %s%s", o.outcome.Method, s.Code, s.Message, text)
}

// advice says what to do about an error, if that is not plain.
func advice(err error) string {
	e := curlew.ErrorOf(err)
	switch {
	case e.Code() == curlew.DeadlineExceeded && e.Origin() == curlew.OriginLocal:
		return "\nThe call was not over in time: give it longer by --timeout"
	case e.Origin() == curlew.OriginTransport && !errors.Is(err, io.EOF):
		return "\nThe connection broke; `curlew doctor` looks what is wrong with the server"
	default:
		return ""
	}
}

// tell prints a line of what --verbose shows.
func (o *output) tell(format string, args ...any) {
	if !o.verbose {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	fmt.Fprintf(o.env.Err, format+"\n", args...)
}
