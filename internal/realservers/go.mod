module github.com/curlewrpc/curlew/internal/realservers

go 1.26.0
