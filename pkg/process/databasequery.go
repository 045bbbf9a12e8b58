package process

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

// QueryDatabase runs a transaction, given as JSON, that changes nothing on a database file that is
// open here, and returns the results. The program that reads the file works as the account: clients
// have chosen its content, and a hole in the program must not make them root. It gets the file as
// its standard input, as the account may not open it. Its errors are those of [Run].
func QueryDatabase(ctx context.Context, file *os.File, account Owner, transaction string) (string, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("cannot read database file %s: %w", file.Name(), err)
	}
	credential := account.credential()
	variables := environment()
	if credential != nil {
		variables = smallEnvironment()
	}
	keepFilesFromChildren()
	output, err := command{
		// ovsdb_log_open in ovsdb/log.c takes this name for the descriptor.
		program: ToolProgram, args: []string{"-vconsole:off", "query", "/dev/stdin", transaction},
		variables: variables, credential: credential, directory: "/", stdin: file,
	}.run(ctx)
	return strings.TrimSpace(output), err
}
