// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/curlewrpc/curlew"
	"github.com/curlewrpc/curlew/client"
	"github.com/curlewrpc/curlew/examples/arith"
	"github.com/curlewrpc/curlew/examples/callback"
	greetv1 "github.com/curlewrpc/curlew/examples/proto/greet/v1"
	usersv1 "github.com/curlewrpc/curlew/examples/proto/users/v1"
	"github.com/curlewrpc/curlew/examples/streams"
)

func (t *tour) nativeTCP() error {
	operator, err := curlew.Reflect(callback.Operator{Decide: func(question string) bool { return strings.Contains(question, "1.2") }})
	if err != nil {
		return err
	}
	return t.dial(t.host.address, []client.Option{client.WithServices(operator)}, func(c *client.Client) {
		t.arithmetic(c)
		t.asynchronous(c)
		t.deadline(c)
		t.oneWay(c)
		t.greetings(greetv1.NewGreeterClient(c))
		t.users(usersv1.NewUserServiceClient(c))
		t.streams(streams.Client{Caller: c})
		t.textStats(c)
		t.callbacks(c)
	})
}

func (t *tour) nativeTLS() error {
	return t.dial(t.host.address, []client.Option{client.WithTLS(t.host.trust)}, func(c *client.Client) {
		t.arithmetic(c)
		t.greetings(greetv1.NewGreeterClient(c))
	})
}

func (t *tour) nativeUnix() error {
	return t.dial(t.host.socket, nil, func(c *client.Client) {
		t.arithmetic(c)
		t.greetings(greetv1.NewGreeterClient(c))
	})
}

// arithmetic makes the calls that every protocol carries.
func (t *tour) arithmetic(c *client.Client) {
	t.check("Calculator.Add 7, 8", "15", func(ctx context.Context) (string, error) {
		var sum arith.Sum
		err := c.Call(ctx, "Calculator.Add", arith.Numbers{A: 7, B: 8}, &sum)
		return fmt.Sprint(sum.Value), err
	})
	t.multiplication(c)
}

// multiplication calls the service of net/rpc's documentation.
func (t *tour) multiplication(c *client.Client) {
	t.check("Arith.Multiply 7, 8", "56", func(ctx context.Context) (string, error) {
		var product int
		err := c.Call(ctx, "Arith.Multiply", arith.Args{A: 7, B: 8}, &product)
		return fmt.Sprint(product), err
	})
	t.check("Arith.Divide 1, 0", "error: divide by zero", func(ctx context.Context) (string, error) {
		var quotient arith.Quotient
		err := c.Call(ctx, "Arith.Divide", arith.Args{A: 1, B: 0}, &quotient)
		return fmt.Sprint(quotient), err
	})
}

func (t *tour) asynchronous(c *client.Client) {
	t.check("Go: 100 sums, one Done channel", "100 answers, in all 9900", func(ctx context.Context) (string, error) {
		done := make(chan *client.Pending, 100)
		for i := range 100 {
			c.Go(ctx, "Calculator.Add", arith.Numbers{A: i, B: i}, new(arith.Sum), done)
		}
		total := 0
		for range 100 {
			p := <-done
			if p.Error != nil {
				return "", p.Error
			}
			total += p.Reply.(*arith.Sum).Value
		}
		return fmt.Sprintf("100 answers, in all %d", total), nil
	})
	t.check("Go: a Done channel of its own", "3 rest 2", func(ctx context.Context) (string, error) {
		var q arith.Quotient
		p := <-c.Go(ctx, "Arith.Divide", arith.Args{A: 17, B: 5}, &q, nil).Done
		return fmt.Sprintf("%d rest %d", q.Quo, q.Rem), p.Error
	})
}

func (t *tour) deadline(c *client.Client) {
	t.check("a call that outlasts its deadline", "deadline_exceeded", func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		ticks, err := streams.Client{Caller: c}.Tick(ctx, &streams.TickRequest{Every: time.Hour, Count: 1})
		if err == nil {
			_, err = ticks.Receive(ctx)
		}
		return code(err)
	})
}

func (t *tour) oneWay(c *client.Client) {
	const entry = "the tour was here"
	t.check("Notify journal.Write (one-way)", "arrived: "+entry, func(ctx context.Context) (string, error) {
		if err := c.Notify(ctx, "journal.Write", entry); err != nil {
			return "", err
		}
		return t.arrived(ctx)
	})
}

