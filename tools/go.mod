module github.com/redx-update/redx/tools

go 1.26.0
