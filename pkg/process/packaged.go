package process

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// OVNSettings is the file in which the RPM packages of OVN say as which account its servers run; the
// packages of Debian run them as root and have no such file.
const OVNSettings = "/etc/sysconfig/ovn"

// maxSettings bounds that file, in bytes.
const maxSettings = 1 << 20

// PackagedAccount returns the account "user[:group]" that a file such as [OVNSettings] assigns to
// OVN_USER_ID; empty if there is no such file or assignment. The last one counts, as for a shell. The
// error is that of the file.
func PackagedAccount(settings string) (string, error) {
	file, err := os.Open(settings)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the account of OVN's packages: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	account, err := parseSettings(file)
	if err != nil {
		return "", fmt.Errorf("cannot read the account of OVN's packages: %s: %w", settings, err)
	}
	return account, nil
}

func parseSettings(settings io.Reader) (account string, err error) {
	lines := bufio.NewScanner(io.LimitReader(settings, maxSettings))
	for lines.Scan() {
		if value, found := strings.CutPrefix(strings.TrimSpace(lines.Text()), "OVN_USER_ID="); found {
			account = strings.Trim(value, `"'`)
		}
	}
	return account, lines.Err()
}
