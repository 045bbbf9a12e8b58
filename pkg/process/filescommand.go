package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// FilesCommand is the first argument with which this module's program calls itself to work on
// database files as the account that they belong to: in a directory of that account, root could be
// led anywhere by a link. Its main function calls [RunFilesCommand] then.
const FilesCommand = "internal-files"

// ownProgram is the program of this process, also if its file was replaced, or lies in a directory
// that is closed to the account.
const ownProgram = "/proc/self/exe"

// The operations of a fileRequest.
const (
	operationEnsure  = "ensure"
	operationReplace = "replace" // by a copy of the standard input
	operationRead    = "read"    // open files and read nothing
	// operationCheckConversion takes the schema from the standard input.
	operationCheckConversion = "check conversion"
)

// fileRequest is the second argument, in JSON.
type fileRequest struct {
	Operation    string
	File         DatabaseFile
	Source, Name string   // see [DatabaseFile.Replace]
	Paths        []string // to open
}

// fileReply is the text on the standard output, in JSON.
type fileReply struct {
	Ensured Ensured
	Error   string // empty: none
	Kind    int    // of errorKinds, from 1; 0: none of them
}

// errorKinds are the errors that callers tell apart.
func errorKinds() []error {
	return []error{
		ErrDamaged, ErrClustered, ErrWrongDatabase, ErrInUse, ErrSchemaMissing, ErrProgramMissing,
		fs.ErrNotExist, fs.ErrExist, fs.ErrPermission, ErrConversion,
	}
}

// accountError is an error of the process that worked as the account.
type accountError struct {
	text string
	kind error // nil if it is of none
}

// Error implements error.
func (e *accountError) Error() string { return e.text }

// Unwrap returns the kind.
func (e *accountError) Unwrap() error { return e.kind }

// asOwner has a request carried out by this program, run as the owner of the file.
func (f DatabaseFile) asOwner(ctx context.Context, request fileRequest, stdin *os.File) (Ensured, error) {
	request.File = DatabaseFile{Path: f.Path, Schema: f.Schema}
	reply, err := f.Owner.request(ctx, request, stdin)
	if err != nil {
		return Ensured{}, fmt.Errorf("cannot work on database file %s as account %s: %w", f.Path, f.Owner, err)
	}
	return reply.Ensured, reply.failure()
}

// request has a request carried out by this program, run as the account.
func (o Owner) request(ctx context.Context, request fileRequest, stdin *os.File) (fileReply, error) {
	argument, err := json.Marshal(request)
	if err != nil {
		return fileReply{}, err
	}
	keepFilesFromChildren()
	output, err := command{
		program: ownProgram, args: []string{FilesCommand, string(argument)}, variables: smallEnvironment(),
		credential: o.credential(), directory: "/", stdin: stdin,
	}.run(ctx)
	if err != nil {
		return fileReply{}, err
	}
	return parseReply(output)
}

// parseReply reads the output of a process of the account, which that may have changed.
func parseReply(output string) (reply fileReply, err error) {
	err = json.Unmarshal([]byte(output), &reply)
	return reply, err
}

func (r fileReply) failure() error {
	if r.Error == "" {
		return nil
	}
	failure := &accountError{text: r.Error}
	if kinds := errorKinds(); r.Kind > 0 && r.Kind <= len(kinds) {
		failure.kind = kinds[r.Kind-1]
	}
	return failure
}

// RunFilesCommand carries out the request that follows [FilesCommand] in a program's arguments, as
// the account that it runs as, and writes the result to stdout. It returns an error if there is no
// result.
func RunFilesCommand(ctx context.Context, args []string, stdin *os.File, stdout io.Writer) error {
	var request fileRequest
	if len(args) != 1 {
		return errors.New("this command is called by the program itself")
	}
	if err := json.Unmarshal([]byte(args[0]), &request); err != nil {
		return fmt.Errorf("cannot read the request: %w", err)
	}
	unix.Umask(daemonUmask)
	var reply fileReply
	var err error
	switch request.Operation {
	case operationEnsure:
		reply.Ensured, err = request.File.ensure(ctx)
	case operationRead:
		err = openAll(request.Paths)
	case operationCheckConversion:
		err = request.File.checkConversionTo(ctx, stdin)
	case operationReplace:
		err = request.File.replace(ctx, stdin, request.Source, request.Name)
	default:
		return fmt.Errorf("there is no operation %q", request.Operation)
	}
	if err != nil {
		reply.Error = err.Error()
		for i, kind := range errorKinds() {
			if reply.Kind == 0 && errors.Is(err, kind) {
				reply.Kind = i + 1
			}
		}
	}
	return json.NewEncoder(stdout).Encode(reply)
}