// arrived tells what the journal has received next.
func (t *tour) arrived(ctx context.Context) (string, error) {
	select {
	case got := <-t.host.journal:
		return "arrived: " + got, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// greetings calls a method of each kind by the stubs made from a .proto file.
func (t *tour) greetings(c greetv1.GreeterClient) {
	ada := &greetv1.GreetRequest{Name: "Ada"}
	t.check("Greeter.Greet (unary)", "Hello, Ada!", func(ctx context.Context) (string, error) {
		greeting, err := c.Greet(ctx, ada)
		return greeting.GetText(), err
	})
	t.check("Greeter.GreetOften (server stream)", "3 × Hello, Ada!", func(ctx context.Context) (string, error) {
		greetings, err := c.GreetOften(ctx, &greetv1.GreetOftenRequest{Name: "Ada", Times: 3})
		if err != nil {
			return "", err
		}
		n, text := 0, ""
		for greeting, err := range greetings.All(ctx) {
			if err != nil {
				return "", err
			}
			n, text = n+1, greeting.GetText()
		}
		return fmt.Sprintf("%d × %s", n, text), nil
	})
	t.check("Greeter.GreetAll (client stream)", "Hello, Ada, Grace!", func(ctx context.Context) (string, error) {
		names, err := c.GreetAll(ctx)
		if err != nil {
			return "", err
		}
		for _, name := range []string{"Ada", "Grace"} {
			if err := names.Send(ctx, &greetv1.GreetRequest{Name: name}); err != nil {
				return "", err
			}
		}
		greeting, err := names.CloseAndReceive(ctx)
		return greeting.GetText(), err
	})
	t.check("Greeter.GreetEach (bidirectional)", "Hello, Ada! Hello, Grace!", func(ctx context.Context) (string, error) {
		both, err := c.GreetEach(ctx)
		if err != nil {
			return "", err
		}
		defer both.Close()
		var texts []string
		for _, name := range []string{"Ada", "Grace"} {
			if err := both.Send(ctx, &greetv1.GreetRequest{Name: name}); err != nil {
				return "", err
			}
			greeting, err := both.Receive(ctx)
			if err != nil {
				return "", err
			}
			texts = append(texts, greeting.GetText())
		}
		if err := both.CloseSend(); err != nil {
			return "", err
		}
		_, err = both.Receive(ctx)
		return strings.Join(texts, " "), end(err)
	})
}

func (t *tour) users(c usersv1.UserServiceClient) {
	ada := &usersv1.CreateUserRequest{Name: "Ada", Email: "ada@example.org"}
	t.check("UserService.CreateUser Ada", "user 1", func(ctx context.Context) (string, error) {
		user, err := c.CreateUser(ctx, ada)
		return fmt.Sprint("user ", user.GetId()), err
	})
	t.check("UserService.GetUser 1", "Ada <ada@example.org>", func(ctx context.Context) (string, error) {
		user, err := c.GetUser(ctx, &usersv1.GetUserRequest{Id: 1})
		return fmt.Sprintf("%s <%s>", user.GetName(), user.GetEmail()), err
	})
	t.check("UserService.ListUsers", "1 user", func(ctx context.Context) (string, error) {
		page, err := c.ListUsers(ctx, &usersv1.ListUsersRequest{})
		return fmt.Sprintf("%d user", len(page.GetUsers())), err
	})
	t.userErrors(c)
}

// userErrors makes calls that fail, once there is a user with Ada's address.
func (t *tour) userErrors(c usersv1.UserServiceClient) {
	ada := &usersv1.CreateUserRequest{Name: "Ada", Email: "ada@example.org"}
	t.check("UserService.GetUser 99", "error: not_found: there is no user 99", func(ctx context.Context) (string, error) {
		user, err := c.GetUser(ctx, &usersv1.GetUserRequest{Id: 99})
		return user.String(), err
	})
	t.check("UserService.CreateUser Ada again", "already_exists; detail: email of user 1", func(ctx context.Context) (string, error) {
		_, err := c.CreateUser(ctx, ada)
		if err == nil {
			return "created twice", nil
		}
		details := curlew.ErrorOf(err).Details()
		if len(details) != 1 {
			return fmt.Sprintf("%d details", len(details)), err
		}
		var problem usersv1.UserProblem
		if _, err := details[0].Read(&problem); err != nil {
			return "", err
		}
		return fmt.Sprintf("%s; detail: %s of user %d", curlew.CodeOf(err), problem.GetField(), problem.GetOwner()), nil
	})
}

func (t *tour) streams(c streams.Client) {
	t.check("Ticker.Tick (server stream)", "5 ticks", func(ctx context.Context) (string, error) {
		ticks, err := c.Tick(ctx, &streams.TickRequest{Every: 10 * time.Millisecond, Count: 5})
		if err != nil {
			return "", err
		}
		n := 0
		for tick, err := range ticks.All(ctx) {
			if err != nil {
				return "", err
			}
			n = tick.N
		}
		return fmt.Sprintf("%d ticks", n), nil
	})
	data := bytes.Repeat([]byte("curlew"), 1<<20)
	sum := sha256.Sum256(data)
	t.check("Uploads.Put 6 MiB (client stream)", fmt.Sprintf("%d bytes, SHA-256 %x...", len(data), sum[:6]), func(ctx context.Context) (string, error) {
		receipt, err := c.Put(ctx, bytes.NewReader(data))
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%d bytes, SHA-256 %.12s...", receipt.Bytes, receipt.SHA256), nil
	})
	t.check("Chat.Join, two members (bidi)", "Ada: Good morning", func(ctx context.Context) (string, error) {
		var members []curlew.Dialogue[streams.Line, streams.Line]
		for _, name := range []string{"Ada", "Grace"} {
			member, err := c.Join(ctx)
			if err != nil {
				return "", err
			}
			defer member.Close()
			if err := member.Send(ctx, &streams.Line{From: name}); err != nil {
				return "", err
			}
			if _, err := member.Receive(ctx); err != nil { // is in
				return "", err
			}
			members = append(members, member)
		}
		if err := members[0].Send(ctx, &streams.Line{Text: "Good morning"}); err != nil {
			return "", err
		}
		line, err := members[1].Receive(ctx)
		if err != nil {
			return "", err
		}
		return line.From + ": " + line.Text, nil
	})
}

// callbacks makes calls for which the server calls this client.
func (t *tour) callbacks(c *client.Client) {
	for _, deployment := range []struct{ release, want string }{
		{"shop 1.2", "shop 1.2 is deployed"},
		{"shop 2.0", "error: aborted: the operator said no"},
	} {
		t.check("Deployer.Deploy, which asks back", deployment.want, func(ctx context.Context) (string, error) {
			var report callback.Report
			err := c.Call(ctx, "Deployer.Deploy", callback.Release{Name: deployment.release}, &report)
			return report.Text, err
		})
	}
}
