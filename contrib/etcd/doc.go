// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

// Package etcd finds servers by etcd, and announces them there. A [Registry] is
// both a [discovery.Resolver], of targets like "etcd:///shop", and a
// [discovery.Registrar].
//
// # Keys and values
//
// An instance of the service shop is the key "shop/10.0.0.1:8080": the name, a
// slash, and the address in which what a path may not hold is escaped
// ("unix:%2Frun%2Fshop.sock"). [WithPrefix] puts something before the name. Any
// other last part will do for keys that others write; a part more belongs to a
// service with a longer name. The value is that of etcd's own package
// naming/endpoints, so that programs which use grpc-go with it find servers that
// are announced here, and the other way round:
//
//	{"Op":0,"Addr":"10.0.0.1:8080","Metadata":{"weight":3,"zone":"eu-1a","version":"v2","labels":{"rack":"7"}}}
//
// Metadata and all that is in it may be missing, and metadata of another shape
// counts as none. If two keys have the same address, the one written last counts.
//
// # What holds when things fail
//
// A registration has a lease, of ten seconds unless [WithTTL] says otherwise, so
// it ends by itself if its process does. While the process lives it is kept, and
// made again if etcd has lost the lease, the key or all its data: within a third
// of the lease and some jitter, so that thousands of servers do not come at once.
//
// A watch goes on where it stopped after a lost connection. It lists anew only if
// etcd has compacted what it missed, or if its data is not that which was known:
// then instances that have not announced themselves again are kept for a while
// longer than a lease. Meanwhile the sequence yields errors that say which
// endpoints of etcd were asked, and why there is no answer.
//
// All watches and registrations of a Registry share a connection to etcd, which
// is there as long as one of them is.
package etcd
