module ovndb-servers/integration

go 1.26
