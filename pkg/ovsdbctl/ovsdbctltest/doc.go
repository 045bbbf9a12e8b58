// Package ovsdbctltest provides servers for tests: [Start] runs a real ovsdb-server on a
// database of its own, [Fake] answers on a socket in ways in which a real one does not,
// and [Port] returns a port on which a server can listen.
//
// Everything started here ends with the test. A test that needs a real server fails on a
// machine that has none, and names the package to install.
package ovsdbctltest
