module microhost.example/go-filter

go 1.19
