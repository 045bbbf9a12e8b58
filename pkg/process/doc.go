// Package process starts, inspects and ends the daemons of OVN, and looks
// after their files. It acts and never decides: which daemons should run, and in
// which role, is the caller's business.
//
// It is the only package of this module that runs other programs. Short-lived
// ones go through [Run], daemons through [Daemon]. None of them is run by a
// shell.
//
// A daemon is recognised by the lock it holds on its pidfile, never by the
// number in it alone, and is signalled through a pidfd that was opened before
// that lock was looked at. A reused process id is therefore never signalled.
package process
