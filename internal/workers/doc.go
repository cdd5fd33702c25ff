// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package workers keeps idle goroutines for the next task, because their stacks
// have grown to what the tasks of this program need.
//
// A [Pool] is a cache and never a bound: a task that finds no idle worker gets a
// new goroutine, so tasks may wait for tasks to any depth. Who needs a bound
// sets it before calling [Pool.Go].
//
// A worker goes when there are enough idle ones, when it has not been needed for
// a while, and after many tasks, so that a stack which one unusual task has
// grown does not stay for ever.
package workers
