module github.com/curlewrpc/curlew/internal/fleetsim

go 1.26.0

require github.com/curlewrpc/curlew v0.0.0

require google.golang.org/protobuf v1.36.12 // indirect

replace github.com/curlewrpc/curlew => ../..
