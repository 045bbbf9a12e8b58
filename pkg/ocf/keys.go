package ocf

import (
	"cmp"
	"strconv"
	"strings"

	"ovndb-servers/pkg/pki"
)

// endpointNames are the parameters of a database's endpoint.
type endpointNames struct {
	protocol, port                  string
	privateKey, certificate, caCert string
	// defaults are those of the shell agent, for ssl.
	defaults pki.Files
}

func (n endpointNames) keys() []string { return []string{n.privateKey, n.certificate, n.caCert} }

func northboundNames() endpointNames {
	return endpointNames{
		protocol: paramNBProtocol, port: paramNBPort,
		privateKey: paramNBPrivateKey, certificate: paramNBCertificate, caCert: paramNBCACert,
		defaults: pki.Files{PrivateKey: defaultNBPrivateKey, Certificate: defaultNBCertificate, CACert: defaultCACert},
	}
}

func southboundNames() endpointNames {
	return endpointNames{
		protocol: paramSBProtocol, port: paramSBPort,
		privateKey: paramSBPrivateKey, certificate: paramSBCertificate, caCert: paramSBCACert,
		defaults: pki.Files{PrivateKey: defaultSBPrivateKey, Certificate: defaultSBCertificate, CACert: defaultCACert},
	}
}

// keys reads the files for TLS. With ssl a missing parameter has the shell agent's default. Otherwise
// all three are given, for rows that an operator has added, or none: then the server takes those of its
// database's SSL table. A blank backup could not follow by them, as its table is empty.
func (r *parameterReader) keys(names endpointNames, protocol string) pki.Files {
	found := pki.Files{
		PrivateKey: r.file(names.privateKey), Certificate: r.file(names.certificate), CACert: r.file(names.caCert),
	}
	if protocol == "ssl" {
		return pki.Files{
			PrivateKey:  cmp.Or(found.PrivateKey, names.defaults.PrivateKey),
			Certificate: cmp.Or(found.Certificate, names.defaults.Certificate),
			CACert:      cmp.Or(found.CACert, names.defaults.CACert),
		}
	}
	given, complete := "", true
	for _, name := range names.keys() {
		value := r.value(name, "")
		given, complete = cmp.Or(given, value), complete && value != ""
	}
	for i, name := range names.keys() {
		if given != "" && r.value(name, "") == "" {
			r.complain(name, "", "the path of a PEM file, as others of "+strings.Join(names.keys(), ", ")+" are set")
		}
		complete = complete && found.Paths()[i] != ""
	}
	if !complete {
		return pki.Files{}
	}
	return found
}

// fileCharacters are those of a path for which a shell needs no quotes: messages name commands.
const fileCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@=:,%"

// file reads an absolute path; it is "" if unset or unusable.
func (r *parameterReader) file(name string) string {
	allowed := "the absolute path of a file, of letters, digits and " + fileCharacters[62:] + ", of at most " + strconv.Itoa(maxDirectory) + " bytes"
	return r.path(name, maxDirectory, allowed, func(value, path string) bool {
		needsQuotes := func(c rune) bool { return !strings.ContainsRune(fileCharacters, c) }
		return !strings.HasSuffix(value, "/") && !strings.ContainsFunc(path, needsQuotes)
	})
}

// keyDescriptions are the parameters about TLS.
func keyDescriptions() []parameterDescription {
	var all []parameterDescription
	for _, d := range []struct {
		database string
		names    endpointNames
	}{{"northbound", northboundNames()}, {"southbound", southboundNames()}} {
		all = append(all,
			keyDescription(d.names.privateKey, "Private key of the "+d.database+" server", `
A PEM file with the private key by which the `+d.database+` server and its backups use TLS. The account of the servers must be able to read it, and
no other user. Without it, with ssl, `+d.names.defaults.PrivateKey+`. With tcp the three files of a database are used only if all are
given. Each node has a key and a certificate of its own there. Replace the certificate first, then the key: the server reads both again when the
key file has changed, without a restart.
`),
			keyDescription(d.names.certificate, "Certificate of the "+d.database+" server", `
A PEM file with the certificate of that key. Servers present it to their clients, and to the server that they replicate from: it must be usable for both.
Without it, with ssl, `+d.names.defaults.Certificate+`.
`),
			keyDescription(d.names.caCert, "CA certificate for the "+d.database+" server", `
A PEM file with the certificate of the authority, and of those between it and the other certificates, by which the certificates of clients and
other nodes are verified. Names in certificates are not compared, as in Open vSwitch. Without it, with ssl,
`+d.names.defaults.CACert+`.
`))
	}
	return all
}

func keyDescription(name, short, long string) parameterDescription {
	return directoryDescription(name, short, long)
}
