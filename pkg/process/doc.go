// Package process starts, inspects and ends the daemons of OVN, and looks
// after their files. It acts and never decides: which daemons should run, and in
// which role, is the caller's business.
//
// It is the only package of this module that runs other programs. Short-lived
// ones go through [Run], daemons through [Daemon]. None of them is run by a
// shell.
//
// A daemon is recognised by the lock it holds on its pidfile or its database, never by a
// number alone. It is signalled through a pidfd that was opened before that lock was looked
// at, and only if its program and account are those of the daemon. A reused process id is
// therefore never signalled.
//
// In a directory of the servers' account, root does nothing that a link could lead elsewhere:
// daemons run as that account, and so do programs that work on database files, see [FilesCommand].
package process
