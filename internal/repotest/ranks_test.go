// Copyright 2026 The Curlew Authors
// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"strconv"
	"strings"
)

// A rank places packages. Within a module, a package imports only packages of
// lower rank.
type rank struct {
	pattern string // a folder, or a folder and all below it: "codec/..."
	rank    int
	why     string
}

// ranks places every package of the repository. The longest pattern counts.
var ranks = []rank{
	{"internal/assert", -1, "for the tests of all ranks"},
	{"internal/...", 0, "knows nothing of RPC, and no other internal package"},
	{"schema", 5, "Go types as protobuf; knows nothing of RPC"},
	{".", 10, "the vocabulary: dials nothing, listens to nothing"},
	{"codec/...", 15, "encode messages, know nothing of wires"},
	{"compress", 15, "algorithms; know nothing of wires"},
	{"policy", 15, "the snapshot that every call loads"},
	{"wire", 20, "the seams of protocols"},
	{"transport", 20, "listeners, dialing, TLS"},
	{"transport/mem", 20, "connections in memory, for any rank's tests"},
	{"discovery", 20, "where the servers are"},
	{"forward", 20, "a handler that calls another server"},
	{"resilience", 12, "what protects calls, as interceptors; a policy is made of them"},
	{"telemetry", 20, "observers of calls"},
	{"auth", 20, "who may call what"},
	{"transport/proxyproto", 25, "PROXY protocol headers before a connection's bytes"},
	{"balance", 25, "which server is picked"},
	{"discovery/dns", 25, "a resolver"},
	{"discovery/file", 25, "a resolver"},
	{"discovery/discoverytest", 22, "the suite that every resolver and registrar passes"},
	{"traffic", 25, "which cluster a call goes to"},
	{"wire/internal/coalesce", 24, "one connection's writer; other shared parts build on it"},
	{"wire/internal/httpwire", 24, "what the protocols over HTTP share; enveloped messages build on it"},
	{"wire/internal/mux", 24, "what multiplexed connections share"},
	{"wire/internal/h2", 27, "the HTTP/2 engine"},
	{"wire/internal/...", 25, "what several protocols share"},
	{"wire/native", 30, "a protocol; none imports another"},
	{"wire/netrpc", 30, "a protocol"},
	{"wire/jsonrpc", 30, "a protocol"},
	{"wire/h1", 30, "a protocol"},
	{"wire/h2", 30, "a protocol"},
	{"wire/grpc", 30, "a protocol"},
	{"wire/grpcweb", 30, "a protocol"},
	{"wire/connect", 30, "a protocol"},
	{"wire/jsonhttp", 30, "a protocol"},
	{"wire/cors", 30, "which pages may use the protocols over HTTP"},
	{"dispatch", 35, "runs calls for servers, and for clients that offer services"},
	{"health", 38, "a service over the vocabulary"},
	{"reflection", 38, "a service over the vocabulary"},
	{"client", 40, "assembly; does not know the server"},
	{"server", 40, "assembly; does not know the client"},
	{"wire/wiretest/internal/...", 45, "messages of the behaviour suite"},
	{"admin", 50, "looks into servers and clients"},
	{"curlewtest", 50, "joins a server and a client"},
	{"wire/wiretest", 50, "joins a server and a client"},
	{"cmd/protoc-gen-curlew/generate", 55, "the generator, which the command imports too"},
	{"cmd/curlew/internal/cli", 50, "what commands have in common"},
	{"cmd/curlew/internal/protofiles", 52, "compiles .proto files"},
	{"cmd/curlew/internal/protofiles/gocode", 54, "generates Go code from compiled files"},
	{"cmd/curlew/internal/source", 54, "knows methods and messages"},
	{"cmd/curlew/internal/gobmessage", 54, "messages as Go types, for gob"},
	{"cmd/curlew/internal/target", 54, "connects to servers"},
	{"cmd/curlew/internal/benchcmd/result", 53, "what a benchmark measured"},
	{"cmd/curlew/internal/benchcmd/compare", 54, "a part of curlew bench"},
	{"cmd/curlew/internal/benchcmd/data", 54, "a part of curlew bench"},
	{"cmd/curlew/internal/benchcmd/load", 54, "a part of curlew bench"},
	{"cmd/curlew/internal/benchcmd/report", 54, "a part of curlew bench"},
	{"cmd/curlew/internal/completion", 55, "completes names that servers have"},
	{"cmd/curlew/internal/checkcmd/rules", 55, "compares interfaces; the command prints what it finds"},
	{"cmd/curlew/internal/exportcmd/openapi", 55, "descriptors as OpenAPI"},
	{"cmd/curlew/internal/...", 56, "commands, each by itself"},
	{"cmd/...", 60, "commands; nothing imports them"},
	{"internal/repotest", 60, "looks at the whole repository"},

	{"examples/proto/...", 0, "messages"},
	{"examples/internal/...", 10, "what examples share"},
	{"examples/...", 20, "services and programs, each by itself"},
	{"examples/cmd/...", 25, "programs that call the services"},
	{"examples/demo", 30, "the tour through all others"},

	{"bench/echopb", 0, "what the benchmarks send"},
	{"bench/rival", 10, "what the benchmarks ask of a framework"},
	{"bench/rival/rivaltest", 15, "tests any framework"},
	{"bench/rivals/...", 20, "frameworks, each by itself"},
	{"bench/rivals/mixed", 25, "one framework's client with another's server"},
	{"bench/limits", 20, "what is possible without a framework"},
	{"bench/stats", 20, "intervals and medians"},
	{"bench/measure", 30, "one framework in one scenario"},
	{"bench/plot", 30, "pictures of numbers"},
	{"bench/report", 40, "tables, plots and floors"},
	{"bench", 50, "the program that runs them all"},
	{"bench/kitex", 50, "the same for a rival with needs of its own"},

	{"internal/conformance/proto/...", 0, "messages of the Connect conformance suite"},
	{"internal/conformance/compat", 10, "those messages as Curlew's values"},
	{"internal/conformance/compressors", 10, "algorithms that programs plug in"},
	{"internal/conformance/...", 20, "programs under test, each by itself, and the one that runs the suites"},
	{"internal/interop/...", 20, "programs with clients that others wrote, each by itself"},

	{"contrib/grpcgo", 50, "grpc-go's generated code over the vocabulary"},
	{"contrib/grpcgo/internal/routeguide", 60, "an example of grpc-go's, moved"},

	{"contrib/compress/...", 20, "algorithms, each by itself"},

	{"contrib/etcd", 50, "discovery by etcd"},
	{"contrib/consul", 50, "discovery by Consul"},
	{"contrib/kubernetes", 50, "discovery by Kubernetes"},
	{"contrib/redis", 50, "limits that processes share"},
	{"internal/realservers/...", 10, "contrib modules before real servers, each by itself"},
	{"internal/realservers", 0, "starts real servers for tests"},
	{"internal/realservers/build", 20, "builds those servers"},
	{"internal/fleetsim", 50, "compares pickers in virtual time"},
	{"internal/fleetsim/sim", 40, "fleets in virtual time"},
	{"internal/fleetsim/grpcpolicy", 40, "gRPC's policies as pickers"},
	{"internal/fleetsim/chart", 40, "pictures of runs"},
	{"internal/chaos/figure", 50, "what was measured beside what must hold"},
	{"internal/chaos/load", 50, "calls in an open loop"},
	{"internal/chaos/fleet", 50, "servers as processes"},
	{"internal/chaos/scenario", 55, "what happens to a fleet when things break"},
	{"internal/chaos", 60, "the program that runs them all"},
	{"cmd/curlew/internal/fleet", 54, "servers of a fleet, of curlew dev"},

	{"internal/tools/...", 0, "programs, each by itself"},
}

