// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/curlewrpc/curlew"
)

// Config says how a [Dispatcher] runs calls. The zero Config is usable: no
// interceptors and no limits.
type Config struct {
	// Interceptors run around every call, the first one outermost.
	Interceptors []curlew.Interceptor
	// Methods configures single methods by "pkg.Service/Method" and all methods
	// of a service by "pkg.Service/*".
	Methods map[string]MethodConfig
	// MaxConcurrent bounds the calls, streams too, that run at the same time;
	// 0 is no bound.
	MaxConcurrent int
	// MaxQueue bounds the calls that wait for one of MaxConcurrent; any more are
	// refused with [curlew.ResourceExhausted].
	MaxQueue int
	// Fallback serves methods that are not registered, of registered services too,
	// for protocols that can pass messages undecoded: package forward has one.
	// The calls' messages are *[]byte, and their streams have a method Codec()
	// curlew.Codec; a call whose protocol does not tell its kind is a KindBidi.
	// Nil: such methods are Unimplemented.
	Fallback curlew.Handler
	// HidePlainErrors keeps the text of errors that are no [curlew.Error] from
	// peers, and logs it.
	HidePlainErrors bool
	// Logger gets panics of handlers and hidden errors; nil discards them.
	Logger *slog.Logger
}

// MethodConfig configures one method, or by "pkg.Service/*" each method of a
// service. A method's own field wins over its service's if it is not zero;
// interceptors run in the order Config's, service's, method's.
type MethodConfig struct {
	// Interceptors run around the method's calls, inside the Config's.
	Interceptors []curlew.Interceptor
	// Timeout bounds calls that bring no deadline of their own; 0 is no bound.
	Timeout time.Duration
	// MaxReceive and MaxSend bound a message's size in bytes; 0 means the
	// connection's limits.
	MaxReceive, MaxSend int
	// MaxConcurrent bounds the method's calls that run at the same time; 0 is no
	// bound. MaxQueue bounds those that wait.
	MaxConcurrent, MaxQueue int
}

// canonical checks c and returns it with its methods under their full names.
func (c Config) canonical() (Config, error) {
	errs := []error{
		checkInterceptors(c.Interceptors),
		checkNumber("MaxConcurrent", c.MaxConcurrent),
		checkNumber("MaxQueue", c.MaxQueue),
	}
	if c.MaxQueue > 0 && c.MaxConcurrent == 0 {
		errs = append(errs, errors.New("MaxQueue without MaxConcurrent: nothing would ever wait"))
	}
	methods := make(map[string]MethodConfig, len(c.Methods))
	for name, m := range c.Methods {
		service, method := curlew.SplitName(name)
		full := service + "/" + method
		if _, twice := methods[full]; twice {
			errs = append(errs, fmt.Errorf("method %s is configured twice", full))
		}
		methods[full] = m
		if service == "" || method == "" {
			errs = append(errs, fmt.Errorf(`method %q: write "pkg.Service/Method", or "pkg.Service/*" for all methods of a service`, name))
		}
		if err := m.check(); err != nil {
			errs = append(errs, fmt.Errorf("method %s: %w", full, err))
		}
	}
	c.Methods = methods
	return c, errors.Join(errs...)
}

func (c *MethodConfig) check() error {
	return errors.Join(
		checkInterceptors(c.Interceptors),
		checkNumber("Timeout", c.Timeout),
		checkNumber("MaxReceive", c.MaxReceive),
		checkNumber("MaxSend", c.MaxSend),
		checkNumber("MaxConcurrent", c.MaxConcurrent),
		checkNumber("MaxQueue", c.MaxQueue))
}

func checkNumber[T int | time.Duration](field string, n T) error {
	if n < 0 {
		return fmt.Errorf("%s is negative: %v", field, n)
	}
	return nil
}

func checkInterceptors(list []curlew.Interceptor) error {
	for i, interceptor := range list {
		if interceptor == nil {
			return fmt.Errorf("interceptor %d is nil", i)
		}
	}
	return nil
}

// over returns c, a method's configuration, with its service's below it.
func (c MethodConfig) over(service MethodConfig) MethodConfig {
	c.Interceptors = slices.Concat(service.Interceptors, c.Interceptors)
	c.Timeout = cmp.Or(c.Timeout, service.Timeout)
	c.MaxReceive = cmp.Or(c.MaxReceive, service.MaxReceive)
	c.MaxSend = cmp.Or(c.MaxSend, service.MaxSend)
	c.MaxConcurrent = cmp.Or(c.MaxConcurrent, service.MaxConcurrent)
	c.MaxQueue = cmp.Or(c.MaxQueue, service.MaxQueue)
	return c
}
