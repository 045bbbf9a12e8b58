// Package ovsdbctltest gives tests servers to talk to: [Start] runs a real
// ovsdb-server on a database of its own, and [Fake] answers on a control socket in
// the ways that a real one cannot be made to.
//
// Everything started here ends with the test. A test that asks for a real server on a
// machine that has none fails, and says which package to install.
package ovsdbctltest