// rankOf returns the entry with the longest pattern that fits, nil if none does.
func rankOf(table []rank, rel string) *rank {
	var best *rank
	for i := range table {
		prefix, tree := strings.CutSuffix(table[i].pattern, "/...")
		if rel == prefix || tree && strings.HasPrefix(rel, prefix+"/") {
			if best == nil || len(table[i].pattern) > len(best.pattern) {
				best = &table[i]
			}
		}
	}
	return best
}

func checkRanks(r *repository, table []rank) []problem {
	var problems []problem
	byPath := make(map[string]*pkg)
	for _, p := range r.packages {
		byPath[p.path] = p
		if rankOf(table, p.rel) == nil {
			problems = append(problems, problemf(p.rel, "this package has no rank; give it one in the table of internal/repotest/ranks_test.go"))
		}
	}
	for _, p := range r.packages {
		for _, f := range p.files {
			for _, spec := range f.syntax.Imports {
				imported, _ := strconv.Unquote(spec.Path.Value)
				if q := byPath[imported]; q != nil {
					if what := rankProblem(table, p, f, q, r.modules[0]); what != "" {
						problems = append(problems, problemf(r.at(spec.Pos()), "%s", what))
					}
				}
			}
		}
	}
	return problems
}

// rankProblem says what is wrong with an import of q in f, a file of p.
func rankProblem(table []rank, p *pkg, f *file, q *pkg, root *module) string {
	if p.module != q.module {
		if q.module == root && strings.Contains("/"+q.rel+"/", "/internal/") {
			return q.path + " is internal to the root module, whose version can differ for users; use exported API only"
		}
		return ""
	}
	own, other := rankOf(table, p.rel), rankOf(table, q.rel)
	if f.kind == external || own == nil || other == nil || other.rank < own.rank {
		return ""
	}
	return p.rel + " has rank " + strconv.Itoa(own.rank) + " (" + own.why + ") and must not import " +
		q.rel + " of rank " + strconv.Itoa(other.rank) + " (" + other.why + "); move what both need down, or the test into package " + p.name + "_test"
}
