package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/verify"
)

// addKeyFlags adds the options for the files of a client that uses TLS, by the names of OVN's programs.
func addKeyFlags(cmd *cobra.Command, keys *pki.Files) {
	flags := cmd.Flags()
	flags.StringVarP(&keys.PrivateKey, "private-key", "p", "", "file with the private key, for ssl")
	flags.StringVarP(&keys.Certificate, "certificate", "c", "", "file with its certificate, for ssl")
	flags.StringVarP(&keys.CACert, "ca-cert", "C", "", "file with the CA certificate of the server, for ssl")
}

// parseAddress reads an address, and gives it the files for TLS if it needs them.
func parseAddress(text string, keys pki.Files) (verify.Address, error) {
	a, err := verify.ParseAddress(text)
	if err == nil && a.NeedsKeys() && slices.Contains(keys.Paths(), "") {
		err = fmt.Errorf("%s needs --private-key, --certificate and --ca-cert", a)
	}
	if err != nil {
		return verify.Address{}, &exitError{code: exitUsage, err: err}
	}
	return a.With(keys), nil
}
