// Package pki reads and checks the key, the certificate and the CA certificate by which the servers
// of a database identify themselves to others by TLS, and has this program identify itself by the
// same ones. As in Open vSwitch the chain of a certificate is verified, and its name is not.
package pki
