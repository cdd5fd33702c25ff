module github.com/curlewrpc/curlew/bench

go 1.26

require google.golang.org/protobuf v1.36.12

replace github.com/curlewrpc/curlew => ../
