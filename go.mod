module ovndb-servers

go 1.26
